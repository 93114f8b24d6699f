"""What a person does with the page, in headless Chromium."""

import hashlib
import json
import re
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision
from PIL import Image
from playwright.sync_api import Page, expect

from resnet_app.inference import predict
from tests.e2e.checks import expect_no_violations
from tests.e2e.ways import choose, upload
from tests.paths import EXAMPLES

BEE, ANT = EXAMPLES / "bee-daisy.jpg", EXAMPLES / "ant-sand.jpg"


def test_pick_a_model_upload_a_photo_see_label_and_overlay_open_the_stage_table(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    expect(page.locator(".best strong")).to_have_text("bees")  # an example, answered
    expect(page.get_by_text("The model loaded here knows ants and bees only")).to_be_visible()
    page.locator("#photo").get_by_label("Remove Image").click()
    expect(page.get_by_text("Nothing to look at yet")).to_be_visible()
    upload(page, BEE)
    expect(page.locator(".best strong")).to_have_text("bees")
    expect(page.get_by_text("The model loaded here knows ants and bees only")).to_have_count(0)
    overlay = page.locator("img.overlay:not([hidden])")
    expect(overlay).to_have_attribute("alt", page.locator("img.overlay").first.get_attribute("alt") or "")
    expect(overlay).to_have_js_property("naturalWidth", 224)

    choose(page, "Architecture", "ResNet-34")
    choose(page, "Weights", "Random (untrained)")
    expect(page.locator(".status h3")).to_have_text("ResNet-34")
    expect(page.get_by_text("These weights are random")).to_be_visible()
    expect(page.locator(".answers button")).to_have_count(5)

    page.get_by_role("tab", name="Explore").click()
    expect(page.locator("#network h2")).to_have_text("ResNet-34")
    expect(page.locator("#network p").first).to_contain_text("21.8")
    expect(page.locator("#stage-table .cell-text").filter(has_text="conv5_x")).to_be_visible()
    expect(page.locator("#stage-table")).to_contain_text("13.1")  # conv5_x's millions of parameters
    expect(page.locator("#ribbon .filled .tile")).to_have_count(18)  # the photo is in it
    page.locator(".ribbon button", has_text="conv2_x").click()
    expect(page.locator(".opened h3")).to_contain_text("conv2_x")
    expect(page.locator(".opened .chips button")).to_have_count(3)
    expect(page.get_by_role("img", name="shortcut: identity")).to_be_visible()
    page.get_by_text("Treemap").click()
    expect(page.locator("#chart .treemaplayer .slice").first).to_be_visible()


def test_choosing_an_answer_changes_the_map_by_mouse_and_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.locator("#examples button").last.click()
    expect(page.locator(".result")).to_have_attribute("data-photo", "bee-sunflower.jpg")
    expect(page.locator(".start")).to_have_count(0)
    buttons = page.locator(".answers button")
    expect(buttons).to_have_count(3)  # two classes, and the map of what speaks for which
    expect(page.locator(".overlay:not([hidden])")).to_have_attribute("data-answer", "0")
    buttons.nth(1).click()
    expect(page.locator(".overlay:not([hidden])")).to_have_attribute("data-answer", "1")
    buttons.nth(1).press("ArrowUp")
    expect(page.locator(".overlay:not([hidden])")).to_have_attribute("data-answer", "0")
    expect(buttons.nth(0)).to_be_focused()
    buttons.nth(1).click()
    page.locator("#colours label", has_text="Viridis").click()  # other colours, the same photo: the choice stays
    expect(page.locator(".colour-bar i").first).to_have_attribute("style", re.compile("#440154"))
    expect(page.locator(".overlay:not([hidden])")).to_have_attribute("data-answer", "1")
    expect(page.locator(".versus .end b")).to_have_text(["ants", "bees"])
    expect(page.get_by_text("for bees", exact=True)).to_be_hidden()
    buttons.nth(2).click()
    expect(page.locator(".overlay:not([hidden])")).to_have_attribute("data-answer", "signed")
    expect(page.get_by_text("for bees", exact=True)).to_be_visible()
    page.locator("#top-k input[type=range]").press("Home")
    expect(buttons).to_have_count(1)
    page.locator("#opacity input[type=range]").evaluate(
        "slider => { slider.value = 20; slider.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    expect(page.locator("img.overlay").first).to_have_css("opacity", "0.2")


def test_a_broken_photo_keeps_the_last_answer_and_says_why(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page()
    upload(page, ANT)
    expect(page.locator(".best strong")).to_have_text("ants")
    letter = tmp_path / "letter.jpg"
    letter.write_text("not a picture")
    page.locator("#photo").get_by_label("Clear").or_(page.locator("#photo").get_by_label("Remove Image")).first.click()
    upload(page, letter)
    alert = page.get_by_role("alert").filter(has_text="This file is not a picture we can read.")
    expect(alert).to_be_visible()
    expect(alert).to_contain_text("Save it as JPEG and try again.")
    upload_again = page.locator("#photo").get_by_label("Clear").or_(page.locator("#photo").get_by_label("Remove Image"))
    upload_again.first.click()
    upload(page, BEE)
    expect(page.locator(".best strong")).to_have_text("bees")
    expect(alert).to_be_hidden()


def test_a_plain_pytorch_checkpoint_with_typed_names(open_page: Callable[..., Page], tmp_path: Path) -> None:
    torch.manual_seed(5)
    network = torchvision.models.resnet18()
    network.fc = torch.nn.Linear(network.fc.in_features, 2)
    torch.save({"model_state_dict": network.state_dict(), "epoch": 14}, tmp_path / "epoch14.pkl")
    page, other = open_page(), open_page()
    upload(page, BEE)
    page.get_by_text("Your own checkpoint").click()
    page.locator("#checkpoint input[type=file]").set_input_files(tmp_path / "epoch14.pkl")
    expect(page.locator(".status dd").first).to_have_text("epoch14.pkl")
    names = page.get_by_label("Class names")
    names.fill("Ameise, Biene")
    names.press("Enter")
    expect(page.locator(".answers")).to_contain_text("Biene")

    recipe = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.transforms()  # resize 256, crop 224
    with torch.no_grad(), Image.open(BEE) as photo:
        best = network.eval()(recipe(photo.convert("RGB"))[None]).softmax(1).max().item()
    expect(page.locator(".best span")).to_have_text(f"{100 * best:.1f}\u202f%")

    names.fill("one, two, three")
    names.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Outputs of the model: 2; class names given: 3.")
    upload(other, BEE)  # another visitor still has the bundled model
    expect(other.locator(".best strong")).to_have_text("bees")


def test_files_that_are_no_use_get_a_sentence_each_and_the_model_stays(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    (tmp_path / "login.pth").write_text("<!DOCTYPE html><html>Sign in</html>")
    vgg = {key: torch.ones(1) for key in ("features.0.weight", "features.0.bias", "classifier.6.weight")}
    torch.save(vgg, tmp_path / "vgg.pth")
    torch.save({"state_dict": {}, "extra": print, "hook": eval}, tmp_path / "evil.pth")
    page = open_page()
    upload(page, BEE)
    page.get_by_text("Your own checkpoint").click()
    for name, says in (
        ("login.pth", "it is a web page, saved in place of the download"),
        ("vgg.pth", "These look like VGG weights."),
        ("evil.pth", "This file would run code where it is unpickled (it names builtins.eval)"),
    ):
        page.locator("#checkpoint input[type=file]").set_input_files(tmp_path / name)
        expect(page.locator("#model-problem").get_by_role("alert")).to_contain_text(says)
        expect(page.locator(".status .state")).to_have_text("Still using")
        expect(page.locator(".status dd").first).to_have_text("Ants or bees (bundled)")
    expect(page.locator(".best strong")).to_have_text("bees")


def test_class_names_from_a_file(open_page: Callable[..., Page], tmp_path: Path) -> None:
    torch.manual_seed(5)
    torch.save({"epoch": 14, "net": torchvision.models.resnet18(num_classes=2).state_dict()}, tmp_path / "epoch14.pkl")
    (tmp_path / "names.json").write_text('{"0": "Ameise", "1": "Biene"}')
    (tmp_path / "three.txt").write_text("a\nb\nc")
    page = open_page()
    upload(page, BEE)
    page.get_by_text("Your own checkpoint").click()
    page.locator("#checkpoint input[type=file]").set_input_files(tmp_path / "epoch14.pkl")
    expect(page.locator(".status")).to_contain_text("epoch 14")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Class names from a file").click()
    chooser.value.set_files(tmp_path / "names.json")
    expect(page.locator(".answers")).to_contain_text("Biene")
    expect(page.locator("#class-names textarea")).to_have_value("Ameise\nBiene")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Class names from a file").click()
    chooser.value.set_files(tmp_path / "three.txt")
    expect(page.get_by_role("alert")).to_contain_text("Outputs of the model: 2; class names given: 3.")


def test_who_waits_for_others_is_told_the_place_in_the_queue(
    open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each in a profile of its own: a browser has six connections to one server, and a page that waits holds two.
    pages = [open_page(timezone_id=zone) for zone in ("UTC", "Asia/Shanghai", "America/New_York")]
    for page in pages:
        expect(page.locator(".best strong")).to_have_text("bees")  # what each begins with is answered
    has_begun, may_go_on, classify = threading.Event(), threading.Event(), predict.classify

    def held_up(*arguments: object, **options: object) -> predict.Answer:
        has_begun.set()
        may_go_on.wait(60)
        return classify(*arguments, **options)

    monkeypatch.setattr(predict, "classify", held_up)
    for place, page in enumerate(pages):  # one after the other: who comes first is not ours to guess
        page.locator("#examples button").first.click()
        if place == 0:
            assert has_begun.wait(30)
        else:
            says = f"In the queue: place {place} of {place}"
            expect(page.locator("#result [data-place]")).to_have_attribute("data-place", says)
    may_go_on.set()
    for page in pages:
        expect(page.locator(".best strong")).to_have_text("ants")
    expect(page.locator("#result [data-testid=status-tracker]")).not_to_have_attribute("data-place", re.compile("."))


def test_many_photos_at_once(open_page: Callable[..., Page], tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(BEE.read_bytes()[:2000])
    page = open_page()
    page.get_by_role("tab", name="Batch").click()
    page.locator("#files input[type=file]").set_input_files([*sorted(EXAMPLES.glob("*.jpg")), broken])
    page.get_by_role("button", name="Answer them").click()
    expect(page.locator(".batch .sums")).to_contain_text("7 pictures on")
    expect(page.locator(".batch .sums")).to_contain_text("1 could not be read")
    expect(page.locator(".batch figure b")).to_have_text(["ants", "ants", "ants", "bees", "bees", "bees"])
    expect(page.locator(".batch tbody tr")).to_have_count(7)
    with page.expect_download() as saved:
        page.get_by_text("Table (CSV)").click()
    lines = Path(saved.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 8
    assert lines[1].startswith("ant-leaf.jpg,ants,")


def test_results_of_a_model_that_is_no_longer_loaded_say_so(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("tab", name="Batch").click()
    page.locator("#files input[type=file]").set_input_files(BEE)
    page.get_by_role("button", name="Answer them").click()
    expect(page.locator(".batch .sums")).to_contain_text("ResNet-18 · Ants or bees (bundled)")
    note = page.locator(".batch .of-another")
    expect(note).to_be_hidden()
    page.get_by_label("Weights", exact=True).click()
    page.get_by_role("option", name="Random (untrained)").click()
    expect(note).to_have_text("These are results of ResNet-18 · Ants or bees (bundled); another model is loaded now.")
    expect(page.locator(".batch .tiles")).to_have_css("opacity", "0.4")
    page.get_by_role("button", name="Answer them").click()
    expect(page.locator(".batch .sums")).to_contain_text("ResNet-18 · Random (untrained)")
    expect(note).to_be_hidden()
    expect(page.locator(".batch .tiles")).to_have_css("opacity", "1")


def test_explain_method_layer_class_contrast_worth_and_zip(open_page: Callable[..., Page]) -> None:
    page = open_page()
    upload(page, BEE)
    expect(page.locator(".best strong")).to_have_text("bees")
    page.get_by_role("tab", name="Explain").click()  # the photo of Classify is there
    figures = page.locator("#explain-result figure")
    expect(figures).to_have_count(2)
    expect(figures.nth(0).locator("img.overlay")).to_have_attribute("alt", re.compile(r"^bees: Hottest in the "))
    expect(page.locator("#explain-notice")).to_contain_text("one and the same")
    page.get_by_role("button", name="See layer3").click()
    expect(page.locator("#explain-result .scale")).to_contain_text("layer3")
    expect(page.locator("#explain-notice")).not_to_contain_text("one and the same")

    page.locator("#method input").click()
    page.get_by_role("option", name="Ablation-CAM").click()
    expect(page.locator("#explain-cost")).to_contain_text("256 passes")
    page.locator("#method input").click()
    page.get_by_role("option", name="LayerCAM").click()
    expect(page.locator("#explain-notice")).to_contain_text("LayerCAM")

    page.locator("#explained-classes").get_by_label("Remove ants").or_(
        page.locator("#explained-classes .token", has_text="ants").locator(".token-remove")
    ).first.click()
    expect(figures).to_have_count(1)
    page.locator("#view label", has_text="Whole").click()
    expect(page.locator("#explain-result .picture.whole")).to_have_count(1)
    page.locator("#lines label", has_text="Contours").click()
    expect(page.locator("#explain-result img.overlay.lines")).to_have_count(1)
    expect(page.locator("#contrast figcaption")).to_contain_text("for bees")

    page.get_by_role("button", name="Test the map").click()
    expect(page.locator(".worth .sums")).to_contain_text("random maps", timeout=240_000)  # some 250 passes
    expect(page.locator("#worth-curves .legendtext").first).to_be_visible()
    expect(page.locator(".strip figure")).to_have_count(7)
    page.get_by_role("button", name="Compare with pytorch-grad-cam").click()
    expect(page.locator("#reference .sums")).to_contain_text("gives the same map")
    expect(page.locator("#reference figure")).to_have_count(3)
    expect_no_violations(page)  # all that the tab can show is there

    with page.expect_download() as saved:
        page.get_by_role("button", name="All of it (zip)").click()
    assert saved.value.suggested_filename == "bee-daisy_maps.zip"
    with zipfile.ZipFile(saved.value.path()) as archive:
        told = json.loads(archive.read("manifest.json"))
    assert (told["layer"], told["method"], told["model"]["name"]) == ("layer3", "layercam", "resnet18")
    assert [each["class"] for each in told["pictures"][0]["maps"]] == ["bees"]
    assert told["pictures"][0]["sha256"] == hashlib.sha256(BEE.read_bytes()).hexdigest()
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG", exact=True).click()
    assert saved.value.suggested_filename == "bee-daisy_bees_layer3_layercam.png"
    with Image.open(saved.value.path()) as picture:
        assert min(picture.size) > 224  # the whole photo, as it was seen

    page.locator("#language label", has_text="中文").click()
    expect(page.locator("#explain-result .scale")).to_contain_text("刻度")


def test_a_slow_method_can_be_cancelled_and_nothing_is_lost(open_page: Callable[..., Page]) -> None:
    page, other = open_page(), open_page()
    page.get_by_role("tab", name="Explain").click()
    page.locator("#explain-examples button").first.click()
    figures = page.locator("#explain-result figure")
    expect(page.locator("#explain-result figcaption b")).to_have_text(["ants", "bees"])
    page.locator("#method input").click()
    page.get_by_role("option", name="Score-CAM").click()
    expect(page.locator("#explain-cost")).to_contain_text("512 passes")
    page.get_by_role("button", name="Compute the map").click()
    expect(page.locator("#explain-cost progress")).to_be_visible()
    upload(other, BEE)  # somebody else is answered meanwhile
    expect(other.locator(".best strong")).to_have_text("bees")
    page.locator("#explain-stop").click()
    expect(page.locator("#explain-cost")).to_contain_text("Cancelled")
    page.locator("#method input").click()
    page.get_by_role("option", name="Grad-CAM", exact=True).click()
    expect(page.locator("#explain-cost")).not_to_contain_text("Cancelled")  # its map is there: what came before is over
    expect(figures).to_have_count(2)

    page.locator("#rivals-go").click()  # every quick method side by side takes half a minute
    expect(page.locator("#rivals progress")).to_be_visible()
    page.locator("#worth-go").click()  # this waits for its turn
    expect(page.locator("#worth-stop")).to_be_visible()
    page.locator("#method input").focus()  # the same map is shown once more when the focus leaves it: this goes on
    page.locator("#rivals-stop").focus()
    page.wait_for_timeout(1500)
    expect(page.locator("#rivals progress")).to_be_visible()
    page.locator("#rivals-stop").click()
    expect(page.locator("#rivals")).to_have_text("Cancelled.")
    expect(page.locator("#rivals-go")).to_be_enabled()
    expect(page.locator("#worth progress")).to_be_visible()  # what has waited goes on
    expect(page.locator("#rivals")).to_have_text("Cancelled.")  # nothing that it still said on its way out
    page.locator("#worth-stop").click()
    expect(page.locator("#worth")).to_have_text("Cancelled.")
    expect(page.locator("#worth-go")).to_be_visible()
    expect(figures).to_have_count(2)


def test_the_browsers_language_and_the_switch(open_page: Callable[..., Page]) -> None:
    page = open_page(locale="zh-CN")
    expect(page.get_by_role("tab", name="分类")).to_be_visible()
    page.locator("#photo").get_by_role("button", name="Remove Image").click()
    expect(page.get_by_text("还没有图片")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.locator("#examples button").first.click()
    expect(page.locator(".best strong")).to_have_text("ants")  # class names are never translated
    page.locator("#language label", has_text="English").click()
    expect(page.get_by_role("tab", name="Classify")).to_be_visible()
    expect(page.locator(".status .state")).to_have_text("Ready")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".scale .caption").first).to_contain_text("It does not prove why.")
    page.reload()
    expect(page.get_by_role("tab", name="Classify")).to_be_visible()
    by_link = open_page("?lang=zh")
    expect(by_link.get_by_role("tab", name="分类")).to_be_visible()
