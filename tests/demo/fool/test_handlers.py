"""The Fool it tab's work without a browser: paint, slide, attack, keep."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.fool import attack_handlers, gallery_handlers, handlers, paint_handlers, slide_handlers
from demo.fool.trial_handlers import Asked, Shown
from demo.ui.events import Turns
from demo.ui.session import Session, Turn
from resnet_app.errors import ResNetAppError
from resnet_app.inference import predict
from resnet_app.robustness.catalogue import CORRUPTIONS, find
from tests.page import carry_out, split
from tests.paths import EXAMPLES

BEE, ANT = str(EXAMPLES / "bee-daisy.jpg"), str(EXAMPLES / "ant-sand.jpg")


class Stroked:
    """What the page tells of the brush."""

    def __init__(self, *points: tuple[float, float], radius: float = 0.1) -> None:
        self.value = json.dumps([{"radius": radius, "points": [list(point) for point in points]}])


@pytest.fixture
def session() -> Session:
    return Session()


def ask(session: Session, **changes: Any) -> Asked:
    page, own = split({"photo": BEE, "session": session, **changes})
    given = {
        "experiment": "paint", "cover": "grey", "share": 20, "corruption": "blur", "strength": find("blur").neutral,
        "method": "pgd", "epsilon": 4, "target": "any", "strokes": None, "tried": None, "gallery": (), "turn": Turn(),
    }  # fmt: skip
    return Asked(page, **{**given, **own})


def last(work: Any, asked: Asked, *event: Any, **how: Any) -> Shown:
    *_, shown = carry_out(work, asked, Shown, *event, turns=Turns.TAKE, **how)
    return shown


def test_without_a_photo_there_is_an_invitation(session: Session) -> None:
    shown = last(handlers.show, ask(session, photo=None))
    assert "No photo to fool" in shown.result or "photo" in shown.result
    assert shown.painting["visible"] is False


def test_a_painted_pictures_answer_is_predicts_of_the_saved_picture(session, bundled, tmp_path) -> None:
    shown = last(paint_handlers.paint, ask(session), Stroked((0.3, 0.5), (0.7, 0.5)))
    after = shown.tried.trial.after
    pixels, before = np.asarray(after.crop), np.asarray(shown.tried.trial.before.crop)
    is_changed = (pixels != before).any(2)
    assert is_changed[112, 112]
    assert not is_changed[10].any()
    assert 0.05 < is_changed.mean() < 0.2  # a bar of 0.4 x 0.2 and its round ends
    recipe = bundled.recipe
    margin = (recipe.resize - recipe.crop) // 2
    whole = Image.new("RGB", (recipe.resize, recipe.resize))
    whole.paste(after.crop, (margin, margin))
    whole.save(tmp_path / "painted.png")
    saved = predict.classify(bundled, tmp_path / "painted.png")
    assert saved.predictions[0].probability == pytest.approx(after.predictions[0].probability, abs=1e-5)


def test_strokes_stay_with_their_photo_and_bad_ones_get_a_sentence(session) -> None:
    painted = last(paint_handlers.paint, ask(session), Stroked((0.5, 0.5)))
    again = last(paint_handlers.repaint, ask(session, strokes=painted.strokes, cover="blurred"))
    assert again.tried.change["covered_share"] == painted.tried.change["covered_share"] > 0
    other = last(paint_handlers.repaint, ask(session, strokes=painted.strokes, photo=ANT))
    assert other.tried.change["covered_share"] == 0
    for value in ("{", "[1]", 7, json.dumps([{"radius": 9, "points": [[0, 0]]}]), "[" * 10_000):
        with pytest.raises(ResNetAppError, match="strokes cannot be read"):
            paint_handlers.read_strokes(value)


def test_both_falls_are_told(session) -> None:
    shown = last(paint_handlers.cover, ask(session))
    assert shown.tried.change == {"kind": "cover", "cover": "grey", "share": 0.2}
    assert shown.result.count("<figure>") == 3
    assert "As much elsewhere" in shown.result


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_at_its_neutral_value_a_slider_changes_no_logit(name: str, session: Session) -> None:
    shown = last(slide_handlers.slide, ask(session, experiment="slide", corruption=name, strength=find(name).neutral))
    trial = shown.tried.trial
    assert (trial.after.logits - trial.before.logits).abs().max() < 1e-5


def test_another_change_gets_its_own_range_and_its_curve_marks_where_the_slider_stands(session: Session) -> None:
    asked = ask(session, experiment="slide", corruption="brightness")
    shown = last(slide_handlers.choose, asked)
    brightness = find("brightness")
    assert (shown.strength["minimum"], shown.strength["maximum"]) == (brightness.low, brightness.high)
    drawn = last(slide_handlers.draw, asked._replace(strength=brightness.neutral))
    figure = drawn.curve["value"]
    values = list(figure.data[0].x)
    assert (min(values), max(values)) == (brightness.low, brightness.high)
    clean = list(figure.data[0].y)[values.index(brightness.neutral)]
    answer = asked.looked.answer().predictions[0].probability
    assert clean == pytest.approx(answer, abs=1e-3) or clean == pytest.approx(100 * answer, abs=0.1)
    with pytest.raises(ResNetAppError):
        slide_handlers.slide(asked._replace(strength=1e9))


def test_an_attack_fools_it_is_kept_and_taken_along(session: Session) -> None:
    asked = ask(session, experiment="attack")
    *on_the_way, shown = carry_out(attack_handlers.attack, asked, Shown, turns=Turns.TAKE)
    assert on_the_way
    assert shown.keep["visible"]
    trial = shown.tried.trial
    assert trial.is_fooled
    far = np.abs(np.asarray(trial.after.crop, int) - np.asarray(trial.before.crop, int)).max()
    assert 1 <= far <= 4
    kept = gallery_handlers.keep(asked._replace(tried=shown.tried))
    saved = gallery_handlers.write_zip(asked._replace(gallery=kept.kept))
    with zipfile.ZipFile(saved.file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        (picture,) = [name for name in archive.namelist() if name.endswith(".png")]
        Image.open(io.BytesIO(archive.read(picture))).load()
    assert "pgd" in json.dumps(manifest)
    for work, says in ((gallery_handlers.keep, "no changed picture"), (gallery_handlers.write_zip, "gallery is empty")):
        with pytest.raises(ResNetAppError, match=says):
            work(asked)


def test_no_attack_at_an_epsilon_of_zero_and_none_at_a_wrong_one(session: Session) -> None:
    shown = last(attack_handlers.attack, ask(session, experiment="attack", epsilon=0))
    assert not shown.tried.trial.is_fooled
    with pytest.raises(ResNetAppError):
        list(attack_handlers.attack(ask(session, experiment="attack", epsilon=99)))


def test_what_was_tried_is_shown_again_on_the_way_back_and_not_on_another_photo(session: Session) -> None:
    tried = last(attack_handlers.attack, ask(session, experiment="attack")).tried
    back = last(handlers.show, ask(session, experiment="attack", tried=tried))
    assert back.tried is tried
    other = last(handlers.show, ask(session, experiment="attack", tried=tried, photo=ANT))
    assert not other.tried.trial.is_fooled
    in_chinese = last(handlers.show, ask(session, experiment="attack", language="zh-CN"))
    assert any("\u4e00" <= letter <= "\u9fff" for letter in in_chinese.result)
