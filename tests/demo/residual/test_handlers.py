"""The Why residual? tab's work without a browser: a guess, curves that grow, and what is inside."""

import os
from typing import Any

import numpy as np
import pytest
import torch

from demo.locales import LANGUAGES, text
from demo.residual import charts, handlers, inside_handlers
from demo.residual.choices import DATA, NO_IDEA, data_sets
from demo.residual.handlers import Asked, Shown
from demo.residual.inside_handlers import AskedSurface, AskedWalk
from demo.ui.events import Turns
from demo.ui.session import Turn
from resnet_app.depth.process import Study
from resnet_app.depth.record import KINDS, Run, StudySettings, colour_of, recorded
from resnet_app.depth.study import build
from resnet_app.errors import ResNetAppError
from tests.page import carry_out, split
from tests.resnet_app.depth.test_process import workers_of

SMALL = {"depths": [8], "kinds": ["plain", "residual"], "epochs": 2, "width": 4}


def ask(**changes: Any) -> Asked:
    page, own = split(changes)
    given = {
        "depths": [20, 56], "kinds": ["plain", "residual"], "seeds": 1, "epochs": 12, "width": 8, "norm": True,
        "data": "digits", "guess": NO_IDEA, "measure": "gradients", "study": None,
        "turn": Turn(),
    }  # fmt: skip
    return Asked(page, **{**given, **own})


@pytest.fixture(scope="module")
def trained() -> Shown:
    """What a small experiment shows in the end; the study is kept."""
    *steps, end = carry_out(handlers.train, ask(**SMALL, guess="plain 8"), Shown, failed=handlers.FAILED)
    assert isinstance(steps[0].study, Study)
    assert any("of 4 epochs" in str(step.progress) for step in steps)
    return end


def test_one_guesses_among_the_networks_that_are_chosen_and_then_may_train() -> None:
    shown = handlers.offer(ask(guess=None))
    assert [value for _, value in shown.guess["choices"]] == [
        "plain 20", "residual 20", "plain 56", "residual 56", NO_IDEA
    ]  # fmt: skip
    assert "value" not in shown.guess  # what is guessed before this answer is there stays
    assert handlers.guessed(ask(guess="plain 56")).go["interactive"]
    assert "value" not in handlers.offer(ask(guess="plain 56")).guess
    gone = handlers.offer(ask(guess="plain 56", depths=[8]))
    assert (gone.guess["value"], gone.go["interactive"]) == (None, False)


def test_before_an_experiment_the_words_are_the_pages_language() -> None:
    assert "Train networks with and without shortcuts" in handlers.show(ask()).result
    assert text("zh-CN", "depth_empty_title") in handlers.show(ask(language="zh-CN")).result


@pytest.mark.slow
def test_what_was_trained_is_told_drawn_and_taken_along(trained: Shown) -> None:
    record = trained.study.record
    lowest = min(record.runs, key=lambda each: each.losses()[-1])
    assert f"{lowest.losses()[-1]:.3g}" in trained.verdict
    assert ("You were right" in trained.verdict) == (lowest.run.kind == "plain")
    figure = trained.curves["value"]
    for trace, (run, part) in zip(
        figure.data, [(run, part) for part in ("train", "test") for run in record.runs], strict=True
    ):
        assert list(trace.y) == pytest.approx([100 * error for error in run.errors(part)])
        assert trace.line.color == colour_of(8)
        assert trace.line.dash == ("dash" if run.run.kind == "plain" else "solid")
    assert 'download="depth.csv"' in trained.result
    assert 'download="depth.png"' in trained.result
    assert trained.first["value"] == "0"
    assert trained.second["value"] == "1"
    for measure in ("gradients", "responses", "shares"):
        assert handlers.measure(ask(study=trained.study, measure=measure)).measured.data


@pytest.mark.slow
def test_a_picture_is_walked_through_both_as_they_were_after_each_epoch(trained: Shown) -> None:
    def walk(**changes: Any) -> str:
        page, own = split(changes)
        given = {"first": "0", "second": "1", "epoch": 2, "picture": 1, "study": trained.study}
        return inside_handlers.walk(AskedWalk(page, **{**given, **own})).walks

    shown = walk()
    pictures = trained.study.pictures()
    assert shown.count("<li") == 2 * 4  # the first convolution and three blocks
    assert f"It is class {int(pictures.test_labels[0])}" in shown
    assert walk(epoch=0) != shown
    settings = trained.study.record.settings
    with torch.inference_mode():
        first = build(Run("plain", 8, 0), settings, pictures).eval()(pictures.test[:1]).softmax(1)
    assert f"answers {int(first.argmax())}" in walk(epoch=0)
    for picture in (0, 398, "x"):
        with pytest.raises(ResNetAppError, match="Pictures are 1 to 397"):
            walk(picture=picture)
    assert walk(study=None) == ""
    assert "press Train them" in walk(study=Study.of(recorded()))


@pytest.mark.slow
@pytest.mark.parametrize("plane", ["random", "path"])
def test_the_loss_is_sampled_and_drawn_on_one_scale(trained: Shown, plane: str) -> None:
    page, _ = split({})
    asked = AskedSurface(page, "0", "1", plane, "11", 3, trained.study, Turn())
    *steps, end = inside_handlers.surface(asked)
    assert any("of 242 points" in str(step.progress) for step in steps)
    drawn = [trace for trace in end.surface["value"].data if trace.type in ("surface", "contour")]
    heights = [np.array(trace.z) for trace in drawn]
    assert [height.shape for height in heights] == [(11, 11), (11, 11)]
    if plane == "random":
        assert "seed 3" in end.words
        for height, run in zip(heights, trained.study.record.runs, strict=True):
            assert height.argmin() == height.size // 2 or height.min() > -3
            assert height[5, 5] == pytest.approx(np.log10(run.losses()[-1]), abs=1)  # where training ended
        low, high = drawn[0].cmin, drawn[0].cmax
        assert (low, high) == (drawn[1].cmin, drawn[1].cmax)
        assert (low, high) == pytest.approx((min(map(np.min, heights)), max(map(np.max, heights))))


@pytest.mark.slow
def test_after_cancel_the_process_has_ended() -> None:
    asked = ask(**SMALL)
    shown = carry_out(handlers.train, asked, Shown, turns=Turns.TAKE, failed=handlers.FAILED)
    first = next(shown)
    shown.close()  # as Cancel does
    assert workers_of(os.getpid()) == []
    assert not first.study.is_done


@pytest.mark.slow
def test_another_training_of_the_same_visitor_takes_the_place_of_this_one() -> None:
    asked = ask(**SMALL)
    shown = carry_out(handlers.train, asked, Shown, turns=Turns.TAKE, failed=handlers.FAILED)
    next(shown)
    asked.turn.take()
    assert list(shown) == [Shown()]
    assert workers_of(os.getpid()) == []


def test_what_cannot_be_trained_is_one_sentence_and_the_button_is_back() -> None:
    for changes, says in (
        ({"depths": []}, "0 networks are chosen"),
        ({"seeds": 30}, "choose 1 to 30"),
        ({"epochs": "x"}, "Epochs are 1 to"),
    ):
        (shown,) = carry_out(handlers.train, ask(**changes), Shown, failed=handlers.FAILED)
        assert says in str(shown.problem)
        assert shown.go["visible"]


def test_the_recorded_experiment_shows_the_degradation_and_says_that_it_is_recorded() -> None:
    for language in LANGUAGES:
        shown = handlers.play(ask(language=language, guess="plain 56"))
        assert 'class="note"' in shown.result
        assert shown.after["visible"]
    last = {(each.run.kind, each.run.depth): each.losses()[-1] for each in recorded().runs}
    assert last["plain", 56] > 100 * last["residual", 56]
    assert last["plain", 56] > 10 * last["plain", 20]


def test_several_seeds_are_a_band_around_their_mean() -> None:
    record = recorded()
    twice = [*record.runs, *(type(each)(Run(each.run.kind, each.run.depth, 1), 1, each.epochs) for each in record.runs)]
    settings = StudySettings(depths=record.settings.depths, kinds=record.settings.kinds, seeds=(0, 1), epochs=12)
    both = type(record)("digits", settings, twice)
    assert not [trace for trace in charts.errors("en", both).data if trace.fill]  # equal runs have no width
    twice[8] = type(twice[8])(twice[8].run, 1, twice[-1].epochs)
    (band, *_) = [trace for trace in charts.errors("en", both).data if trace.fill]
    own, other = (np.array(each.errors("train")) * 100 for each in (twice[0], twice[8]))
    assert list(band.y[:12]) == pytest.approx(np.maximum(own, other))
    assert {*charts.DASHES} == {*KINDS}


def test_other_data_are_offered_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    assert data_sets() == {"digits": "digits"}
    monkeypatch.setenv(DATA, str(tmp_path))
    assert data_sets() == {"digits": "digits", tmp_path.name: str(tmp_path)}
    monkeypatch.setenv(DATA, str(tmp_path / "absent"))
    assert data_sets() == {"digits": "digits"}
