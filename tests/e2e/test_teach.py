"""Teaching two classes, in headless Chromium."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.ways import choose, upload
from tests.paths import EXAMPLES

BEE, ANT = EXAMPLES / "bee-daisy.jpg", EXAMPLES / "ant-sand.jpg"


def fill_box(page: Page, number: int, name: str, files: list[Path]) -> None:
    page.locator(f"#teach-name-{number}").get_by_role("textbox").fill(name)
    page.locator(f"#teach-photos-{number} input[type=file]").first.set_input_files(files)
    expect(page.locator(f"#teach-photos-{number} .thumbnail-item")).to_have_count(len(files))


def test_teach_classify_download_reload_and_upload_again(
    open_page: Callable[..., Page], photos: Path, tmp_path: Path
) -> None:
    page, other = open_page(), open_page()
    page.get_by_role("tab", name="Teach").click()
    for number, label in ((1, "ants"), (2, "bees")):
        files = sorted((photos.parent / "train" / label).glob("*.jpg"))[:6]
        fill_box(page, number, f"my {label}", files)
    page.get_by_role("button", name="Teach").click()
    expect(page.locator(".lesson .sums")).to_contain_text("of 12 right, each judged by a head fitted without it")
    expect(page.locator(".lesson figure")).to_have_count(12)
    expect(page.locator(".status dd").first).to_have_text("Taught here: my ants, my bees")

    page.get_by_role("button", name="Try it in Classify").click()
    expect(page.get_by_text("Nothing to look at yet")).to_be_visible()  # ready for a photo of the lesson's own kind
    upload(page, photos / "bees" / "1032546534_06907fe3b3.jpg")
    expect(page.locator(".best strong")).to_have_text("my bees")
    answered = page.locator(".answers .value").all_inner_texts()

    page.get_by_role("tab", name="Teach").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download the checkpoint").click()
    assert saved.value.suggested_filename == "my_ants-my_bees.pth"
    saved.value.save_as(tmp_path / "mine.pth")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the photos").click()
    saved.value.save_as(tmp_path / "photos.zip")

    upload(other, photos / "bees" / "1032546534_06907fe3b3.jpg")  # who came meanwhile still has their own model
    expect(other.locator(".best strong")).to_have_text("bees")
    expect(other.locator(".status dd").first).to_have_text("Ants or bees (bundled)")

    page.reload()  # the tab stays, the lesson does not
    expect(page.locator(".status dd").first).to_have_text("Ants or bees (bundled)")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load photos").click()
    chooser.value.set_files(tmp_path / "photos.zip")
    expect(page.locator("#teach-photos-2 .thumbnail-item")).to_have_count(6)
    expect(page.locator("#teach-name-2").get_by_role("textbox")).to_have_value("my bees")
    page.get_by_role("tab", name="Classify").click()
    page.get_by_text("Your own checkpoint").click()
    page.locator("#checkpoint input[type=file]").set_input_files(tmp_path / "mine.pth")
    expect(page.locator(".status dd").first).to_have_text("mine.pth")
    upload(page, photos / "bees" / "1032546534_06907fe3b3.jpg")
    expect(page.locator(".best strong")).to_have_text("my bees")
    assert page.locator(".answers .value").all_inner_texts() == answered


def test_a_lesson_with_too_little_says_what_is_missing_and_loses_nothing(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(BEE.read_bytes()[:500])
    page = open_page()
    page.get_by_role("tab", name="Teach").click()
    page.get_by_role("button", name="Teach").click()
    expect(page.get_by_role("alert")).to_contain_text("There is nothing to tell apart yet.")
    page.locator("#teach-count label", has_text="3").click()
    fill_box(page, 1, "one", [BEE])
    fill_box(page, 2, "two", [ANT])
    page.locator("#teach-name-3").get_by_role("textbox").fill("three")
    page.get_by_role("button", name="Teach").click()
    expect(page.get_by_role("alert")).to_contain_text("The class three has no photo.")
    expect(page.locator("#teach-photos-1 .thumbnail-item")).to_have_count(1)
    page.locator("#teach-photos-3 input[type=file]").first.set_input_files([broken, *sorted(EXAMPLES.glob("bee*"))])
    page.get_by_role("button", name="Teach").click()
    expect(page.locator(".lesson .left-out")).to_contain_text("broken.jpg")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator(".lesson figcaption", has_text="the only one")).to_have_count(2)
    expect(page.locator(".lesson .note")).to_contain_text("The smallest class has 1 photos.")
    expect(page.locator(".status dd").nth(2)).to_have_text("3")
    name = page.locator("#teach-name-1").get_by_role("textbox")
    name.fill("another")
    expect(page.locator("#teach-outdated")).to_contain_text("press Teach again")
    name.fill("one")
    expect(page.locator("#teach-outdated")).to_be_hidden()
    page.get_by_role("tab", name="Explore").click()
    page.get_by_role("button", name="Change the network").click()
    expect(page.locator("#classes input")).to_have_value("3")
    choose(page, "Weights", "Ants or bees (bundled)")  # there and back
    expect(page.locator(".status dd").first).to_have_text("Ants or bees (bundled)")
    choose(page, "Weights", "Taught here: one, two, three")
    expect(page.locator(".status dd").first).to_have_text("Taught here: one, two, three")
