"""The command line's contracts: what is printed, what is written, and the exit code."""

import argparse
import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from torchvision.models import get_model_weights

from resnet_app import __version__
from resnet_app.cli import main
from resnet_app.inference import download
from resnet_app.registry import SPECS
from tests.paths import ROOT

RANDOM = ("--weights", "random", "--device", "cpu")


def test_predict_prints_a_line_for_each_picture_and_a_summary(run, folder):
    code, out, err = run("predict", folder, *RANDOM)
    assert code == 1
    assert len(out) == 4
    out = [line.replace(f"{folder}/", "") for line in out]
    assert re.fullmatch(r"1/3: a\.jpg  \S.* [01]\.\d{3}  \d+\.\d{3}s", out[0])
    assert re.fullmatch(r"2/3: b\.jpg  .*not a picture.*", out[1])
    assert re.fullmatch(r"3/3: c\.png  \S.* [01]\.\d{3}  \d+\.\d{3}s", out[2])
    assert re.search(r"CPU.*total \d+\.\d{3}s.*mean \d+\.\d{3}s", out[3])
    assert err == []


def test_predict_json_is_the_contracts_array(run, folder, picture):
    code, out, err = run("predict", picture, folder, "--json", "--top-k", 3, *RANDOM)
    records = json.loads("\n".join(out))
    assert (code, err) == (1, [])
    assert [record["file"] for record in records] == [
        str(picture),
        *(f"{folder}/{n}" for n in ("a.jpg", "b.jpg", "c.png")),
    ]
    for record in records:
        assert list(record) == ["file", "error", "predictions", "model", "ms"]
        assert record["model"] == {"name": "resnet18", "weights": "random", "classes": 1000, "device": "cpu"}
        assert list(record["ms"]) == ["decode", "forward", "cam", "total"]
        probabilities = [p["probability"] for p in record["predictions"]]
        assert probabilities == sorted(probabilities, reverse=True)
        assert len(probabilities) == (3 if record["error"] is None else 0)
    assert [record["error"] is None for record in records] == [True, True, False, True]
    assert records[0]["predictions"] == records[1]["predictions"]
    assert list(records[0]["predictions"][0]) == ["index", "label", "probability"]


def test_predict_is_0_where_all_went_well_and_1_for_a_missing_file(run, picture, tmp_path):
    assert run("predict", picture, *RANDOM)[0] == 0
    code, out, _ = run("predict", tmp_path / "absent.jpg", picture, *RANDOM)
    assert code == 1
    assert "There is no file absent.jpg" in out[0]
    assert out[1].startswith("2/2: ")


def test_predict_writes_table_sheet_and_overlays(run, folder, tmp_path):
    table, sheet, cams = tmp_path / "t.csv", tmp_path / "s.png", tmp_path / "cams"
    code, out, _ = run("predict", folder, "--csv", table, "--grid", sheet, "--cam-dir", cams, *RANDOM)
    assert code == 1
    assert len(out) == 4
    lines = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    assert [line["file"] for line in lines] == [f"{folder}/{name}" for name in ("a.jpg", "b.jpg", "c.png")]
    assert [bool(line["error"]) for line in lines] == [False, True, False]
    assert Image.open(sheet).width == 4 * 224 + 5 * 16
    assert [path.name for path in sorted(cams.iterdir())] == [
        "0001_a_cam.npy", "0001_a_cam.png", "0003_c_cam.npy", "0003_c_cam.png", "manifest.json", "predictions.csv",
    ]  # fmt: skip


def test_maps_of_another_layer_and_method_with_their_manifest(run, picture, tmp_path):
    code, _, _ = run(
        "predict", picture, "--cam-dir", tmp_path / "cams", "--cam-layer", "layer2+layer3.0", "--cam-method",
        "layercam", *RANDOM,
    )  # fmt: skip
    assert code == 0
    told = json.loads((tmp_path / "cams" / "manifest.json").read_text("utf-8"))
    assert (told["layer"], told["method"]) == ("layer2+layer3.0", "layercam")
    (entry,) = told["pictures"]
    assert entry["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
    png, npy = entry["maps"][0]["files"]
    assert np.load(tmp_path / "cams" / npy).shape == (224, 224)  # several layers are fused at the crop's size
    assert Image.open(tmp_path / "cams" / png).size == (224, 224)
    table = (tmp_path / "cams" / "predictions.csv").read_text("utf-8").splitlines()
    assert len(table) == 1 + 1000


def test_predict_with_a_checkpoint_and_names(run, picture, plain_two_classes, tmp_path):
    _, path = plain_two_classes
    (tmp_path / "names.txt").write_text("蚂蚁\n蜜蜂\n", "utf-8")
    for given, names in (
        (None, {"cat", "dog"}),
        ("ant,bee", {"ant", "bee"}),
        (tmp_path / "names.txt", {"蚂蚁", "蜜蜂"}),
    ):
        extra = () if given is None else ("--classes", given)
        code, out, _ = run("predict", picture, "--checkpoint", path, "--json", "--device", "cpu", *extra)
        (record,) = json.loads("\n".join(out))
        assert code == 0
        assert {p["label"] for p in record["predictions"]} == names
        assert record["model"] == {"name": "resnet18", "weights": path.name, "classes": 2, "device": "cpu"}


WRONG_USE = {
    "no command": (),
    "an unknown command": ("fly",),
    "no picture": ("predict",),
    "an unknown option": ("predict", "{picture}", "--fast"),
    "an unknown model": ("predict", "{picture}", "--model", "resnet19"),
    "unknown weights": ("predict", "{picture}", "--weights", "coco"),
    "weights that the model lacks": ("predict", "{picture}", "--model", "resnet50", "--weights", "ants-bees"),
    "an unknown device": ("predict", "{picture}", "--device", "tpu"),
    "no answers": ("predict", "{picture}", "--top-k", "0", *RANDOM),
    "answers in words": ("predict", "{picture}", "--top-k", "many"),
    "an unknown layer": ("predict", "{picture}", "--cam-layer", "layer9", *RANDOM),
    "an unknown method": ("predict", "{picture}", "--cam-method", "lime", *RANDOM),
    "weights and a checkpoint": ("predict", "{picture}", "--weights", "random", "--checkpoint", "{picture}"),
    "an empty folder": ("predict", "{tmp}/empty"),
    "a missing folder": ("predict", "{tmp}/absent"),
    "a missing checkpoint": ("predict", "{picture}", "--checkpoint", "absent.pth"),
    "a picture as checkpoint": ("predict", "{picture}", "--checkpoint", "{picture}"),
    "too few names": ("predict", "{picture}", "--classes", "ants", "--device", "cpu"),
    "many long names": ("predict", "{picture}", "--classes", ",".join(f"kind {i}" for i in range(900))),
    "names in no encoding": ("predict", "{picture}", "--classes", "{tmp}/latin.txt"),
    "names for a network that has its own": ("predict", "{picture}", "--classes", "a,b", *RANDOM),
    "a table nowhere": ("predict", "{picture}", "--csv", "{tmp}/absent/a.csv", *RANDOM),
    "a sheet nowhere": ("predict", "{picture}", "--grid", "{tmp}/absent/a.png", *RANDOM),
    "a sheet of no kind": ("predict", "{picture}", "--grid", "{tmp}/a.xyz", *RANDOM),
    "overlays into a file": ("predict", "{picture}", "--cam-dir", "{picture}", *RANDOM),
    "a summary of nothing": ("summary",),
    "a summary of another": ("summary", "vgg16"),
    "no size": ("summary", "resnet18", "--input-size", "large"),
    "no classes": ("summary", "resnet18", "--classes", "0"),
    "another stem": ("summary", "resnet18", "--stem", "mnist"),
    "blocks that cannot dilate": ("summary", "resnet18", "--dilate", "conv5_x"),
    "a stage that cannot dilate": ("summary", "--dilate", "conv2_x", "resnet50"),
    "a download of another": ("download", "vgg16"),
    "no weights and no network": ("predict", "{picture}", "--model", "resnet50", "--device", "cpu"),
    "a download without a network": ("download", "resnet50"),
    "training on nothing": ("train", "{tmp}/absent"),
    "training on one class": ("train", "{tmp}"),
    "no epochs": ("train", "{tmp}/data", "--epochs", "0"),
    "empty batches": ("train", "{tmp}/data", "--batch-size", "0"),
    "a crop of nothing": ("train", "{tmp}/data", "--crop", "0"),
    "a training crop of nothing": ("train", "{tmp}/data", "--train-crop", "0"),
    "a start from nowhere": ("train", "{tmp}/data", "--init", "absent.pth"),
    "a part to freeze that is none": ("train", "{tmp}/data", "--freeze", "layer9"),
    "one fold": ("train", "{tmp}/data", "--folds", "1"),
    "label-noise pruning without folds": ("train", "{tmp}/data", "--weed", "0.1"),
    "grounds exchanged without outlines": ("train", "{tmp}/data", "--exchange", "0.3"),
    "outlines that nothing is done with": ("train", "{tmp}/data", "--outline", "absent.pth", "--no-augment"),
    "more than all exchanged": ("train", "{tmp}/data", "--outline", "absent.pth", "--exchange", "1.3"),
    "outlines by nothing": ("train", "{tmp}/data", "--outline", "{tmp}/absent.pth"),
    "an epoch to keep that is none": ("train", "{tmp}/data", "--keep", "first"),
    "nothing to resume": ("train", "{tmp}/data", "--resume", "--out", "{tmp}/absent.safetensors"),
    "a folder to write to": ("train", "{tmp}/data", "--out", "{tmp}/data"),
    "a picture to write to": ("train", "{tmp}/data", "--out", "{tmp}/model.png"),
    "judging by nothing": ("evaluate", "{tmp}/absent"),
    "judging by other classes": ("evaluate", "{tmp}/data"),
    "another model to train": ("train", "{tmp}/data", "--model", "vgg16"),
}


@pytest.mark.parametrize("arguments", WRONG_USE.values(), ids=WRONG_USE)
def test_wrong_use_is_2_with_one_line_on_stderr(run, picture, tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.txt").write_bytes("Käfer\nHörnchen".encode("latin-1"))
    for name in ("data/a/1.png", "data/a/2.png", "data/b/1.png", "data/b/2.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64)).save(tmp_path / name)
    code, out, err = run(*(argument.format(picture=picture, tmp=tmp_path) for argument in arguments))
    assert code == 2
    assert len(err) == 1, err
    assert "Traceback" not in err[0]
    assert not out or not out[0].startswith("[")
    assert not list(tmp_path.glob("*.safetensors"))


def test_without_a_network_the_command_to_run_is_named(run, picture, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    _, _, err = run("predict", picture, "--model", "resnet50", "--device", "cpu")
    assert "python -m resnet_app download resnet50" in err[0]


@pytest.mark.parametrize("name", SPECS)
def test_summary_of_every_network(run, name):
    code, out, err = run("summary", name, "--json")
    found = json.loads("\n".join(out))
    published = next(iter(get_model_weights(name))).meta
    assert (code, err, found["name"], found["parameters"]) == (0, [], name, published["num_params"])
    assert found["macs"] / 1e9 == pytest.approx(published["_ops"], rel=1e-3)
    code, out, err = run("summary", name)
    assert (code, err) == (0, [])
    assert f"{published['num_params']:,}" in "\n".join(out)


def test_summary_options(run):
    options = ("--classes", 10, "--input-size", "32x48", "--stem", "cifar", "--json")
    found = json.loads("\n".join(run("summary", "resnet18", *options)[1]))
    assert (found["input_size"], found["classes"]) == ([32, 48], 10)
    assert "maxpool" not in {stage["name"] for stage in found["stages"]}
    assert found["stages"][-1]["output_shape"] == [10, 1, 1]
    found = json.loads("\n".join(run("summary", "--dilate", "conv4_x,conv5_x", "resnet50", "--json")[1]))
    assert [stage["output_shape"][1] for stage in found["stages"][2:6]] == [56, 28, 28, 28]


def test_inspect(run, saved, small_state, tmp_path):
    path = saved({"model": small_state("resnet34", 3), "class_names": ["a", "b", "c"], "loss": float("nan")})
    code, out, err = run("inspect", path, "--json")
    found = json.loads("\n".join(out))
    keys = "ok reason model stem classes class_names parameters container unwrapped stripped_prefixes dtype metadata"
    assert (code, err, list(found)) == (0, [], keys.split())
    assert (found["model"], found["classes"], found["unwrapped"]) == ("resnet34", 3, ["model"])
    code, out, err = run("inspect", path)
    assert (code, err) == (0, [])
    assert out == [
        "ResNet-34 (resnet34), 3 classes: a, b, c",
        f"{found['parameters']:,} parameters in float32; torch zip",
        "the weights lie under model",
        "beside the weights:",
        '  class_names: ["a", "b", "c"]',
    ]
    (tmp_path / "bad.pth").write_bytes(b"no checkpoint")
    code, out, err = run("inspect", tmp_path / "bad.pth", "--json")
    found = json.loads("\n".join(out))
    assert (code, found["ok"], list(found)) == (1, False, keys.split())
    assert "not a checkpoint" in found["reason"]
    code, out, err = run("inspect", tmp_path / "bad.pth")
    assert (code, out, err) == (1, [], [found["reason"]])


def test_what_a_file_says_of_itself_is_nothing_that_a_terminal_obeys(run, saved, small_state):
    said = {"epoch\x1b[2J": 3, "note": "\x9b2J \u202e and \x1b[31m red", "author": "蜜蜂"}
    _, out, _ = run("inspect", saved({"model": small_state(), **said}))
    told = "\n".join(out)
    assert 'author: "蜜蜂"' in told
    assert "epoch\N{REPLACEMENT CHARACTER}[2J: 3" in told
    assert all(each.isprintable() for line in out for each in line)


@pytest.mark.parametrize("command", ["inspect", "predict", "evaluate"])
def test_a_checkpoint_that_is_not_there_is_called_as_it_was_typed(run, picture, tmp_path, command):
    for path, says in (
        (tmp_path / "absent.pth", f"There is no file {tmp_path / 'absent.pth'}; check its name."),
        (tmp_path, f"{tmp_path} is a folder; name the checkpoint file in it."),
    ):
        given = {"inspect": (path,), "predict": (picture, "--checkpoint", path)}
        code, out, err = run(command, *given.get(command, (tmp_path, "--checkpoint", path)))
        assert (code > 0, out, err) == (True, [], [says])


def test_what_was_done_with_a_checkpoint_is_told_beside_the_answers(run, picture, saved, small_state):
    content = {"model_ema": {**small_state(), "beside": torch.ones(1)}, "classes": ["a", "b", "c"]}
    given = ("predict", picture, "--checkpoint", saved(content), "--device", "cpu", "--json")
    code, out, err = run(*given, "--model", "resnet50")
    assert (code, json.loads("\n".join(out))[0]["model"]["name"]) == (0, "resnet18")
    assert err == [
        "The averaged weights (model_ema) are used.",
        "The class names in the file do not fit its outputs and were left out.",
        "Not part of the network and left out: beside.",
        "The file holds ResNet-18; --model resnet50 is set aside.",
    ]
    _, out, err = run(*given, "--classes", "ants,bees")
    assert len(err) == 2
    assert {each["label"] for each in json.loads("\n".join(out))[0]["predictions"]} == {"ants", "bees"}


def test_inspect_prints_json_that_every_reader_takes(run, saved, small_state):
    """NaN is no JSON."""
    _, out, _ = run("inspect", saved({"model": small_state(), "loss": float("nan")}), "--json")

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    json.loads("\n".join(out), parse_constant=refuse)


@pytest.mark.parametrize(
    ("arguments", "count"), [((), 1), (("resnet50", "resnet101"), 4), (("--all",), 17)], ids=["default", "two", "all"]
)
def test_download_names_what_is_there(run, tmp_path, monkeypatch, arguments, count):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for spec in SPECS.values():
        for choice in (choice for choice in spec.weights if choice.startswith("imagenet")):
            path = download.cached_file(spec, choice)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    code, out, err = run("download", *arguments)
    assert (code, err, len(out)) == (0, [], count)
    assert all(line.endswith(".pth") for line in out)


@pytest.mark.slow
def test_train_then_predict(run, tmp_path):
    for label, colour in (("blue", (40, 40, 200)), ("red", (200, 40, 40))):
        for i in range(6):
            path = tmp_path / "data" / label / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(i).integers(0, 50, (64, 64, 3)) + colour
            Image.fromarray(noise.astype(np.uint8)).save(path)
    (tmp_path / "data" / "red" / "broken.png").touch()
    out_file = tmp_path / "out.safetensors"
    options = ("--epochs", 1, "--batch-size", 5, "--crop", 64, "--train-crop", 64, "--device", "cpu", "--out", out_file)
    code, out, err = run("train", tmp_path / "data", *options)
    assert code == 0, err
    assert "8 pictures to train on (4 blue, 4 red), 4 held out" in out
    assert "broken.png" in err[0]
    assert re.fullmatch(rf"{out_file}: epoch 1 kept, \d of 4 held out right", out[-2])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out.png", "out.safetensors"]
    code, out, _ = run("predict", tmp_path / "data" / "red" / "0.png", "--checkpoint", out_file, "--json")
    assert code == 0
    assert {p["label"] for p in json.loads("\n".join(out))[0]["predictions"]} == {"blue", "red"}


def test_stopping_is_no_traceback(run, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "_summary", stop)
    code, _, err = run("summary", "resnet18")
    assert code == 130
    assert len(err) == 1


@pytest.mark.parametrize("command", ["predict", "summary", "inspect", "download", "train", "evaluate", "robustness"])
def test_help_of_every_command(run, command):
    code, out, err = run(command, "--help")
    assert (code, err) == (0, [])
    assert command in out[0]
    assert len(out) > 5


def parsers():
    """The parser and those of the commands."""
    found = [main._parser()]
    for parser in found:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                found += action.choices.values()
    return found


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.prog.split()[-1])
def test_every_option_and_argument_has_its_help(parser):
    for action in parser._actions:
        told = re.sub(r"\([^)]*\)", "", action.help or "")  # a default alone is no help
        assert re.search(r"[a-z]{3}", told), action.option_strings or action.dest


def test_the_version(run):
    assert run("--version") == (0, [f"resnet_app {__version__}"], [])


def test_json_and_a_table_go_together(run, picture, tmp_path):
    code, out, _ = run("predict", picture, "--json", "--csv", tmp_path / "t.csv", "--top-k", 3, *RANDOM)
    (record,) = json.loads("\n".join(out))
    (line,) = csv.DictReader((tmp_path / "t.csv").open(encoding="utf-8", newline=""))
    assert code == 0
    assert [line[key] for key in ("label", "label_2", "label_3")] == [p["label"] for p in record["predictions"]]


def test_files_are_called_as_they_were_given_or_found(run, picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one/bee.jpg", "two/deep/bee.jpg"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_bytes(picture.read_bytes())
    given = ("./one/bee.jpg", "./one", "two/", tmp_path / "one")
    called = ["./one/bee.jpg", "./one/bee.jpg", "two/deep/bee.jpg", f"{tmp_path}/one/bee.jpg"]
    code, out, _ = run("predict", *given, "--json", "--csv", "t.csv", "--cam-dir", "cams", *RANDOM)
    assert code == 0
    assert [record["file"] for record in json.loads("\n".join(out))] == called
    assert [line["file"] for line in csv.DictReader(io.StringIO(Path("t.csv").read_text("utf-8")))] == called
    told = json.loads(Path("cams/manifest.json").read_text("utf-8"))
    assert [entry["file"] for entry in told["pictures"]] == called
    table = csv.DictReader(io.StringIO(Path("cams/predictions.csv").read_text("utf-8")))
    assert [line["file"] for line in table if line["rank"] == "1"] == called
    assert [line.split("  ")[0].split(": ")[1] for line in run("predict", *given, *RANDOM)[1][:4]] == called


def state_of(path):
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)


@pytest.mark.slow
@pytest.mark.thorough
def test_training_from_scratch_goes_on_after_an_interrupt_to_the_same_weights(photos, tmp_path):
    """Twenty-four real photographs, Ctrl-C after the first epoch, --resume: the file is that of a run left alone."""
    for label in ("ants", "bees"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for path in sorted((photos / label).glob("*.jpg"))[:12]:
            shutil.copy(path, tmp_path / "data" / label)
    options = [
        sys.executable, "-u", "-m", "resnet_app", "train", tmp_path / "data", "--epochs", "2", "--batch-size", "8",
        "--crop", "64", "--train-crop", "64", "--device", "cpu", "--out",
    ]  # fmt: skip
    env = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    streams = {"cwd": ROOT, "env": env, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    whole = subprocess.run([*options, tmp_path / "whole.safetensors"], timeout=120, **streams)
    assert whole.returncode == 0, whole.stdout
    with subprocess.Popen([*options, tmp_path / "cut.safetensors"], **streams) as run:
        for line in run.stdout:
            if "epoch   1" in line:
                run.send_signal(signal.SIGINT)
                break
        rest = run.stdout.read()
        assert run.wait(60) == 130
    assert "The same command with --resume goes on." in rest
    assert "Traceback" not in rest
    assert not (tmp_path / "cut.safetensors").exists()
    forgotten = subprocess.run([*options, tmp_path / "cut.safetensors"], timeout=120, **streams)
    assert (forgotten.returncode, "Go on with --resume" in forgotten.stdout) == (2, True)
    again = subprocess.run([*options, tmp_path / "cut.safetensors", "--resume"], timeout=120, **streams)
    assert again.returncode == 0, again.stdout
    assert "epoch   1" not in again.stdout
    assert not (tmp_path / "cut.safetensors.resume").exists()
    expected = state_of(tmp_path / "whole.safetensors")
    for key, tensor in state_of(tmp_path / "cut.safetensors").items():
        assert torch.equal(tensor, expected[key]), key
