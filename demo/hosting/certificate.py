"""Certificates for https: one's own, or one that is made on the spot for this start."""

from __future__ import annotations

import datetime
import os
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.hosting.addresses import own_addresses
from resnet_app.errors import ResNetAppError

DAYS = 30  # a class's, not a site's: each start makes a new one


def require_usable(certificate: str, key: str) -> None:
    """Try the pair before the app is built.

    Raises:
        ResNetAppError: one cannot be read, or they do not belong together.
    """
    try:
        # The key's passphrase, which OpenSSL would ask for on the terminal, is left empty.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        raise ResNetAppError(
            f"{certificate} and {key} are no certificate with its key ({reason}); "
            "give two PEM files that belong together, the key without a passphrase."
        ) from None


@contextmanager
def for_launch(given: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    """What ``launch`` wants for https: None for plain http, two files, or nothing for a certificate of the moment.

    The key that is made stands in a file only while the server starts, readable by its owner alone.
    """
    if given is None:
        yield {}
        return
    # Of the app's own look at itself at the start: the names in a certificate need not be this machine's.
    checked = {"ssl_verify": False}
    if given:
        certificate, key = given
        yield {"ssl_certfile": certificate, "ssl_keyfile": key, **checked}
        return
    with tempfile.TemporaryDirectory(prefix="resnet-explorer-") as folder:
        both = Path(folder, "certificate.pem")
        with open(both, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(self_signed(names()))
        yield {"ssl_certfile": str(both), "ssl_keyfile": str(both), **checked}


def self_signed(hosts: Sequence[str]) -> bytes:
    """A private key and a certificate for hosts and addresses, as PEM."""
    import trustme

    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=DAYS)
    by, how = "ResNet Explorer", "made on the spot"
    issued = trustme.CA(organization_name=by, organization_unit_name=how).issue_cert(
        *hosts, common_name=hosts[0], organization_name=by, organization_unit_name=how, not_after=until
    )
    return issued.private_key_and_cert_chain_pem.bytes()


def names() -> list[str]:
    """What this machine is called by those who reach it."""
    own = socket.gethostname().lower()
    called = [own, f"{own}.local"] if re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", own) else []
    return list(dict.fromkeys(["localhost", "127.0.0.1", *own_addresses(), *called]))
