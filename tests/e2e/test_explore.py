"""The Explore and Compare tabs as a person uses them, in headless Chromium."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from resnet_app.architecture.counting import describe
from resnet_app.architecture.summary import json_object, stage_rows
from tests.e2e.ways import enter_room


@pytest.fixture
def explore(open_page: Callable[..., Page]) -> Callable[..., Page]:
    def opened(*, photo: bool = True, **options: object) -> Page:
        page = open_page(**options)
        if not photo:  # a visit starts with one
            page.locator("#photo").get_by_label("Remove Image").click()
            expect(page.get_by_text("Nothing to look at yet")).to_be_visible()
        page.get_by_role("tab", name="Explore").click()
        expect(page.locator("#opened h3")).to_contain_text("conv4_x")
        expect(page.locator("#chart .bartext").first).to_be_visible()
        if photo:
            expect(page.locator("#ribbon .filled .tile")).to_have_count(10)
        page.get_by_role("button", name="Change the network").click()
        return page

    return opened


def press_tab_until_in(page: Page, part: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("part => document.activeElement.matches(part)", part):
            return
    pytest.fail(f"the Tab key never comes to {part}")


def test_the_keyboard_alone_reaches_every_level(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("tab", name="Explore").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ribbon .filled .tile")).to_have_count(10)
    press_tab_until_in(page, "#ribbon button")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#opened h3")).to_contain_text("conv5_x")
    page.keyboard.press("Home")
    expect(page.locator("#opened h3")).to_contain_text("conv1")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#opened h3")).to_contain_text("conv4_x")
    press_tab_until_in(page, "#opened .chips button")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#block .path code")).to_have_text("layer3.1")
    expect(page.locator("#opened .chips button").nth(1)).to_be_focused()
    press_tab_until_in(page, "#block .layer-list button")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    shown = page.locator("#block .arithmetic:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("layer3.1.conv2")
    expect(shown).to_contain_text("256 × 256 × 3 × 3 × 14 × 14 = 115,605,504")
    expect(page.locator("#block .layer-list button").nth(2)).to_be_focused()


def test_a_row_a_bar_and_a_tile_open_their_stage(explore: Callable[..., Page]) -> None:
    page = explore()
    page.locator("#stage-table .column-cell").filter(has_text="conv2_x").click()
    expect(page.locator("#opened h3")).to_contain_text("conv2_x")
    page.locator("#chart .bars .point path").nth(5).hover(force=True)  # the first trace's sixth bar: conv5_x
    page.locator("#chart .bars .point path").nth(5).click(force=True)
    expect(page.locator("#opened h3")).to_contain_text("conv5_x")
    expect(page.locator('#ribbon button[aria-pressed="true"]')).to_contain_text("conv5_x")
    page.get_by_text("Treemap").click()
    tile = page.locator("#chart .slice").filter(has_text="block 2").first
    expect(tile).to_be_visible()
    page.evaluate("document.querySelector('#chart').scrollIntoView({ block: 'center' })")
    tile.hover()
    tile.click()
    expect(page.locator("#block .path code")).to_have_text("layer4.1")
    page.get_by_role("tab", name="Tables").click()
    page.locator("#stage-rows").get_by_role("button", name="conv3_x").click()
    expect(page.locator("#opened h3")).to_contain_text("conv3_x")
    page.evaluate("document.querySelector('#explore-rooms').scrollIntoView()")
    expect(page.locator("#ribbon")).to_be_in_viewport()  # the whole stays in sight


def test_who_looks_at_a_room_keeps_the_place_while_stages_change(explore: Callable[..., Page]) -> None:
    page = explore(viewport={"width": 1280, "height": 720})
    page.locator("#inside-examples button").first.click()
    expect(page.locator("#maps img")).to_have_count(16)
    expect(page.locator("#scope .legendtext").first).to_be_visible()
    page.evaluate("document.querySelector('#explore-rooms').scrollIntoView()")
    page.evaluate("scrollBy(0, -200)")
    expect(page.locator("#ribbon")).to_have_class(re.compile("stuck"))
    expect(page.locator("#ribbon .operator").first).to_be_hidden()
    for stage, path in (("maxpool", "maxpool"), ("conv5_x", "layer4.0"), ("conv1", "conv1"), ("conv4_x", "layer3.0")):
        before = page.locator("#explore-rooms").bounding_box()
        page.locator("#ribbon button", has_text=stage).click()
        expect(page.locator("#maps .said")).to_contain_text(f"After {path}:")
        expect(page.locator("#opened h3")).to_contain_text(stage)
        after = page.locator("#explore-rooms").bounding_box()
        assert before
        assert after
        assert abs(before["y"] - after["y"]) < 5, stage
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#ribbon")).not_to_have_class(re.compile("stuck"))
    expect(page.locator("#ribbon .operator").first).to_be_visible()


def test_a_phone_reaches_every_figure(explore: Callable[..., Page]) -> None:
    page = explore(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    table = page.locator("#stage-table")
    table.evaluate("table => { table.scrollLeft = 1000; }")
    assert table.evaluate("table => table.scrollLeft + table.clientWidth >= table.scrollWidth - 1")
    assert table.evaluate("table => table.scrollWidth") >= 600
    page.locator("#stage-table .column-cell").filter(has_text="conv2_x").dispatch_event("click")
    expect(page.locator("#opened h3")).to_contain_text("conv2_x")
    expect(page.locator("#opened h3")).to_be_in_viewport()
    expect(page.locator("#block .layer-list button").first.locator(":scope > :last-child")).to_be_visible()  # MACs


def test_every_option_redraws_the_network(explore: Callable[..., Page]) -> None:
    page = explore()
    page.get_by_label("Architecture", exact=True).click()
    page.get_by_role("option", name="ResNet-50", exact=True).click()
    expect(page.locator("#network h2")).to_have_text("ResNet-50")
    expect(page.locator("#network .second")).to_contain_text("50 = 1 + (3 + 4 + 6 + 3)×3 + 1")
    expect(page.locator("#model-problem").get_by_role("alert")).to_be_visible()  # no ImageNet weights without a network
    page.locator("#dilated label", has_text="conv5_x").click()
    expect(page.locator("#ribbon button", has_text="conv5_x")).to_contain_text("2048×14×14")
    page.get_by_label("Zero-init the last norm of each block").check()
    expect(page.locator("#block svg.block")).to_contain_text("γ starts at 0")
    page.locator("#stem label", has_text="CIFAR").click()
    expect(page.locator("#ribbon button")).to_have_count(7)
    page.locator("#input-size").get_by_role("textbox").fill("32x48")
    page.locator("#input-size").get_by_role("textbox").press("Enter")
    network = describe("resnet50", classes=2, input_size=(32, 48), stem="cifar", dilated=("conv5_x",))
    for classes in (1000, 2):
        page.locator("#classes input").fill(str(classes))
        page.locator("#classes input").press("Enter")
        expect(page.locator("#ribbon button", has_text="fc")).to_contain_text(f"linear{classes}")
    expect(page.locator("#ribbon button", has_text="conv5_x")).to_contain_text("2048×8×12")
    page.get_by_role("tab", name="Tables").click()
    with page.expect_download() as caught:
        page.locator("#stage-rows .take", has_text="Stages").get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(caught.value.path()).read_text("utf-8-sig"))))
    assert rows == [{key: str(value) for key, value in row.items()} for row in stage_rows(network)]
    with page.expect_download() as caught:
        page.locator("#stage-rows .take", has_text="Stages").get_by_role("link", name="JSON").click()
    assert json.loads(Path(caught.value.path()).read_text("utf-8")) == json_object(network)


def test_another_language_changes_words_and_nothing_else(explore: Callable[..., Page]) -> None:
    page = explore()
    page.locator("#stem label", has_text="CIFAR").click()
    expect(page.locator("#ribbon button")).to_have_count(7)
    page.locator("#classes input").fill("10")
    page.locator("#classes input").press("Enter")
    expect(page.locator("#ribbon button", has_text="fc")).to_contain_text("linear10")
    page.locator("#language label", has_text="中文").click()
    expect(page.locator(".status .state.ok")).to_have_text("就绪")
    expect(page.locator("#network .convention")).to_contain_text("乘加")
    expect(page.locator("#ribbon button")).to_have_count(7)
    expect(page.locator("#ribbon button", has_text="fc")).to_contain_text("全连接10")
    expect(page.locator("#stem input:checked")).to_have_value("cifar")


def test_groups_widths_and_norms_redraw_the_network(explore: Callable[..., Page]) -> None:
    page = explore()
    expect(page.locator("#groups input")).to_be_disabled()  # ResNet-18 has BasicBlocks
    page.get_by_label("Architecture", exact=True).click()
    page.get_by_role("option", name="ResNet-50", exact=True).click()
    page.locator("#norm label", has_text="GroupNorm").click()
    expect(page.locator("#network h2")).to_have_text("ResNet-50, GroupNorm")
    expect(page.locator("#block svg.block")).to_contain_text("GN · ReLU")
    for label, number in (("Groups of the 3×3", "32"), ("Width per group", "4")):
        page.get_by_label(label).click()
        page.get_by_role("option", name=number, exact=True).click()
    expect(page.locator("#network h2")).to_have_text("ResNet-50 32×4d, GroupNorm")
    enter_room(page, "Among others")
    expect(page.locator("#published")).to_contain_text("The same, to the last one.")


def test_inference_step_by_step_on_the_pages_photo(explore: Callable[..., Page]) -> None:
    page = explore(photo=False)
    enter_room(page, "Inference")
    expect(page.locator(".walk li")).to_have_count(5)
    expect(page.locator("#steps .said")).to_contain_text("Choose a photo")
    page.get_by_role("tab", name="Classify").click()
    page.locator("#examples button").first.click()
    expect(page.locator(".best strong")).to_have_text("ants")
    page.get_by_role("tab", name="Explore").click()
    expect(page.locator(".walk .came")).to_have_count(5)
    expect(page.locator(".walk .came").last).to_contain_text("0 · ants · 99")
    with page.expect_download() as caught:
        page.locator("#steps").get_by_role("link", name="answer.py").click()
    program = Path(caught.value.path()).read_text("utf-8")
    compile(program, "answer.py", "exec")
    assert 'load_file("ants-bees.safetensors")' in program.replace("'", '"')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_drawing_is_saved_as_it_is_seen(explore: Callable[..., Page], scheme: str) -> None:
    page = explore(color_scheme=scheme)
    page.get_by_role("tab", name="Tables").click()
    for place, title in (("#block", "resnet18-layer3.0"), ("#whole", "resnet18")):
        figure = page.locator(f"{place} figure.drawing")
        with page.expect_download() as caught:
            figure.get_by_role("button", name="SVG").click()
        assert caught.value.suggested_filename == f"{title}.svg"
        drawing = ElementTree.parse(caught.value.path()).getroot()
        parts = list(drawing.iter())
        paper = parts[1].get("fill")
        assert paper == ("rgb(250, 250, 247)" if scheme == "light" else "rgb(16, 19, 23)")
        words = [part for part in parts if part.tag.endswith("text") and part.text]
        assert len(words) > 5
        assert all(part.get("fill") not in (None, paper) and part.get("font-size") for part in words)
        assert not any(part.get("class") for part in parts[1:])
        with page.expect_download() as caught:
            figure.get_by_role("button", name="PNG").click()
        with Image.open(caught.value.path()) as image:
            assert image.size == tuple(round(3 * float(drawing.get(side))) for side in ("width", "height"))
            assert len(image.convert("L").getcolors()) > 10  # something is drawn


def test_on_ones_own_picture(explore: Callable[..., Page]) -> None:
    page = explore(photo=False)
    expect(page.locator("#maps")).to_contain_text("No picture yet")
    page.locator("#inside-examples button").last.click()
    expect(page.locator("#maps .said")).to_contain_text("After layer3.0: the 16 strongest of 256")
    expect(page.locator("#maps img")).to_have_count(16)
    largest = page.locator("#maps figure").nth(2)
    largest.get_by_role("button").click()
    expect(largest.locator(".photo img")).to_be_visible()  # the square that the model saw, beside it
    largest.locator(".linked").first.hover(position={"x": 4, "y": 4})
    expect(largest.locator(".photo .frame")).to_be_visible()
    for frame in largest.locator(".frame").all():  # the first of 14 x 14 places, on both
        assert frame.evaluate("mark => [mark.style.left, mark.style.top, parseFloat(mark.style.width)]") == [
            "0%", "0%", pytest.approx(100 / 14, abs=0.01)
        ]  # fmt: skip
    largest.get_by_role("button").click()
    expect(largest.locator(".photo")).to_have_count(0)
    expect(page.locator("#scope .legendtext").first).to_be_visible()
    page.locator("#ribbon button", has_text="conv1").click()
    expect(page.locator("#maps .said")).to_contain_text("After conv1: the 16 strongest of 64 channels")
    page.locator("#maps-scale label", has_text="Each its own").click()
    expect(page.locator("#maps .scale")).to_contain_text("Each map on its own scale")
    page.locator("#ribbon button", has_text="fc").click()
    expect(page.locator("#maps .note")).to_contain_text("has no maps any more")
    expect(page.locator("#without")).to_contain_text("Choose blocks above")
    page.locator("#left-out input").click()
    page.get_by_role("option", name="layer4.1").click()
    expect(page.locator("#without .said")).to_contain_text("Without F(x) of layer4.1:")
    expect(page.locator("#without tbody tr")).to_have_count(2)
    page.get_by_text("The numbers").click()
    expect(page.locator("table.scope tbody tr")).to_have_count(8)


def test_the_code_is_searched_and_copied(explore: Callable[..., Page]) -> None:
    page = explore(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name="Code").click()
    expect(page.locator(".excerpt .marked").filter(has_text="self.layer3 = self._make_layer")).to_be_visible()
    page.locator("#opened .chips button").nth(1).click()
    expect(page.locator(".excerpt .marked").filter(has_text="for _ in range(1, blocks)")).to_be_visible()
    page.get_by_label("Search").fill("layer3.0 bn1 parameter")
    lines = page.locator(".tree li:visible")
    expect(lines).to_have_count(2)
    lines.first.get_by_role("button").click()
    page.wait_for_function("async () => await navigator.clipboard.readText() === 'layer3.0.bn1.weight'")
    page.locator("#snippet").get_by_role("button", name="Copy").click()
    snippet = "torchvision.models.resnet18(num_classes=2)"
    page.wait_for_function("async (part) => (await navigator.clipboard.readText()).includes(part)", arg=snippet)
    # as over plain HTTP, in front of a class
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    lines.last.get_by_role("button").click()
    expect(lines.last.get_by_role("button")).to_have_class(re.compile("copied"))
    assert page.evaluate("navigator.clipboard.readText()") == "layer3.0.bn1.bias"


def test_where_it_stands_and_what_was_published(explore: Callable[..., Page]) -> None:
    page = explore()
    page.get_by_role("tab", name="Among others").click()
    expect(page.locator("#standing .legendtext").filter(has_text="this network")).to_be_visible()
    expect(page.locator("#published")).to_contain_text("Published figures are for 1000 classes")
    page.locator("#classes input").fill("1000")
    page.locator("#classes input").press("Enter")
    expect(page.locator("#published")).to_contain_text("He et al. 2015, Table 1")
    expect(page.locator("#published")).to_contain_text("Counted as in the paper: 1.79.")


def test_compare_two_networks_with_one_choice_of_stage(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator("#compare-sides h2")).to_have_text(["ResNet-50 conv4_x", "ResNeXt-50 32×4d conv4_x"])
    page.get_by_label("First network").click()
    page.get_by_role("option", name="ResNet-18", exact=True).click()
    expect(page.locator(".totals p").first).to_contain_text("11.7")
    page.locator("#compare-stage label", has_text="conv2_x").click()
    expect(page.locator("#compare-sides h2")).to_have_text(["ResNet-18 conv2_x", "ResNeXt-50 32×4d conv2_x"])
    expect(page.get_by_role("img", name="Drawing of layer1.0")).to_have_count(2)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#compare-sides h2").first).to_have_text("ResNet-18 conv3_x")
    page.locator("#language label", has_text="中文").click()
    expect(page.locator("#compare-sides")).to_contain_text("第一块")
    page.locator("#compare-input-size").get_by_role("textbox").fill("huge")
    page.locator("#compare-input-size").get_by_role("textbox").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
