"""Where the app listens, the addresses that others can type, and the code that they can point a phone at.

All of it is read off this machine's own network cards: nothing is sent to anybody.
"""

from __future__ import annotations

import io
import re
import socket
from ipaddress import ip_address

EVERYWHERE = {"0.0.0.0": 4, "::": 6}  # the server listens for this version of addresses alone
FIRST_PORT, PORTS = 7860, 100  # where Gradio looks too
# Cards that lead to containers and virtual machines on this very computer.
_INNER = re.compile(r"lo\d*$|docker|br-|veth|virbr|lxc|cni|podman|vmnet|vboxnet|.*(?:virtual|vEthernet|loopback)", re.I)


def free_port(host: str, port: int | None) -> int:
    """The port to listen on: the one asked for, else the first free one of those that Gradio tries.

    Raises:
        OSError: the address is not this machine's, or the port is taken.
        OverflowError: there is no such port.
    """
    if port is not None:
        _listen(host, port)
        return port
    for each in range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            _listen(host, each)
            return each
        except OSError as error:
            refused = error
    raise refused


def _listen(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((host.strip("[]"), port))


def opened_here(address: str) -> str:
    """What a browser on this machine opens: a server that listens everywhere is asked at the loopback."""
    for everywhere, version in EVERYWHERE.items():
        host = f"[{everywhere}]" if version == 6 else everywhere
        address = address.replace(f"//{host}:", f"//{'[::1]' if version == 6 else '127.0.0.1'}:")
    return address.rstrip("/")


def for_others(host: str, port: int, *, secure: bool) -> list[str]:
    """What others in the network can type to reach the app; nothing where it listens for this machine alone."""
    scheme = "https" if secure else "http"
    return [f"{scheme}://{each}:{port}" for each in _hosts(host.strip("[]"))]


def _hosts(host: str) -> list[str]:
    if host in EVERYWHERE:
        return [_typed(each) for each in own_addresses(EVERYWHERE[host])]
    try:
        return [] if ip_address(host).is_loopback else [_typed(host)]
    except ValueError:  # a name
        return [] if host == "localhost" else [host]


def _typed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def own_addresses(version: int = 4) -> list[str]:
    """This machine's addresses in its networks, without those that lead nowhere outside it."""
    import ifaddr

    found = [
        ip_address(str(each.ip if each.is_IPv4 else each.ip[0]))
        for card in ifaddr.get_adapters()
        if not any(_INNER.match(name) for name in (card.name, card.nice_name))
        for each in card.ips
        if each.is_IPv4 == (version == 4)
    ]
    return list(dict.fromkeys(str(each) for each in found if not (each.is_loopback or each.is_link_local)))


def code_for_terminal(address: str) -> str:
    """A QR code in half-block characters, light on dark whatever the terminal's colours are."""
    import segno

    drawn = io.StringIO()
    segno.make_qr(address, error="m").terminal(drawn, border=2, compact=True)
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in drawn.getvalue().splitlines())


def code_for_page(address: str) -> str:
    """A QR code as an SVG element that stands in a page and grows with its box; dark on white, as cameras want it."""
    import segno

    svg: str = segno.make_qr(address, error="m").svg_inline(
        omitsize=True, border=4, dark="black", light="white", svgclass="qr", lineclass=None
    )
    return svg
