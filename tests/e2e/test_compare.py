"""Compare on photos in a real browser: ten networks on one photo, Cancel, one that is not here, a zip with truth."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from resnet_app.many import side_by_side
from resnet_app.registry import SPECS
from tests.e2e.checks import expect_no_sideways_scroll, expect_no_violations
from tests.e2e.ways import PHONE, choose, enter
from tests.paths import EXAMPLES

NETWORKS = "Networks and their weights"
LARGE = ("ResNet-101", "ResNet-152", "ResNeXt-101 32×8d", "ResNeXt-101 64×4d", "Wide ResNet-50-2", "Wide ResNet-101-2")
ROWS = "#compare-photo-result tbody tr"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(side_by_side, "PASSES", 1)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))


@pytest.fixture
def own(tmp_path: Path) -> list[Path]:
    """Four checkpoints on random weights, of two classes each."""
    paths = [tmp_path / f"{name}.pth" for name in ("first", "second", "third", "fourth")]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        state = SPECS["resnet18"].build(num_classes=2).state_dict()
        torch.save({"model_state_dict": state, "classes": ["ants", "bees"]}, path)
    return paths


def photo_view(open_page: Callable[..., Page], **options: object) -> Page:
    page = open_page("?tab=compare", **options)
    expect(page.locator("#compare-sides h2").first).to_be_visible()
    page.get_by_text("On a photo", exact=True).click()
    expect(page.locator("#compared-photo img")).to_be_visible()
    expect(page.locator("#compare-architectures")).to_be_hidden()
    return page


def test_ten_networks_on_one_photo_and_cancel_in_between(open_page: Callable[..., Page], own: list[Path]) -> None:
    page = photo_view(open_page)
    page.get_by_role("button", name="All ten, untrained").click()
    expect(page.locator("#compare-chosen .token")).to_have_count(10)
    page.locator("#compare-photo-start").click()
    expect(page.locator(ROWS)).not_to_have_count(0)
    page.locator("#compare-photo-stop").click()
    expect(page.locator("#compare-photo-progress")).to_contain_text("Cancelled")
    expect(page.locator("#compare-photo-start")).to_be_visible()
    assert 1 <= page.locator(ROWS).count() < 10

    page.locator("#compare-photo-start").click()  # while the server still ends the first
    page.locator("#compare-photo-stop").click()
    expect(page.locator("#compare-photo-progress")).to_contain_text("Cancelled")
    page.wait_for_timeout(2000)  # in which a network would have been done
    expect(page.locator("#compare-photo-progress")).to_contain_text("Cancelled")
    expect(page.locator("#compare-photo-start")).to_be_visible()

    for name in LARGE:  # what remains is quick
        page.locator("#compare-chosen .token", has_text=f"{name} ·").locator(".token-remove").click()
    choose(page, NETWORKS, "ResNet-18 · Ants or bees (bundled)")
    choose(page, NETWORKS, "ResNet-18 · Ants or bees (first version)")
    choose(page, NETWORKS, "ResNet-50 · ImageNet V1 · 76.1 % · not on this computer")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Checkpoints of your own").click()
    page.locator("#compare-checkpoints input[type=file]").set_input_files(own)
    expect(page.locator("#compare-checkpoints .file-preview tr")).to_have_count(4)  # all of them have come
    page.locator("#compare-class input").fill("bees")
    page.keyboard.press("Enter")
    page.locator("#compare-photo-start").click()
    expect(page.locator(ROWS)).to_have_count(10, timeout=240_000)  # where others are at work too
    expect(page.locator("#compare-photo-start")).to_be_visible()
    expect(page.locator("#compare-photo-rest .absent li")).to_have_count(1)
    expect(page.locator("#compare-photo-rest .absent li")).to_contain_text("These weights are not on this computer.")
    expect(page.locator("#compare-photo-rest figure")).to_have_count(10)
    expect(page.locator("#compare-photo-rest table.pairs tbody tr")).to_have_count(10)
    expect(page.locator("#compare-scatter .point")).to_have_count(6)  # of those that know bees

    page.get_by_role("button", name="bees: probability").click()
    page.get_by_role("button", name="bees: probability").click()
    expect(page.locator(f"{ROWS} td:nth-child(2) b").first).to_have_text("ResNet-18")
    shares = page.locator(f"{ROWS} td:nth-child(5)").all_inner_texts()
    assert shares[6:] == ["–"] * 4
    assert shares[:6] == sorted(shares[:6], key=lambda share: -float(share.split("\u202f")[0].strip("<> ")))
    page.locator("#compare-axis").get_by_text("GMACs", exact=True).click()
    expect(page.locator("#compare-scatter .xtitle")).to_contain_text("GMACs")
    with page.expect_download() as saved:
        page.locator("#compare-photo-rest a[download]").click()
    assert len(Path(saved.value.path()).read_text("utf-8-sig").splitlines()) == 1 + 11
    expect_no_sideways_scroll(page)
    expect_no_violations(page, "#compare-photo")


def test_a_zip_with_truth_on_a_phone(open_page: Callable[..., Page], own: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "insects.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(EXAMPLES.glob("*.jpg")):
            archive.write(file, f"{'bees' if file.name.startswith('bee') else 'ants'}/{file.name}")
    page = open_page(**PHONE)
    enter(page, "Compare")
    page.get_by_text("On many photos", exact=True).click()
    page.get_by_role("button", name="Checkpoints of your own").click()
    page.locator("#compare-checkpoints input[type=file]").set_input_files(own[:1])
    expect(page.locator("#compare-checkpoints .file-preview tr")).to_have_count(1)
    page.locator("#compare-files input[type=file]").set_input_files(path)
    expect(page.locator("#compare-files .file-preview tr")).to_have_count(1)
    page.locator("#compare-many-start").click()
    expect(page.locator("#compare-many-result a[download]")).to_be_visible()
    expect(page.locator("#compare-many-result")).to_contain_text(
        "6 of 6 photos have an answer and lie in a folder named as a class."
    )
    expect(page.locator("#compare-many-result table.networks tbody tr")).to_have_count(3)
    expect(page.locator("#compare-many-result .disputed figure").first).to_be_visible()
    expect_no_sideways_scroll(page)
    expect_no_violations(page, "#compare-many-output")  # the box of files is Gradio's own
