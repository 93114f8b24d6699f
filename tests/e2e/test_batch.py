"""Many photos in Chromium: a folder with broken ones, how far it is, Cancel, what is wrong, and all of it saved."""

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.paths import ROOT

pytestmark = pytest.mark.e2e
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty-two photos in folders that are named as the classes; one lies in the wrong one, four are broken."""
    for number in range(7):
        for path in EXAMPLES:
            inside = tmp_path / "photos" / ("ants" if path.name.startswith("ant") else "bees")
            inside.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, inside / f"{number}-{path.name}")
    shutil.move(tmp_path / "photos" / "bees" / "0-bee-daisy.jpg", tmp_path / "photos" / "ants")
    for name in ("ants/1-ant-leaf.jpg", "ants/2-ant-leaf.jpg", "bees/3-bee-clover.jpg", "bees/4-bee-clover.jpg"):
        (tmp_path / "photos" / name).write_text("no picture")
    return tmp_path / "photos"


def batch(open_page: Callable[..., Page], folder: Path) -> Page:
    """The tab, with a folder chosen and its answering begun."""
    page = open_page()
    page.get_by_role("tab", name="Batch").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)
    expect(page.get_by_role("button", name="Answer them")).to_be_enabled()
    page.get_by_role("button", name="Answer them").click()
    return page


def test_a_folder_is_answered_narrowed_down_sorted_and_taken_along(
    open_page: Callable[..., Page], folder: Path, tmp_path: Path
) -> None:
    page = batch(open_page, folder)
    expect(page.locator("#batch-progress")).to_contain_text("of 42")
    expect(page.get_by_role("link", name="Table (CSV)")).to_be_visible(timeout=240_000)
    expect(page.locator(".batch .sums")).to_contain_text("4 could not be read")
    expect(page.locator(".batch .right")).to_contain_text("right: 37 of 38 whose folder is named as a class")
    expect(page.locator(".confusion td.hit")).to_have_text(["19", "18"])

    tiles, rows = page.locator(".tiles figure:visible"), page.locator(".answers tbody tr:visible")
    page.get_by_label("Which pictures").select_option("Wrong ones")
    expect(tiles).to_have_count(1)
    expect(tiles).to_contain_text("The folder says ants")
    expect(rows).to_have_count(1)
    expect(page.locator(".narrow-shown")).to_have_text("1 of 42 shown")
    page.get_by_label("Which pictures").select_option("Not read")
    expect(rows).to_have_count(4)
    page.get_by_label("Which pictures").select_option("All")
    page.get_by_label("Name or answer").fill("3-ANT")
    expect(rows).to_have_count(3)
    page.get_by_label("Name or answer").fill("")
    page.get_by_role("button", name="Probability").click()
    page.get_by_role("button", name="Probability").click()  # the other way round
    told = page.locator(".answers td:nth-child(4)").all_inner_texts()
    shares = [float(each.strip(">\u202f%")) for each in told if each]
    assert len(shares) == 38
    assert shares == sorted(shares, reverse=True)

    with page.expect_download() as saved:
        page.get_by_role("link", name="Table (CSV)").click()
    saved.value.save_as(tmp_path / "t.csv")
    table = pd.read_csv(tmp_path / "t.csv")
    assert len(table) == 42
    assert table["error"].notna().sum() == 4
    assert set(table["file"].str.split("/").str[:2].str.join("/")) == {"photos/ants", "photos/bees"}
    page.locator(".tiles .wrong .open").click()
    expect(page.get_by_role("tab", name="Explain")).to_have_attribute("aria-selected", "true")


def test_cancel_keeps_what_is_there_and_a_zip_comes_back_with_its_maps(
    open_page: Callable[..., Page], folder: Path, tmp_path: Path
) -> None:
    page = batch(open_page, folder)
    expect(page.locator("#batch-progress")).to_contain_text("of 42")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".batch .stopped")).to_contain_text("of 42. What is answered can be taken along.")
    expect(page.get_by_role("link", name="Table (CSV)")).to_be_visible()
    expect(page.get_by_role("button", name="Answer them")).to_be_visible()

    with zipfile.ZipFile(tmp_path / "few.zip", "w") as archive:
        for path in EXAMPLES[:2]:
            archive.write(path, f"ants/{path.name}")
    page.locator("#files").get_by_label("Clear").click()
    page.locator("#files input[type=file]").set_input_files(tmp_path / "few.zip")
    page.get_by_label("Maps too").check()
    page.get_by_role("button", name="Answer them").click()
    expect(page.locator(".batch .right")).to_contain_text("right: 2 of 2")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Everything (ZIP)").click()
    saved.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "all.zip").read_bytes())) as archive:
        names = set(archive.namelist())
    assert {"answers.csv", "contact-sheet.jpg", "manifest.json"} <= names
    assert sum(name.endswith("_cam.png") for name in names) == 2
