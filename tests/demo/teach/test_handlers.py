"""A lesson without a browser: what is taught, what is told of it, why one cannot be held, and the file to save."""

import re
from pathlib import Path

import pytest
import torch
import torchvision

from demo.teach import handlers as teach_handlers
from demo.teach import view as teach_view
from demo.ui.session import OWN, obtain
from resnet_app.inference import models, predict
from resnet_app.inference.cache import shared_cache
from tests.demo.helpers import BEE, PHOTOS, final, pick, taught_by, two_classes
from tests.page import carry_out, visit


def saved_lesson(taught):
    (shown,) = carry_out(
        teach_handlers.write_checkpoint, teach_handlers.AskedFile(visit(), taught), teach_handlers.ShownFile
    )
    return shown


def test_a_lesson_gives_the_session_a_model_and_the_page_its_course(lesson: list) -> None:
    shown, problem, taught, after, *_ = lesson
    assert taught.head.class_names == ("ants", "bees")
    assert shown.count("<figure") == 6
    assert "of 6 right, each judged by a head fitted without it" in shown
    assert (problem["visible"], after["visible"]) == (False, True)
    loaded = final(pick("taught", "resnet18", "ants-bees", None, "", "cpu", None, taught=taught))
    assert (loaded.choice, loaded.model, loaded.weights["value"]) == (taught, "resnet18", "taught")
    assert ("Taught here: ants, bees", "taught") in loaded.weights["choices"]
    assert "your photos" in loaded.status


@pytest.mark.slow
def test_a_lesson_on_a_checkpoint_of_ones_own_is_another_head_on_it(tmp_path: Path) -> None:
    file = str(two_classes(tmp_path / "mine.pkl"))
    mine = final(pick("checkpoint", "resnet18", "random", file, "", "cpu", None)).choice
    *_, (_, _, taught, *_) = taught_by([PHOTOS[:3], PHOTOS[3:]], names=("left", "right"), choice=mine)
    assert (taught.checkpoint, taught.head.class_names) == (mine.checkpoint, ("left", "right"))
    shown = final(pick("taught", "resnet18", "own", file, "", "cpu", mine, taught=taught))
    assert shown.weights["value"] == "taught"
    emptied = final(pick("checkpoint", "resnet18", "taught", None, "", "cpu", taught, taught=taught))
    assert (emptied.choice, emptied.weights["value"]) == (taught, "taught")
    assert shared_cache().get(mine).class_names == ("class 0", "class 1")


@pytest.mark.parametrize(
    ("names", "files", "says"),
    [
        (("a", "b"), [[], []], "The class a has no photo"),
        (("a", ""), [[BEE], []], "There is nothing to tell apart yet"),
        (("a", "a"), [[BEE], [BEE]], "the same name"),
        (("a", "b"), [[BEE], ["letter"]], "No photo of the class b can be read"),
    ],
)
def test_a_lesson_that_cannot_be_held_says_why(names, files, says, no_picture: Path) -> None:
    files = [[no_picture if path == "letter" else path for path in each] for each in files]
    *_, (shown, problem, taught, after, *_) = taught_by(files, names=names)
    assert says in problem["value"]
    assert "Nothing taught yet" in shown
    assert not isinstance(taught, models.ModelChoice)
    assert after["visible"] is False


@pytest.mark.slow
def test_a_lesson_with_two_hundred_photos_tells_how_far_it_is() -> None:
    steps = taught_by([[PHOTOS[0]] * 100, [PHOTOS[3]] * 100])
    told = [int(re.search(r'value="(\d+)"', step[0])[1]) for step in steps[:-1]]
    assert told == sorted(told)
    assert len(told) >= 2
    assert "200 of 200 right" in steps[-1][0]


def test_the_taught_checkpoint_is_a_file_to_save(lesson: list) -> None:
    path, problem = saved_lesson(lesson[2])
    assert problem["visible"] is False
    assert Path(path).name == "ants-bees.pth"
    loaded = obtain(weights=OWN, checkpoint=path, device="cpu")
    taught = shared_cache().get(lesson[2])
    pixels = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(loaded.network(pixels), taught.network(pixels))
    Path(path).unlink()


def test_a_lesson_that_was_forgotten_is_not_another_models_file() -> None:
    path, problem = saved_lesson(None)
    assert "What was taught is gone; press Teach again." in problem["value"]
    assert not isinstance(path, str)


@pytest.mark.parametrize(
    ("names", "file"),
    [
        (("Ants", "big bees"), "ants-big_bees.pth"), (("../etc", "a/b\\c"), "etc-a_b_c.pth"),
        (("蚂蚁", "蜜蜂"), "蚂蚁-蜜蜂.pth"),
        (("!", "?"), "taught.pth"), (("x" * 90, "y" * 90, "z" * 90), f"{'x' * 20}-{'y' * 20}-{'z' * 20}.pth"),
    ],
)  # fmt: skip
def test_file_names_are_fit_for_file_systems(names: tuple[str, ...], file: str) -> None:
    assert teach_view.file_name(names) == file


def test_a_file_name_has_no_more_bytes_than_a_file_system_takes(tmp_path: Path) -> None:
    name = teach_view.file_name(tuple(chr(0x20000 + i) * 30 for i in range(6)))  # four bytes each
    (tmp_path / name).write_text("x")
    assert name.endswith(".pth")


def test_a_photo_that_cannot_be_read_is_left_out_in_the_readers_language(no_picture: Path) -> None:
    for language, says in (("en", "This file is not a picture we can read"), ("zh-CN", "无法读取这个")):
        *_, (shown, *_) = taught_by([[*PHOTOS[:2], no_picture], PHOTOS[3:5]], language=language)
        assert f"<b>letter.jpg</b> {says}" in shown


def outcome_of(names, files, *, how_many=2, language="en"):
    """What a lesson shows in the end; a box more is filled than is shown."""
    boxes = [[str(path) for path in each] for each in files]
    asked = teach_handlers.Asked(visit(language=language), str(how_many), tuple(names), tuple(boxes))
    return final(carry_out(teach_handlers.teach, asked, teach_handlers.Shown, failed=teach_handlers.teach_failed))


@pytest.mark.parametrize(("language", "unnamed"), [("en", "class 2"), ("zh-CN", "类别 2")])
def test_a_class_without_a_name_is_called_by_its_number_and_a_hidden_box_does_not_count(language, unnamed) -> None:
    shown = outcome_of([" ants ", None, "hidden"], [PHOTOS[:2], PHOTOS[3:5], PHOTOS[5:]], language=language)
    assert shown.taught.head.class_names == ("ants", unnamed)
    assert shown.result.count("<figure") == 4


def test_a_photo_that_is_none_is_left_out_and_the_lesson_goes_on(no_picture: Path) -> None:
    shown = outcome_of(["a", "b"], [[no_picture, *PHOTOS[:2]], PHOTOS[3:5]])
    assert shown.result.count("<figure") == 4
    assert "<li><b>letter.jpg</b> This file is not a picture we can read</li>" in shown.result
    assert shown.problem["visible"] is False


def test_the_taught_head_is_a_linear_layer_on_the_pooled_features_of_the_frozen_network(lesson: list, bundled) -> None:
    taught = lesson[2]
    theirs = torchvision.models.resnet18(num_classes=2).eval()
    theirs.load_state_dict(
        {**bundled.network.state_dict(), "fc.weight": taught.head.weight, "fc.bias": taught.head.bias}
    )
    answer = predict.classify(shared_cache().get(taught), BEE)
    with torch.no_grad():
        assert torch.allclose(theirs(answer.pixels)[0], answer.logits, atol=1e-4)


@pytest.mark.parametrize(
    ("names", "count", "english", "chinese"),
    [
        (("a", "b"), 301, "These are 602 photos; at most 600 are taken.", "602"),
        (("a" * 101, "b"), 1, "give 1 to 100 printable characters", "100"),
        (("a\x07", "b"), 1, "give 1 to 100 printable characters", "100"),
        (("a", ""), 0, "There is nothing to tell apart yet.", "\u4e24"),
    ],
)
def test_what_is_refused_is_refused_before_a_photo_is_read(names, count, english, chinese, tmp_path) -> None:
    files = [[tmp_path / "gone.jpg"] * count] * 2
    for language, words in (("en", english), ("zh-CN", chinese)):
        shown = outcome_of(names, files, language=language)
        assert words in shown.problem["value"]
        assert shown.after["visible"] is False


def test_a_lesson_says_when_its_photos_are_no_longer_those_in_the_boxes() -> None:
    def compare(names, photos, lesson, how_many="2"):
        boxes = teach_handlers.Asked(visit(), how_many, names, photos)
        asked = teach_handlers.AskedBoxes(visit(), boxes, lesson)
        ((shown,),) = carry_out(teach_handlers.compare, asked, teach_handlers.ShownBoxes)
        return shown["visible"], str(shown["value"])

    names, photos = ("ants", "bees", ""), (["a.jpg"], ["b.jpg"], None)
    lesson = teach_handlers.Asked(visit(), "2", names, photos).content
    assert compare(names, photos, lesson) == (False, "")
    assert compare(names, (["a.jpg", "c.jpg"], ["b.jpg"], None), lesson)[0]
    assert compare(("ants", "wasps", ""), photos, lesson)[0]
    assert compare(names, photos, lesson, how_many="3")[0]
    assert "press Teach again" in compare(names, ([], ["b.jpg"], None), lesson)[1]
    assert compare(names, ([], ["b.jpg"], None), None) == (False, "")  # nothing was taught yet


def test_photos_are_saved_with_their_names_and_come_back_into_the_boxes() -> None:
    names, files = ("left", "", "", "", "", ""), ([str(PHOTOS[0])], [str(PHOTOS[3]), str(PHOTOS[4])], [], [], [], [])
    asked = teach_handlers.Asked(visit(), "2", names, files)
    saved = final(carry_out(teach_handlers.save_boxes, asked, teach_handlers.ShownFile))
    zipped = teach_handlers.AskedZip(visit(), saved.file, teach_handlers.Asked(visit(), "4", ("",) * 6, ([],) * 6))
    shown = final(carry_out(teach_handlers.load_boxes, zipped, teach_handlers.ShownLoaded))
    assert shown.how_many == "2"
    assert [each["visible"] for each in shown.columns] == [True, True, False, False, False, False]
    assert shown.names == ("left", "class 2", "", "", "", "")
    assert [[Path(file).read_bytes() for file in each or []] for each in shown.photos[:2]] == [
        [Path(file).read_bytes() for file in each] for each in files[:2]
    ]
    assert shown.photos[2:] == (None,) * 4


def test_a_zip_that_will_not_do_changes_no_box(no_picture: Path) -> None:
    asked = teach_handlers.AskedZip(visit(), str(no_picture), teach_handlers.Asked(visit(), "2", ("",) * 6, ([],) * 6))
    shown = final(carry_out(teach_handlers.load_boxes, asked, teach_handlers.ShownLoaded))
    assert "This is no zip that can be read" in shown.problem["value"]
    assert shown._replace(problem=None) == teach_handlers.ShownLoaded(problem=None)


def test_the_outcome_says_who_was_taken_for_whom_and_shows_what_the_head_sees(lesson: list) -> None:
    shown, *_ = lesson
    assert shown.count('class="look"') == 6
    assert "Taken for" in shown
    rows = re.findall(r"<tr>.*?</tr>", shown, re.DOTALL)[1:]
    counts = [int(count) for row in rows for count in re.findall(r"<td[^>]*>(\d+)</td>", row)]
    assert sum(counts) == 6
