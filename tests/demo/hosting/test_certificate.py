"""The certificate of the moment: for whom, how long, and what becomes of its key."""

import datetime
import stat
from pathlib import Path

import pytest
from cryptography import x509

from demo.hosting import certificate
from resnet_app.errors import ResNetAppError


def test_the_certificate_is_for_every_name_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Teachers-Mac")
    monkeypatch.setattr(certificate, "own_addresses", lambda: ["192.168.178.24"])
    names = certificate.names()
    assert names == ["localhost", "127.0.0.1", "192.168.178.24", "teachers-mac", "teachers-mac.local"]
    made = x509.load_pem_x509_certificate(certificate.self_signed(names))
    called = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each.value) for each in called] == names
    left = made.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
    assert 29 <= left.days <= 30


def test_a_name_that_no_certificate_may_have_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "my_computer")
    assert not [each for each in certificate.names() if "computer" in each]


def test_the_key_is_its_owners_alone_and_gone_when_the_server_has_it() -> None:
    with certificate.for_launch([]) as options:
        path = Path(options["ssl_keyfile"])
        certificate.require_usable(options["ssl_certfile"], options["ssl_keyfile"])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert options["ssl_verify"] is False
    assert not path.parent.exists()


def test_plain_http_needs_none() -> None:
    with certificate.for_launch(None) as options:
        assert options == {}


def test_ones_own_pair_is_taken_as_it_is(tmp_path: Path) -> None:
    pem = tmp_path / "both.pem"
    pem.write_bytes(certificate.self_signed(["localhost"]))
    certificate.require_usable(str(pem), str(pem))
    with certificate.for_launch([str(pem), str(pem)]) as options:
        assert options["ssl_certfile"] == str(pem)
    assert pem.exists()


@pytest.mark.parametrize("kind", ["missing", "nonsense", "foreign", "locked"])
def test_a_pair_that_is_none_is_refused_with_one_sentence(kind: str, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    pem = tmp_path / "certificate.pem"
    pem.write_bytes(certificate.self_signed(["localhost"]))
    key = tmp_path / "key.pem"
    if kind == "nonsense":
        key.write_text("no key")
    elif kind == "foreign":
        key.write_bytes(certificate.self_signed(["localhost"]))
    elif kind == "locked":
        loaded = serialization.load_pem_private_key(pem.read_bytes(), None)
        locked = serialization.BestAvailableEncryption(b"secret")
        key.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(ResNetAppError) as caught:
        certificate.require_usable(str(pem), str(key))
    assert str(caught.value).startswith(f"{pem} and {key} are no certificate with its key (")
    assert "\n" not in str(caught.value)
