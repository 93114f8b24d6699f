"""The Classify tab's work without a browser: an answer, no photo, a bad one, and which model answers."""

import base64
import io
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from demo.classify import view
from demo.sidebar.view import status_ready
from resnet_app import device
from resnet_app.colours import SIDES
from resnet_app.inference import models
from resnet_app.inference.predict import Prediction, classify
from tests.demo.helpers import ANT, BEE, look


def test_no_photo_is_the_empty_state_and_a_bad_one_keeps_the_last_answer(no_picture: Path) -> None:
    shown, _, controls, *_ = look(language="zh-CN")
    assert "还没有图片" in shown
    assert controls["visible"] is False
    shown, problem, *_ = look(photo=str(no_picture))
    assert shown == gr.skip()
    assert "not a picture we can read" in problem["value"]


def test_before_anything_is_loaded_the_sidebar_says_which_model_answers() -> None:
    page, *_ = look(model="resnet34", weights="random", photo=str(BEE), top_k=3)
    assert "These weights are random" in page


@pytest.mark.parametrize("top_k", [0, 11, -1, None, "three", float("nan"), float("inf")])
def test_a_number_of_answers_that_is_none_is_a_sentence(top_k) -> None:
    shown, problem, controls, *_ = look(photo=str(BEE), top_k=top_k)
    assert (shown, controls) == (gr.skip(), gr.skip())
    assert "give 1 to 10" in problem["value"]


def test_the_best_of_a_thousand_are_torchvisions_in_order(random18) -> None:
    theirs = torchvision.models.resnet18(weights=None).eval()
    theirs.load_state_dict(random18.network.state_dict())
    weights = torchvision.models.ResNet18_Weights.DEFAULT
    with Image.open(BEE) as photo, torch.no_grad():
        best = theirs(weights.transforms()(photo.convert("RGB"))[None])[0].softmax(0).topk(3)
    shown = look(photo=str(BEE), weights="random", top_k=3).result
    assert labels_of(shown) == [weights.meta["categories"][index] for index in best.indices]
    widths = [float(width) for width in re.findall(r'class="bar"><i style="width:([\d.]+)%', shown)]
    assert widths == pytest.approx((100 * best.values).tolist(), abs=0.02)


@pytest.mark.parametrize("photo", [ANT, BEE])
def test_each_of_two_classes_keeps_its_end_of_the_bar(photo) -> None:
    versus = look(photo=str(photo)).result.partition('class="versus"')[2].partition('class="stage"')[0]
    assert re.findall(r'class="end"><b>(\w+)</b>', versus) == ["ants", "bees"]
    ants, bees = (float(width) for width in re.findall(r"width:([\d.]+)%", versus))
    assert ants + bees == pytest.approx(100, abs=0.02)
    assert (ants > bees) == (photo == ANT)


def labels_of(shown: str) -> list[str]:
    return re.findall(r'<span class="label"><b>(.*?)</b>', shown)


def test_the_slider_ends_at_the_models_classes_and_begins_anew_with_another_number_of_them():
    two = look(photo=str(BEE))
    assert (two.top_k["maximum"], two.top_k["value"], two.classes) == (2, 2, 2)
    many = look(photo=str(BEE), weights="random", top_k=2, classes=2)
    assert (many.top_k["maximum"], many.top_k["value"], many.classes) == (10, 5, 1000)
    assert many.result.count('class="value"') == 5
    chosen = look(photo=str(BEE), weights="random", top_k=3, classes=1000)
    assert "maximum" not in chosen.top_k  # what was chosen stays
    assert chosen.result.count('class="value"') == 3


def test_of_two_classes_an_answer_is_one_from_three_quarters_on(bundled, tmp_path):
    """A snail is neither, and the model is not sure of it; a picture of one pixel is remarked on."""
    model = bundled
    for probability, words in ((0.538, "Not sure: "), (0.749, "Not sure: "), (0.751, "")):
        found = replace(classify(model, BEE), predictions=(
            Prediction(0, "ants", probability), Prediction(1, "bees", 1 - probability),
        ))  # fmt: skip
        assert view.headline("en", found, model.doubt(found.predictions[0].probability, found.is_ood))[0] == (
            f"{words}ants or bees" if words else "ants"
        )
    Image.new("RGB", (1, 1), (200, 30, 30)).save(tmp_path / "one.png")
    assert "A tiny picture" in look(photo=str(tmp_path / "one.png")).result
    assert "A tiny picture" not in look(photo=str(BEE)).result


def test_all_maps_of_a_photo_are_on_one_scale_unless_each_is_to_have_its_own():
    shared, own = (look(photo=str(BEE), scale=scale).result for scale in ("shared", "own"))
    assert "One scale for all maps of this photo" in shared
    assert "Each map on its own scale" in own
    weaker = [re.findall(r'data-answer="1" src="data:image/webp;base64,([^"]+)"', page)[0] for page in (shared, own)]
    alphas = [np.asarray(Image.open(io.BytesIO(base64.b64decode(each))))[..., 3].max() for each in weaker]
    assert alphas[0] < alphas[1]  # "ants 7 %" does not glow as hot as "bees 93 %"


def test_a_class_has_one_colour_wherever_it_stands():
    for photo in (BEE, ANT):
        page = look(photo=str(photo)).result.partition('class="answers')[2]
        colours = re.findall(r'<b>(ants|bees)</b>.*?<span class="bar"><i style="[^"]*background:(#\w+)', page)
        assert dict(colours) == dict(zip(("ants", "bees"), SIDES, strict=True))


def test_half_the_bits_say_what_they_cost_in_the_answer_and_the_card(monkeypatch) -> None:
    monkeypatch.setattr(device, "has_quick_bfloat16", lambda _device: True)
    shown = look(photo=str(BEE), device="cpu bfloat16").result
    told = re.search(
        r"bfloat16 changed the logits of this photo by at most ([\d.]+) \(([\d.]+) % of the largest\)", shown
    )
    assert told
    assert 0.0005 < float(told[1]) < 0.2
    assert "the best answer is float32" in unescape(shown)
    assert "bfloat16" not in look(photo=str(BEE), device="cpu").result
    model = models.load(models.choose(device="cpu", precision="bfloat16"))
    assert "2 threads · bfloat16" in status_ready("en", model).replace("1 thread ·", "2 threads ·")
