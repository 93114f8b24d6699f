"""Which addresses others can type, read off this machine's network cards, and the codes that lead there."""

import io
from types import SimpleNamespace

import cv2
import ifaddr
import numpy as np
import pytest
import segno
from PIL import Image

from demo.hosting import addresses

ADDRESS = "https://192.168.178.24:7860"


def card(name: str, *ips: str) -> SimpleNamespace:
    each = [SimpleNamespace(ip=ip if "." in ip else (ip, 0, 0), is_IPv4="." in ip) for ip in ips]
    return SimpleNamespace(name=name, nice_name=name, ips=each)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop's, with what programs for containers and virtual machines put beside them."""
    found = [
        card("lo", "127.0.0.1", "::1"), card("wlp3s0", "192.168.178.24", "fd00::2", "fe80::1"),
        card("docker0", "172.17.0.1"), card("br-5f2c", "172.18.0.1"), card("vEthernet (WSL)", "172.20.0.1"),
        card("Wi-Fi 2", "169.254.7.7"),
        card("VMware Virtual Ethernet Adapter", "192.168.56.1"), card("enp2s0", "10.1.2.3", "10.1.2.3"),
    ]  # fmt: skip
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: found)


@pytest.mark.usefixtures("cards")
def test_an_app_for_everyone_has_the_addresses_of_this_machines_networks() -> None:
    everyone = addresses.for_others("0.0.0.0", 7860, secure=False)
    assert everyone == ["http://192.168.178.24:7860", "http://10.1.2.3:7860"]
    assert addresses.for_others("0.0.0.0", 7860, secure=True)[0] == ADDRESS


@pytest.mark.usefixtures("cards")
@pytest.mark.parametrize("host", ["::", "[::]"])
def test_an_app_for_everyone_with_ipv6_listens_for_nothing_else(host: str) -> None:
    assert addresses.for_others(host, 7860, secure=False) == ["http://[fd00::2]:7860"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_an_app_for_this_machine_alone_has_none(host: str) -> None:
    assert addresses.for_others(host, 7860, secure=False) == []


@pytest.mark.parametrize(
    ("host", "address"), [("10.1.2.3", "10.1.2.3"), ("fd00::2", "[fd00::2]"), ("lab-7.school", "lab-7.school")]
)
def test_an_address_that_was_asked_for_is_the_one(host: str, address: str) -> None:
    assert addresses.for_others(host, 80, secure=False) == [f"http://{address}:80"]


def test_this_machines_own_cards_can_be_read() -> None:
    assert all(each.count(".") == 3 and not each.startswith("127.") for each in addresses.own_addresses())


def test_a_port_that_is_taken_is_refused_and_the_next_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            addresses.free_port("127.0.0.1", port)
        monkeypatch.setattr(addresses, "FIRST_PORT", port)
        assert addresses.free_port("127.0.0.1", None) > port


def read(picture: Image.Image) -> str:
    """What a phone's camera makes of it."""
    words, *_ = cv2.QRCodeDetector().detectAndDecode(np.asarray(picture.convert("L")))
    return str(words)


def test_the_terminals_code_is_light_on_dark_and_says_the_address() -> None:
    lines = addresses.code_for_terminal(ADDRESS).splitlines()
    assert all(line.startswith("\x1b[97;40m") and line.endswith("\x1b[0m") for line in lines)
    halves = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
    rows = [[halves[each] for each in line.removeprefix("\x1b[97;40m").removesuffix("\x1b[0m")] for line in lines]
    modules = np.array(rows, dtype=np.uint8).transpose(0, 2, 1).reshape(-1, len(rows[0]))
    assert read(Image.fromarray(modules).resize((400, 400 * len(modules) // len(rows[0])), 0)) == ADDRESS


def test_the_pages_code_is_an_svg_that_grows_with_its_box() -> None:
    svg = addresses.code_for_page(ADDRESS)
    assert svg.startswith("<svg")
    assert "viewBox" in svg
    assert 'width="' not in svg.split(">")[0]
    drawn = io.BytesIO()
    segno.make_qr(ADDRESS, error="m").save(drawn, kind="png", scale=8)
    assert read(Image.open(drawn)) == ADDRESS
