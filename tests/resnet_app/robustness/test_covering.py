"""Parts covered: by a brush and by a map; what is covered with; and the falls."""

import numpy as np
import pytest
from PIL import Image

from resnet_app.errors import ResNetAppError
from resnet_app.explain import cam
from resnet_app.explain.heatmap import Heatmap
from resnet_app.inference import predict
from resnet_app.robustness import covering
from resnet_app.robustness.catalogue import COVERS
from resnet_app.robustness.covering import Stroke
from resnet_app.robustness.trial import to_save, tried


def test_a_stroke_covers_what_the_brush_went_over() -> None:
    dot = covering.painted([Stroke(0.1, ((0.5, 0.5),))], 200)
    assert dot.sum() == pytest.approx(np.pi * 20**2, rel=0.05)
    assert dot[100, 100]
    assert not dot[100, 125]
    line = covering.painted([Stroke(0.05, ((0.2, 0.5), (0.8, 0.5)))], 200)
    assert line[100, 30:170].all()
    assert not line[120].any()
    assert not covering.painted([], 200).any()


@pytest.mark.parametrize("cover", COVERS)
def test_only_what_is_painted_is_covered(cover: str, bee) -> None:
    mask = covering.painted([Stroke(0.2, ((0.5, 0.5),))], 224)
    before, after = np.asarray(bee.crop), np.asarray(covering.covered(bee.crop, mask, cover))
    assert (before[~mask] == after[~mask]).all()
    inside = after[mask]
    if cover == "grey":
        assert (inside == 128).all()
    elif cover == "mean":
        assert np.abs(inside - before.mean((0, 1))).max() <= 0.51
    else:
        assert inside.std() < before[mask].std()
    with pytest.raises(ResNetAppError, match="Unknown cover"):
        covering.covered(bee.crop, mask, "black")


@pytest.mark.parametrize("cover", COVERS)
def test_a_painted_out_picture_is_answered_as_predict_answers_the_saved_one(cover: str, bundled, bee, tmp_path) -> None:
    mask = covering.painted([Stroke(0.08, ((0.3, 0.4), (0.7, 0.6)))], 224)
    trial = tried(bundled, bee, covering.covered(bee.crop, mask, cover))
    assert not np.allclose(trial.after.logits, bee.logits, atol=1e-3)
    to_save(trial.after.crop, bundled.recipe).save(tmp_path / "painted.png")
    saved = predict.classify(bundled, tmp_path / "painted.png")
    assert saved.crop.tobytes() == trial.after.crop.tobytes()
    assert np.allclose(saved.logits, trial.after.logits, atol=1e-6)
    assert trial.logit_change == pytest.approx(float((saved.logits - bee.logits)[bee.predictions[0].index]), abs=1e-5)


@pytest.mark.parametrize("sides", [(256, 224), (232, 224), (257, 224), (224, 224)])
def test_a_margin_is_cut_off_again(sides: tuple[int, int], tmp_path) -> None:
    from resnet_app.images import Recipe, read_crop

    recipe = Recipe(resize=sides[0], crop=sides[1])
    crop = Image.fromarray(np.random.default_rng(1).integers(0, 256, (224, 224, 3), dtype=np.uint8))
    to_save(crop, recipe).save(tmp_path / "x.png")
    assert read_crop(tmp_path / "x.png", recipe).tobytes() == crop.tobytes()


def test_the_important_part_and_as_much_elsewhere(bundled, bee) -> None:
    (heatmap,) = cam.heatmaps(bundled, bee, [bee.predictions[0].index])
    for share in (0.1, 0.5):
        mask = covering.important(heatmap, share)
        values = heatmap.on_scale(heatmap.peak)
        assert mask.mean() == pytest.approx(share, abs=1e-3)
        assert values[mask].min() >= values[~mask].max() - 1e-6
        for seed in range(2):
            other = covering.elsewhere(mask, seed)
            assert other.sum() == mask.sum()
            assert not (other & mask).any()


def test_both_falls_are_those_of_the_covered_pictures(bundled, bee) -> None:
    (heatmap,) = cam.heatmaps(bundled, bee, [bee.predictions[0].index])
    found = covering.falls(bundled, bee, heatmap, share=0.2, cover="mean")
    mask = covering.important(heatmap, 0.2)
    index = bee.predictions[0].index
    for trial, place in zip(
        [found.important, *found.elsewhere], [mask, *(covering.elsewhere(mask, s) for s in range(5))], strict=True
    ):
        alone = predict.classify_crop(bundled, covering.covered(bee.crop, place, "mean"))
        assert trial.logit_change == pytest.approx(float(alone.logits[index] - bee.logits[index]), abs=1e-6)
    assert found.mean_elsewhere == pytest.approx(np.mean([each.logit_change for each in found.elsewhere]))


@pytest.mark.parametrize("share", [0, 0.51, 1])
def test_a_share_that_cannot_be_covered_elsewhere_is_refused(share: float, is_plain) -> None:
    with pytest.raises(ResNetAppError) as caught:
        covering.important(Heatmap(0, np.ones((4, 4), np.float32), np.ones((4, 4), np.float32)), share)
    assert is_plain(caught.value)
    with pytest.raises(ResNetAppError, match="empty"):
        covering.important(Heatmap(0, np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)), 0.2)
