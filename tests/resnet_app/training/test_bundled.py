"""The bundled model is what its card says, and answers real photographs."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.choices import is_unsure
from resnet_app.cli import main
from resnet_app.inference.models import BUNDLED_SURE, choose, load
from resnet_app.inference.predict import classify
from resnet_app.registry import BUNDLED_FILE
from resnet_app.training.evaluate import evaluate
from tests.paths import ROOT

pytestmark = pytest.mark.slow

ASSETS = ROOT / "assets"


def test_size_classes_and_metadata() -> None:
    assert BUNDLED_FILE.stat().st_size <= 23_000_000
    checkpoint = read_checkpoint(BUNDLED_FILE)
    assert (checkpoint.spec.name, checkpoint.class_names, checkpoint.dtype) == ("resnet18", ("ants", "bees"), "float16")
    assert checkpoint.recipe is not None
    assert checkpoint.recipe.crop == 224
    assert checkpoint.metadata["data"]["trained_on"] == {"ants": 853, "bees": 993}


def test_make_model_is_the_recipe_that_the_file_and_the_card_tell() -> None:
    """Each in its words: the options of the command, the recipe in the file, the command in the card."""
    asked = [
        "make",
        "-n",
        "--no-print-directory",
        "model",
        "PHOTOS=PHOTOS",
        "BACKBONE=BACKBONE.safetensors",
        "OUT=assets/ants-bees.safetensors",
    ]
    env = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    said = subprocess.run(asked, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    words = shlex.split(said.replace("\\\n", ""))[1:]
    card = re.search(
        r"^python (-m resnet_app train .*?)\n```", (ASSETS / "ants-bees.md").read_text("utf-8"), re.M | re.S
    )
    assert card is not None
    assert words == shlex.split(card[1].replace("\\\n", ""))
    recipe = read_checkpoint(BUNDLED_FILE).metadata["recipe"]
    for option in ("epochs", "label_smoothing", "folds", "prune", "keep", "exchange", "seed"):
        assert words[words.index(f"--{option.replace('_', '-')}") + 1] == str(recipe[option]), option
    assert Path(words[words.index("--outline") + 1]).name == recipe["outlined_by"]


@pytest.mark.parametrize("path", sorted((ASSETS / "examples").glob("*.jpg")), ids=lambda path: path.stem)
def test_examples_are_answered_rightly(path: Path) -> None:
    best = classify(load(choose()), path).predictions[0]
    assert best.label == path.stem.split("-")[0] + "s"


def test_validation_photographs_as_the_card_says(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {}
    for name in ("ants", "bees"):
        assert main.main(["predict", str(photos / name), "--json"]) == 0
        answers = [record["predictions"][0]["label"] for record in json.loads(capsys.readouterr().out)]
        rows[name] = [answers.count("ants"), answers.count("bees")]
        assert len(answers) == 40
    right = rows["ants"][0] + rows["bees"][1]
    assert right >= 0.85 * 80
    card = (ASSETS / "ants-bees.md").read_text("utf-8")
    told = {
        name: [int(a), int(b)]
        for name, a, b in re.findall(r"^\| \*\*(\w+)\*\* \| (\d+) \| (\d+) \|$", card, flags=re.M)
    }
    for name, row in rows.items():  # a borderline photograph may tip over on another processor
        assert row == pytest.approx(told[name], abs=1)


def test_how_often_it_is_not_sure_as_the_page_says(photos: Path) -> None:
    model = load(choose(device="cpu"))
    best = [
        (classify(model, file).predictions[0], name) for name in ("ants", "bees") for file in (photos / name).iterdir()
    ]
    sure = [each for each in best if not is_unsure(each[0].probability, 2)]
    assert len(best) == BUNDLED_SURE["photos"]
    assert len(best) - len(sure) == pytest.approx(BUNDLED_SURE["unsure"], abs=1)
    assert sum(answer.label != name for answer, name in sure) == pytest.approx(BUNDLED_SURE["wrong"], abs=1)


@pytest.mark.slow
@pytest.mark.thorough
def test_calibration_and_other_things_as_the_card_says(photos: Path) -> None:
    figures = evaluate(load(choose(device="cpu")), photos.parent, other=photos.parents[1] / "other")
    assert figures["accuracy"] >= 0.9
    assert figures["expected_calibration_error"] < 0.08
    assert figures["false_alarms"] < 0.1
    card = (ASSETS / "ants-bees.md").read_text("utf-8")
    told = re.search(r"^\| all \| (\d+) \| \*\*([\d.]+)\*\* \| ([\d.]+) % \| ([\d.]+) % \|$", card, flags=re.M)
    assert told is not None
    found = figures["other"]["all"]
    assert found["pictures"] == int(told[1])
    assert found["auroc"] == pytest.approx(float(told[2]), abs=0.005)
    assert 100 * found["flagged"] == pytest.approx(float(told[3]), abs=1)
    assert 100 * found["very_sure"] == pytest.approx(float(told[4]), abs=1)
