"""evaluate: its figures against counts by hand, and that its folders fit the model."""

import json
from dataclasses import replace

import pytest

from resnet_app.cli import main
from resnet_app.errors import DataError, ResNetAppError
from resnet_app.inference import models
from resnet_app.inference.cache import shared_cache
from resnet_app.inference.predict import classify
from resnet_app.training import evaluate


@pytest.fixture(scope="module")
def labelled(tmp_path_factory, draw):
    """Some pictures named as the bundled model's classes, a broken one among them, and others beside."""
    folder = tmp_path_factory.mktemp("labelled")
    for i in range(4):
        draw(folder / "data" / "ants" / f"{i}.png", (120, 90, 60), i)
        draw(folder / "data" / "bees" / f"{i}.png", (200, 180, 20), 10 + i)
        draw(folder / "other" / "greens" / f"{i}.png", (20, 200, 20), 20 + i)
        draw(folder / "other" / "greys" / f"{i}.png", (99, 99, 99), 30 + i)
    (folder / "data" / "bees" / "broken.png").touch()
    (folder / "other" / "greys" / "broken.png").touch()
    return folder


@pytest.fixture(scope="module")
def bundled():
    return shared_cache().get(models.choose(device="cpu"))


@pytest.mark.slow
def test_the_figures_are_those_of_each_picture_alone(labelled, bundled):
    found = evaluate.evaluate(bundled, labelled / "data", other=labelled / "other")
    answers = {
        label: [classify(bundled, labelled / "data" / label / f"{i}.png") for i in range(4)]
        for label in ("ants", "bees")
    }
    names = {label: [answer.predictions[0].label for answer in each] for label, each in answers.items()}
    assert found["confusion"] == [[names[label].count(name) for name in ("ants", "bees")] for label in ("ants", "bees")]
    assert found["right"] == names["ants"].count("ants") + names["bees"].count("bees")
    assert (found["pictures"], found["broken"]) == (8, ["broken.png"])
    sure = [answer.predictions[0].probability for each in answers.values() for answer in each]
    assert found["mean_confidence"] == pytest.approx(sum(sure) / 8, abs=1e-4)
    strange = [answer.is_ood for each in answers.values() for answer in each]
    assert found["false_alarms"] == sum(strange) / 8
    assert {name: group["pictures"] for name, group in found["other"].items()} == {"greens": 4, "greys": 4, "all": 8}
    flagged = [classify(bundled, labelled / "other" / "greys" / f"{i}.png").is_ood for i in range(4)]
    assert found["other"]["greys"]["flagged"] == sum(flagged) / 4
    assert all(0 <= group["auroc"] <= 1 for group in found["other"].values())


def test_a_folder_with_a_val_part_is_judged_by_that(bundled, tmp_path, draw):
    for part, count in (("train", 1), ("val", 3)):
        for label in ("ants", "bees"):
            for i in range(count):
                draw(tmp_path / part / label / f"{i}.png", seed=i)
    assert evaluate.evaluate(bundled, tmp_path)["pictures"] == 6


def test_folders_that_do_not_fit(labelled, bundled, coloured, tmp_path, is_plain):
    for folder, other, says in (
        (coloured, None, "no class 'blue'; name the folders as its classes: ants, bees"),
        (labelled / "data", tmp_path / "absent", "There is no folder .*absent; give one"),
        (labelled / "absent", None, "There is no folder .*absent; give one"),
    ):
        with pytest.raises(DataError, match=says) as caught:
            evaluate.evaluate(bundled, folder, other=other)
        assert is_plain(str(caught.value).replace(str(folder if other is None else other), "absent"))


def test_a_file_in_the_place_of_a_folder_is_said_to_be_one(labelled, tmp_path):
    (tmp_path / "a.jpg").touch()
    for folder, other in ((tmp_path / "a.jpg", None), (labelled / "data", tmp_path / "a.jpg")):
        with pytest.raises(DataError, match=r"a\.jpg is a file; give a folder"):
            evaluate.require_folders(folder, other)


def test_class_names_of_a_wrong_number_are_not_said_to_be_missing(labelled, saved, small_state, run):
    path = saved({"state_dict": small_state(), "classes": ["a", "b", "c"]})
    code, out, err = run("evaluate", labelled / "data", "--checkpoint", path, "--device", "cpu")
    assert (code, out) == (2, [])
    assert err[0] == "The class names in the file do not fit its outputs and were left out."
    assert err[1].startswith("The class names in the checkpoint do not fit its outputs; add --classes ants,bees with")


def test_a_checkpoint_without_class_names_is_told_to_be_given_some(labelled, saved, small_state, capsys, is_plain):
    path = saved(small_state())
    model = models.load(models.choose(checkpoint=path, device="cpu"))
    with pytest.raises(DataError, match=r"names no classes; add --classes ants,bees with") as caught:
        evaluate.evaluate(model, labelled / "data")
    assert is_plain(caught.value)
    options = ["--checkpoint", str(path), "--device", "cpu"]
    assert main.main(["evaluate", str(labelled / "data"), *options, "--classes", "ants,bees"]) == 0
    assert "of 8 right" in capsys.readouterr().out


@pytest.mark.slow
def test_the_command_prints_the_same_for_people_and_for_programs(labelled, capsys):
    arguments = ["evaluate", str(labelled / "data"), "--other", str(labelled / "other"), "--device", "cpu"]
    assert main.main([*arguments, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert main.main(arguments) == 0
    told = capsys.readouterr().out
    assert told.rstrip() == evaluate.as_text(figures)
    assert f"{figures['right']} of 8 right" in told
    assert "greys" in told


def test_who_is_wrong_more_often_than_by_guessing_is_asked_for_the_order_of_the_classes(bundled, repo, tmp_path):
    """The examples are answered rightly; with the classes the other way round none is."""
    for example in (repo / "assets" / "examples").glob("*.jpg"):
        kind = tmp_path / ("bees" if "bee" in example.name else "ants")
        kind.mkdir(exist_ok=True)
        (kind / example.name).write_bytes(example.read_bytes())
    turned = replace(bundled, class_names=bundled.class_names[::-1])
    assert "by guessing (50.0%)" in evaluate.as_text(evaluate.evaluate(turned, tmp_path))
    assert "by guessing" not in evaluate.as_text(evaluate.evaluate(bundled, tmp_path))


def test_weights_whose_answers_are_no_numbers_get_the_sentence_of_an_answer(labelled, saved, small_state):
    path = saved({"state_dict": small_state(), "classes": ["ants", "bees"]})
    model = models.load(models.choose(checkpoint=path, device="cpu"))
    model.network.fc.weight.data.fill_(3e38)  # finite, but not what comes of it
    with pytest.raises(ResNetAppError, match="an answer that is no number"):
        evaluate.evaluate(model, labelled / "data")
