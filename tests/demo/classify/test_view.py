"""The answer as Classify shows it: a row and a map for each class, in words that fit them."""

from dataclasses import replace

import numpy as np
import pytest

from demo.classify import view as classify_view
from demo.locales import LANGUAGES
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.inference.models import Head, LoadedModel, dressed
from resnet_app.inference.predict import Prediction, Timing
from tests.demo.helpers import Tags


def test_answer_has_a_row_and_a_map_for_each_class_with_words(hostile_model: LoadedModel, answered) -> None:
    answer, maps = answered
    random = replace(hostile_model, choice=replace(hostile_model.choice, weights="random"))
    parts = Tags(classify_view.answer("en", random, answer, maps, cam_ms=0, colours="inferno"))
    buttons = [attributes for tag, attributes in parts.found if tag == "button"]
    assert [button["aria-pressed"] for button in buttons] == ["true", "false"]
    overlays = [a for _, a in parts.found if "overlay" in (a.get("class") or "")]
    assert [a["data-answer"] for a in overlays] == ["0", "1"]
    assert ["hidden" in a for a in overlays] == [False, True]
    assert "the answers mean nothing" in parts.words
    for attributes, heatmap in zip(overlays, maps, strict=True):
        if heatmap.has_evidence:
            across, down = heatmap.hottest
            assert ("left" in attributes["alt"]) == (across < 1 / 3)
            assert ("upper" in attributes["alt"]) == (down < 1 / 3)


def shown_with(bundled, answered, language="en", maps=None, signed=None, **changes):
    answer = replace(answered[0], **changes)
    maps = answered[1][:1] if maps is None else maps
    return classify_view.answer(language, bundled, answer, maps, cam_ms=8.0, colours="inferno", signed=signed)


def test_what_a_lesson_does_not_know_is_none_of_its_classes(bundled, answered) -> None:
    head = Head(("ants", "bees"), bundled.network.fc.weight, bundled.network.fc.bias)
    taught = dressed(bundled, replace(bundled.choice, head=head))
    words = Tags(shown_with(taught, answered, is_ood=True)).words
    assert "AnswerNone of these" in words  # and no probability beside it
    assert "Far from every photo that it was taught with." in words
    assert "Unlike what this model was trained on" not in words
    assert "None of these" not in Tags(shown_with(taught, answered, is_ood=False)).words
    assert "None of these" not in Tags(shown_with(bundled, answered, is_ood=True)).words


@pytest.mark.parametrize(
    ("label", "size"), [("ant", "short"), ("x" * 9, "short"), ("x" * 10, "medium"), ("x" * 18, "medium"),
                        ("x" * 19, "long"), ("x" * 100, "long")],
)  # fmt: skip
def test_a_long_name_is_set_smaller(bundled, answered, label: str, size: str) -> None:
    shown = shown_with(bundled, answered, predictions=(Prediction(0, label, 0.9),))
    assert f'<strong class="{size}">{label}</strong><span>90.0\u202f%</span>' in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_map_without_evidence_is_no_picture_but_words(bundled, answered, language: str) -> None:
    zeros = np.zeros((7, 7), np.float32)
    shown = shown_with(bundled, answered, language, maps=[Heatmap(0, zeros, zeros)])
    assert shown.count("<img") == 2  # the crop, large and in its row
    assert '<p class="overlay none" data-answer="0">' in shown
    assert ("No evidence for this class in this picture." in shown) == (language == "en")


def test_the_steps_add_up_to_the_total_with_the_maps_own_time(bundled, answered) -> None:
    words = Tags(shown_with(bundled, answered, timing=Timing(decode=1.3, forward=20.4))).words.replace("\u202f", " ")
    assert "decode 1.3 msforward 20 msmaps 8.0 mstotal 30 ms" in words


@pytest.mark.parametrize(("raw", "ahead"), [(2.5, "ants +2.50"), (-1.25, "bees +1.25")])
def test_the_signed_map_says_who_is_ahead_whoever_was_answered(bundled, answered, raw: float, ahead: str) -> None:
    values = np.full((7, 7), np.sign(raw), np.float32)
    signed = SignedMap(values, np.array([[raw]], np.float32))
    for order in ((0, 1), (1, 0)):
        both = tuple(Prediction(index, ("ants", "bees")[index], 0.5) for index in order)
        shown = shown_with(bundled, answered, maps=answered[1][:2], predictions=both, signed=signed)
        assert f"the parts add up to {ahead} <abbr" in shown
        assert "What speaks for ants and what for bees" in shown
