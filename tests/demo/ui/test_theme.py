"""Colours and scripts: words can be read on their ground, every name that is used is there, nothing is fetched."""

import re

import pytest

from demo.ui.photo_input import example_pictures
from demo.ui.theme import head
from resnet_app.colours import DARK, LIGHT
from tests.paths import ROOT

CODE = [path.read_text("utf-8") for kind in ("py", "html", "js", "css") for path in (ROOT / "demo").rglob(f"*.{kind}")]


def luminance(colour: str) -> float:
    """Relative, as WCAG 2 has it."""
    values = [part / 255 for part in bytes.fromhex(colour[1:])]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "ink2", "ink3", "acc"])
@pytest.mark.parametrize("ground", ["bg", "panel", "sunk", "side"])
def test_words_can_be_read_on_every_ground(colours: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_errors_and_buttons_can_be_read(colours: dict[str, str]) -> None:
    assert contrast(colours["err"], colours["err-bg"]) >= 4.5
    for button in ("button", "button-hover"):
        assert contrast("#ffffff", colours[button]) >= 4.5


def test_nothing_that_was_tapped_stays_coloured() -> None:
    """A touch screen leaves :hover where it was tapped last, on what is there later too."""
    pages = "\n".join(path.read_text("utf-8") for path in (ROOT / "demo" / "static").rglob("*.css"))
    with_pointer = "".join(re.findall(r"^@media \(hover: hover\) \{\n(.*?)^\}", pages, re.DOTALL | re.MULTILINE))
    assert with_pointer.count(":hover") == pages.count(":hover") > 5


def test_every_variable_that_is_used_is_set_somewhere() -> None:
    page = head({}, example_pictures())
    used = {name for source in CODE for name in re.findall(r"var\(--([\w-]+)\)", source)}
    set_here = set(re.findall(r"--([\w-]+):", page))
    set_by_script = {name for source in CODE for name in re.findall(r"""setProperty\(["'`]--([\w-]+)""", source)}
    in_place = {name for source in CODE for name in re.findall(r'style="[^"]*--([\w-]+):', source)}
    assert used - set_here - set_by_script - in_place == set()
    assert len(used) > 25


def test_every_function_that_the_page_calls_is_in_its_scripts() -> None:
    called = {name for source in CODE for name in re.findall(r"window\.resnetExplorer\.(\w+)\(", source)}
    assert len(called) > 10
    ways = r"^\s+(async )?{0}\(.*\) {{$|^\s+window\.resnetExplorer\.{0} = |^\s+{0}: [\w(]"
    missing = {name for name in called if not re.search(ways.format(name), head({}, example_pictures()), re.MULTILINE)}
    assert missing == set()


def test_the_head_is_whole_and_fetches_nothing() -> None:
    page = head({}, example_pictures())
    for tag in ("style", "script"):
        assert page.count(f"<{tag}>") == page.count(f"</{tag}>") == 1
    for selector, colours in ((":root", LIGHT), (".dark", DARK)):
        block = re.search(rf"{re.escape(selector)} {{([^}}]*)}}", page)
        assert dict(re.findall(r"--([\w-]+): (#\w+);", block[1])) == colours
    addresses = re.findall(r"""(?:https?:)?//[\w.-]+\.\w+[^"'\s]*""", re.sub(r"(?m)^\s*//.*$", "", page))
    assert [each for each in addresses if "www.w3.org/2000/svg" not in each] == []
