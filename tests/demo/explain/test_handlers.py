"""The Explain tab's work without a browser: what is computed, what is kept, what is said."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from demo.explain import handlers, worth_handlers, worth_view
from demo.explain import view as explain_view
from demo.explain.handlers import Asked, Explained, Shown
from demo.explain.layer_choices import layer_choices
from demo.locales import LANGUAGES, text
from demo.ui.events import Turns
from demo.ui.html import figure
from demo.ui.labels import class_choices
from demo.ui.session import Session, Turn
from resnet_app.choices import METHODS, SLOW
from resnet_app.explain import cam
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.region import region
from resnet_app.explain.worth.faithfulness import Curve
from resnet_app.inference.backbone import blocks
from resnet_app.registry import SPECS
from tests.page import carry_out, split
from tests.paths import EXAMPLES

BEE, ANT = str(EXAMPLES / "bee-daisy.jpg"), str(EXAMPLES / "ant-sand.jpg")


def ask(**changes: Any) -> Asked:
    kept = changes.get("kept")
    session = Session()
    if kept is not None:  # the same visitor comes back
        session._looked = kept.looked
    page, own = split({"photo": BEE, "session": session, **changes})
    given = {
        "method": "gradcam", "layers": ["layer4"], "classes": [], "view": "crop", "lines": "colours", "threshold": 20,
        "colours": "inferno", "first": None, "second": None, "turn": Turn(), "subject": Turn(), "kept": None,
    }  # fmt: skip
    return Asked(page, **{**given, **own})


def explain(asked: Asked) -> Iterator[Shown]:
    return carry_out(handlers.explain, asked, Shown, turns=Turns.TAKE, failed=handlers.EXPLAIN_FAILED)


def compute(asked: Asked) -> Iterator[Shown]:
    return carry_out(handlers.compute, asked, Shown, turns=Turns.TAKE, failed=handlers.COMPUTE_FAILED)


def worth(asked: Asked) -> Iterator[worth_handlers.Tested]:
    off = worth_handlers.NOT_TESTED
    return carry_out(worth_handlers.test, asked, worth_handlers.Tested, turns=Turns.WATCH, stale=off, failed=off)


def last(function: Callable[..., Any], asked: Asked) -> Any:
    return list(function(asked))[-1]


def value(update: Any) -> Any:
    return update.get("value") if isinstance(update, dict) else update


def is_hidden(update: Any) -> bool:
    return update["visible"] is False


@pytest.fixture(scope="module")
def first() -> Shown:
    return last(explain, ask())


def test_a_box_stands_with_its_threshold_and_goes_into_the_zip(first: Shown) -> None:
    asked = ask(kept=first.kept, lines="box", threshold=50, classes=["1"])
    shown = last(explain, asked)
    found = region(shown.kept.maps[1], 50)
    assert found is not None
    left, top, right, bottom = found.box
    assert f"Box: x {left} to {right}, y {top} to {bottom}" in shown.result
    assert "above 50 % of its own peak" in shown.result
    assert shown.threshold["visible"] is True
    assert is_hidden(last(explain, ask(kept=first.kept)).threshold)
    saved = carry_out(worth_handlers.write_zip, asked._replace(kept=shown.kept), worth_handlers.Saved)
    with zipfile.ZipFile(list(saved)[-1].file) as archive:
        (mask,) = [name for name in archive.namelist() if name.endswith("_mask.png")]
        (told,) = json.loads(archive.read("manifest.json"))["pictures"][0]["maps"]
        with Image.open(io.BytesIO(archive.read(mask))) as picture:
            assert (np.asarray(picture) > 0).sum() == found.mask.sum()
    assert (told["box"], told["threshold_percent_of_peak"]) == (list(found.box), 50)
    bad = last(explain, ask(kept=first.kept, lines="box", threshold=99))
    assert "The threshold is 99 %; give 5 to 95." in bad.problem["value"]


def test_without_a_photo_there_is_an_invitation() -> None:
    shown = last(explain, ask(photo=None))
    assert "Nothing to explain yet" in shown.result
    assert shown.kept is None
    assert is_hidden(shown.more)


def test_the_first_look_shows_the_best_two_classes_on_one_scale(first: Shown) -> None:
    assert isinstance(first.kept, Explained)
    assert value(first.classes) == ["1", "0"]
    assert [name for name, _ in first.classes["choices"]] == ["ants", "bees"]
    assert (value(first.first), value(first.second)) == ("1", "0")
    assert first.result.count("<figure>") == 2
    assert "One scale for all maps." in first.result
    assert "one and the same" in first.notice
    assert "points</abbr> between the two" in first.contrast
    peak = max(heatmap.peak for heatmap in first.kept.maps.values())
    assert f"<span>{figure(peak)}</span>" in first.result


def test_another_look_computes_nothing_anew(first: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(cam, "heatmaps_in_steps", never)
    again = ask(kept=first.kept, classes=["1", "0"], lines="contours", view="whole", colours="cividis")
    shown = last(explain, again)
    assert shown.kept.maps == first.kept.maps
    assert 'class="overlay lines"' in shown.result
    assert 'class="picture whole"' in shown.result
    assert "choices" not in shown.classes  # a thousand names are sent once


def test_another_photo_starts_with_its_own_best_classes(first: Shown) -> None:
    shown = last(explain, ask(kept=first.kept, photo=ANT, classes=["1"], first="1", second="0"))
    assert value(shown.classes) == ["0", "1"]
    assert (value(shown.first), value(shown.second)) == ("0", "1")


def test_a_layer_that_the_network_lacks_becomes_the_last(first: Shown) -> None:
    shown = last(explain, ask(kept=first.kept, layers=["layer3.20"]))
    assert value(shown.layers) == ["layer4"]
    assert "one and the same" in shown.notice


@pytest.mark.parametrize("layers", [["layer3"], ["layer2", "layer3.0"]])
def test_other_layers_say_nothing_of_the_last(first: Shown, layers: list[str]) -> None:
    shown = last(explain, ask(kept=first.kept, layers=layers, classes=["1"], method="layercam"))
    assert shown.kept.chosen.layers == tuple(layers)
    assert "one and the same" not in shown.notice
    assert "before the last block this is an estimate" in shown.contrast
    assert ("an estimate of what each place" in shown.result) == (len(layers) == 1)


@pytest.mark.parametrize("method", SLOW)
@pytest.mark.slow
def test_a_slow_method_says_what_it_costs_and_computes_when_told(first: Shown, method: str) -> None:
    asked = ask(kept=first.kept, method=method, layers=["layer1"], classes=["1"])
    shown = last(explain, asked)
    assert "64 passes" in shown.cost
    assert not is_hidden(shown.go)
    assert shown.result == ""
    steps = list(compute(asked._replace(kept=shown.kept)))
    assert "<progress" in steps[0].cost
    assert not is_hidden(steps[0].stop)
    done = steps[-1]
    assert is_hidden(done.go)
    assert is_hidden(done.stop)
    assert done.kept.maps.keys() == {1}
    other = last(explain, asked._replace(kept=done.kept, colours="viridis"))
    assert "<figure>" in other.result  # it is there: looking at it otherwise costs nothing


def test_a_slow_method_left_half_way_leaves_what_was_there(first: Shown) -> None:
    steps = compute(ask(kept=first.kept, method="scorecam", classes=["1"]))
    next(steps)
    steps.close()
    assert set(first.kept.maps) == {0, 1}
    assert first.kept.chosen.method == "gradcam"
    stopped = Shown(*worth_handlers.stopped("en"))
    assert not is_hidden(stopped.go)
    assert is_hidden(stopped.stop)


def test_what_an_earlier_request_comes_to_is_not_shown_over_a_later_one(first: Shown) -> None:
    turn = Turn()
    slow = compute(ask(kept=first.kept, method="ablationcam", layers=["layer1"], classes=["1"], turn=turn))
    assert "<progress" in next(slow).cost
    other = last(explain, ask(kept=first.kept, photo=ANT, turn=turn))
    assert value(other.classes) == ["0", "1"]
    assert list(slow) == [Shown()]


def test_a_test_under_way_ends_where_another_map_comes_to_stand_first(first: Shown) -> None:
    subject = Turn()
    tested = worth(ask(kept=first.kept, turn=subject))
    next(tested)
    last(explain, ask(kept=first.kept, photo=ANT, subject=subject))
    *_, (worth_view, curves, strip, _, button, stop) = tested
    assert (worth_view, strip) == ("", "")
    assert is_hidden(curves)
    assert is_hidden(stop)
    assert not is_hidden(button)


@pytest.mark.parametrize("photo", [ANT, None])
def test_a_test_under_way_goes_on_while_the_same_map_is_looked_at_otherwise(first: Shown, photo: str | None) -> None:
    subject = Turn()
    again = {"kept": first.kept, "subject": subject}
    tested = worth(ask(kept=first.kept, turn=subject))
    next(tested)
    last(explain, ask(**again))  # as a dropdown says when the focus leaves it
    last(explain, ask(**again, colours="viridis", view="photo"))
    assert "<progress" in next(tested).worth
    last(explain, ask(**again, photo=photo))
    assert list(tested)[-1].worth == ""


def test_a_test_stays_while_the_same_map_is_looked_at_otherwise(first: Shown) -> None:
    same = last(explain, ask(kept=first.kept, classes=["1", "0"], lines="contours"))
    assert (same.worth, same.strip) == (Shown().worth, Shown().strip)
    for change in ({"classes": ["0"]}, {"layers": ["layer3"]}, {"method": "layercam"}, {"photo": ANT}):
        other = last(explain, ask(**{"kept": first.kept, "classes": ["1", "0"], **change}))
        assert (other.worth, other.strip) == ("", "")


def test_a_bad_photo_gets_its_sentence_and_loses_nothing(first: Shown, tmp_path: Path) -> None:
    (tmp_path / "letter.jpg").write_text("no picture")
    shown = last(explain, ask(kept=first.kept, photo=str(tmp_path / "letter.jpg")))
    assert "not a picture we can read" in value(shown.problem)
    assert shown.kept == Shown().kept


def test_two_classes_against_each_other(first: Shown) -> None:
    assert "Choose two different classes" in handlers.contrast(ask(kept=first.kept, first="1", second="1")).contrast
    shown = handlers.contrast(ask(kept=first.kept, first="0", second="1"))
    assert is_hidden(shown.problem)
    assert shown.contrast.index("for ants") < shown.contrast.index("for bees")


@pytest.mark.slow
def test_the_tests_of_a_map(first: Shown) -> None:
    steps = list(worth(ask(kept=first.kept, classes=["1"])))
    assert "Test 1 of 3" in steps[0][0]
    verdict, curves, strip, *_ = steps[-1]
    assert "random maps" in verdict
    assert "ROAD" in verdict
    assert len(curves["value"].data) == 6
    assert strip.count("<figure>") == 7


def test_nothing_to_test_says_so(first: Shown) -> None:
    zeros = np.zeros((7, 7), np.float32)
    kept = replace(first.kept, maps={1: Heatmap(1, zeros, zeros)})
    (only,) = worth(ask(kept=kept, classes=["1"]))
    assert "nothing to test" in only[0]
    (gone,) = worth(ask())
    assert "There is no map yet" in value(gone[3])


def test_the_zip_holds_the_chosen_classes(first: Shown) -> None:
    path, problem = worth_handlers.write_zip(ask(kept=first.kept, classes=["1"]))
    assert is_hidden(problem)
    with zipfile.ZipFile(io.BytesIO(Path(path).read_bytes())) as archive:
        told = json.loads(archive.read("manifest.json"))
    assert [each["class"] for each in told["pictures"][0]["maps"]] == ["bees"]
    assert told["pictures"][0]["file"] == "bee-daisy.jpg"
    ((none, problem),) = carry_out(
        worth_handlers.write_zip, ask(), worth_handlers.Saved, failed=worth_handlers.NOT_SAVED
    )
    assert none is None
    assert "There is no map yet" in value(problem)


@pytest.mark.parametrize("name", SPECS)
def test_the_layers_on_offer_are_the_networks(name: str) -> None:
    with torch.device("meta"):
        network = SPECS[name].build()
    offered = [layer for _, layer in layer_choices(name)]
    paths = cam.choose(network, offered).paths
    assert sorted(paths) == sorted(blocks(network))  # each once


def test_classes_of_one_name_are_told_apart() -> None:
    choices = class_choices(["crane", "goldfish", "crane"])
    assert choices == [("crane · 0", "0"), ("goldfish", "1"), ("crane · 2", "2")]


def made(deletion: float, insertion: float) -> list[Curve]:
    rivals = {"random": (0.5, 0.5), "centre": (0.1, 0.9), "map": (deletion, insertion)}
    return [
        Curve(kind, order, (areas[i], areas[i]))
        for order, areas in rivals.items()
        for i, kind in enumerate(("deletion", "insertion"))
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("deletion", "insertion", "key"),
    [(0.4, 0.6, "worth_better"), (0.6, 0.6, "worth_mixed"), (0.4, 0.4, "worth_mixed"), (0.6, 0.4, "worth_worse")],
)
def test_poor_results_are_said_as_plainly_as_good_ones(
    deletion: float, insertion: float, key: str, language: str
) -> None:
    said = worth_view.verdict(language, made(deletion, insertion), -0.01)
    assert text(language, key) in said
    assert text(language, "worth_centre_better", count=2) in said
    assert "−0.010" in said


def test_words_for_empty_and_flat_maps() -> None:
    zeros = np.zeros((7, 7), np.float32)
    flat = np.full((7, 7), 0.9, np.float32)
    flat[3, 3] = 1
    assert "No evidence" in explain_view.in_words("en", Heatmap(0, zeros, zeros))
    assert "nearly flat" in explain_view.in_words("en", Heatmap(0, flat, flat))
    corner = zeros.copy()
    corner[0, 0] = 1
    assert explain_view.in_words("en", Heatmap(0, corner, corner)).startswith("Hottest in the upper left;")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_explained_and_none_claims_a_cause(method: str, language: str) -> None:
    said = explain_view.notice(language, method, is_last=False)
    assert METHODS[method] in said
    assert "because" not in said
    assert "decided" not in said


def test_maps_name_their_model_and_say_where_it_has_learnt_nothing() -> None:
    ours, others = (last(explain, ask(weights=weights)).result for weights in ("ants-bees", "random"))
    assert "ResNet-18 · Ants or bees (bundled)." in ours
    assert "These weights are random" not in ours
    assert "ResNet-18 · Random (untrained)." in others
    assert "These weights are random" in others


def test_another_models_classes_are_its_own_best(first: Shown) -> None:
    """What was chosen by number for one model is not shown for another: its class 1 is something else."""
    again = last(explain, ask(weights="random", classes=["0", "1"], kept=first.kept))
    best = [str(each.index) for each in again.kept.answer.predictions[:2]]
    assert value(again.classes) == best
