"""The room with inference step by step: with a photo, without one, and where something is wrong."""

import pytest

from demo.explore import overview_handlers, steps_view
from demo.locales import LANGUAGES
from demo.sidebar.view import status_ready
from tests.demo.helpers import plan_of
from tests.page import last, visit


def walk(**changes):
    return last(overview_handlers.walk, plan_of(visit(**changes)), overview_handlers.Walked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_show_what_came_of_a_photo(language, bundled, repo):
    photo = str(repo / "assets" / "examples" / "bee-daisy.jpg")
    shown = walk(choice=bundled.choice, photo=photo, language=language).steps
    assert shown.count("<li>") == len(steps_view.CODE) == 5
    assert "1×3×224×224" in shown
    assert "1 · bees" in shown
    assert "torch.max(logits.softmax(1), 1)" in shown
    assert shown.count('class="note"') == 3  # Normalize, eval, no_grad
    assert "answer.py" in shown


def test_without_a_photo_there_are_the_steps_alone(bundled):
    shown = walk(choice=bundled.choice).steps
    assert shown.count("<li>") == 5
    assert 'class="came"' not in shown
    assert "Choose a photo" in shown


def test_a_bad_photo_is_a_sentence(bundled, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    shown = walk(choice=bundled.choice, photo=str(tmp_path / "bad.jpg")).problem["value"]
    assert 'role="alert"' in shown
    assert "not a picture we can read" in shown


def test_the_status_card_says_where_the_weights_come_from(bundled, random18):
    from dataclasses import replace

    from resnet_app.inference import models

    assert "assets/ants-bees.safetensors" in status_ready("en", bundled)
    assert "Address" not in status_ready("en", random18)
    published = replace(random18, choice=models.choose("resnet18", "imagenet-v1", device="cpu"))
    assert random18.spec.published("imagenet-v1").url in status_ready("en", published)
