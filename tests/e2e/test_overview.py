"""The network as one picture, looking closely, and the projector, in headless Chromium."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def filled(open_page: Callable[..., Page]) -> Callable[..., Page]:
    def opened(**options: object) -> Page:
        page = open_page(**options)
        page.get_by_role("tab", name="Explore").click()
        expect(page.locator("#ribbon .ribbon.filled .tile")).to_have_count(10)
        return page

    return opened


# How wide the page's text is in the first picture after F, and a second later; twice.
WIDTHS = """async () => {
  const widths = [];
  for (let i = 0; i < 2; i++) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "f", bubbles: true }));
    for (const wait of [requestAnimationFrame, (then) => setTimeout(then, 1000)]) {
      await new Promise(wait);
      widths.push(document.querySelector("#tabs").getBoundingClientRect().width);
    }
  }
  return widths;
}"""
# What a quick hand asks for before the answer to what it asked for before is there.
QUICKLY = """async () => {
  const unit = document.querySelector("#unit");
  unit.querySelector("[data-move]").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 30));
  unit.querySelector('[data-conv="layer2.0.conv1"]').click();
}"""


def test_pointing_frames_the_photo_and_clicking_takes_a_unit_apart(filled: Callable[..., Page]) -> None:
    page = filled()
    tile = page.locator('#ribbon .tile[data-path="layer2.0"] img')
    frame = page.locator("#ribbon .frame")
    expect(frame).to_be_hidden()
    tile.hover()
    expect(frame).to_be_visible()
    box, photo = frame.bounding_box(), page.locator("#ribbon .seen").bounding_box()
    assert box
    assert photo
    assert box["width"] / photo["width"] == pytest.approx(67 / 224, abs=0.02)  # what a unit of layer2.0 sees
    expect(page.locator("#ribbon .pointed")).to_contain_text("Each unit sees 67 px.")
    tile.click()
    unit = page.locator("#unit .unit")
    expect(unit).to_contain_text("layer2.0.conv2")
    expect(unit).to_contain_text("The network's own pass has this very number here")
    expect(page.locator("#opened h3")).to_contain_text("conv3_x")  # the stage opens too
    row = int(unit.get_attribute("data-row") or "")
    unit.get_by_role("button", name="Move the window: lower").click()
    expect(unit).to_have_attribute("data-row", str(row + 1))
    unit.get_by_role("button", name="Move the window: lower").press("ArrowRight")
    expect(unit).to_have_attribute("data-row", str(row + 1))
    page.evaluate(QUICKLY)
    expect(unit).to_have_attribute("data-path", "layer2.0.conv1")
    expect(unit.locator(".numbers")).to_have_count(9)
    unit.get_by_role("button", name="Close").click()
    expect(unit).to_have_count(0)


def test_one_thing_is_marked_everywhere_at_once(filled: Callable[..., Page]) -> None:
    page = filled()
    expect(page.locator("#chart .bartext").first).to_be_visible()
    page.locator('#ribbon .tile[data-path="layer3.1"] img').hover()
    marked = page.locator(".pointed-at")
    expect(page.locator("#ribbon .tile.pointed-at")).to_have_attribute("data-path", "layer3.1")
    expect(page.locator('#ribbon button[data-stage="conv4_x"]')).to_have_class(re.compile("pointed-at"))
    expect(page.locator("#opened .chips .pointed-at")).to_have_text("2")  # conv4_x is the opened stage
    expect(page.locator("#chart .point.pointed-at")).to_have_count(3)  # parameters, MACs, peak memory
    expect(page.locator("#stage-table .column-cell.pointed-at")).to_have_count(8)  # its row
    page.locator("#stage-table .column-cell").filter(has_text="conv2_x").hover(force=True)
    expect(page.locator('#ribbon button[data-stage="conv2_x"]')).to_have_class(re.compile("pointed-at"))
    expect(page.locator("#ribbon .tile.pointed-at")).to_have_count(2)
    page.locator("#network h2").hover()
    expect(marked).to_have_count(0)


def test_a_click_on_the_photo_marks_the_units_that_saw_it(filled: Callable[..., Page]) -> None:
    page = filled()
    spots = page.locator("#ribbon .spot")
    expect(spots.first).to_be_hidden()
    page.locator("#ribbon .seen").click()
    for number in range(10):
        expect(spots.nth(number)).to_be_visible()
    tile = page.locator('#ribbon .tile[data-path="layer1.0"] img').bounding_box()
    spot = page.locator('#ribbon .tile[data-path="layer1.0"] .spot').bounding_box()
    assert tile
    assert spot
    assert spot["width"] / tile["width"] == pytest.approx(7 / 56, abs=0.03)  # 27 px seen, 4 px apart: 6 or 7 units


def test_another_photo_fills_it_anew_and_without_one_it_is_plain(filled: Callable[..., Page]) -> None:
    page = filled()
    tile = page.locator("#ribbon .tile img").first
    before = tile.get_attribute("src")
    page.locator("#inside-examples button").first.click()
    expect(tile).not_to_have_attribute("src", before or "")
    page.get_by_role("button", name="Change the network").click()
    page.locator("#stem label", has_text="CIFAR").click()
    expect(page.locator("#ribbon button")).to_have_count(7)
    expect(page.locator("#ribbon .tile")).to_have_count(0)


def test_holding_shows_the_photo_without_its_map_and_a_click_enlarges_it(open_page: Callable[..., Page]) -> None:
    page = open_page()
    picture, overlay = page.locator(".stage .picture"), page.locator(".stage img.overlay").first
    expect(overlay).to_have_css("opacity", "0.6")
    box = picture.bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    expect(overlay).to_have_css("opacity", "0")
    page.wait_for_timeout(300)  # longer than a click
    page.mouse.up()
    expect(overlay).to_have_css("opacity", "0.6")
    expect(picture).not_to_have_class(re.compile("zoomed"))
    picture.click()
    expect(picture).to_have_class(re.compile("zoomed"))
    large = picture.bounding_box()
    assert large
    assert large["width"] == 1440
    page.keyboard.press("Escape")
    expect(picture).not_to_have_class(re.compile("zoomed"))


def test_the_projector_stands_at_once(open_page: Callable[..., Page]) -> None:
    """No line is broken anew while a margin slides away, and none where it comes back."""
    page = open_page(viewport={"width": 1280, "height": 720})
    on, still_on, off, still_off = page.evaluate(WIDTHS)
    assert on == still_on
    assert off == still_off
    assert on > off


def test_the_projector_shows_one_thing_and_keys_do_what_buttons_do(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 1280, "height": 720})
    expect(page.locator(".best strong")).to_have_text("bees")
    page.keyboard.press("f")
    for part in (".sidebar", "footer", "#tabs > .tab-wrapper", "#input"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator(".which")).to_have_text("ResNet-18 · Ants or bees (bundled)")
    expect(page.locator("#opacity")).to_be_in_viewport()
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("#classify *, .which")].flatMap((part) => {
          const has = [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
          const shown = part.checkVisibility({ visibilityProperty: true }) && part.getBoundingClientRect().width > 2;
          const zoom = part.closest(".tabitem") ? 1.5 : 1;
          return has && shown && !part.closest("input, .hidden, .sr-only") ?
            [[zoom * parseFloat(getComputedStyle(part).fontSize), part.className, part.textContent.slice(0, 20)]] : [];
        })"""
    )
    assert sizes
    assert [each for each in sizes if each[0] < 19.9] == []
    box = page.locator(".stage .picture").bounding_box()
    assert box
    assert box["height"] > 480
    expect(page.locator(".overlay:not([hidden])")).to_have_attribute("data-answer", "0")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".overlay:not([hidden])")).to_have_attribute("data-answer", "1")
    page.keyboard.down(" ")
    expect(page.locator(".stage .overlay:not([hidden])")).to_have_css("opacity", "0")
    page.keyboard.up(" ")
    expect(page.locator(".stage .overlay:not([hidden])")).to_have_css("opacity", "0.6")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tab", name="Explore")).to_be_visible()
    page.get_by_role("button", name="Projector").click()
    expect(page.get_by_role("tab", name="Explore")).to_be_hidden()
    page.get_by_role("button", name="Projector").click()
    page.get_by_role("tab", name="Compare").click()
    page.get_by_label("First network").focus()
    page.keyboard.type("f")  # letters go where one types
    expect(page.get_by_role("tab", name="Explore")).to_be_visible()


def test_the_model_is_named_on_the_page_and_the_sidebar_stays_as_it_was_left(open_page: Callable[..., Page]) -> None:
    page = open_page()
    sidebar = page.locator(".sidebar").first
    expect(sidebar).to_have_class(re.compile(r"\bopen\b"))
    page.locator(".sidebar .toggle-button").click()
    expect(sidebar).not_to_have_class(re.compile(r"\bopen\b"))
    page.wait_for_function("localStorage['resnet-explorer-sidebar'] === 'shut'")
    page.reload()
    page.locator(".status .state.ok").wait_for(state="attached")
    expect(sidebar).not_to_have_class(re.compile(r"\bopen\b"))
    page.locator(".which").click()
    expect(sidebar).to_have_class(re.compile(r"\bopen\b"))
