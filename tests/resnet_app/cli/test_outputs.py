"""What the command line writes: under any name and locale, from the first picture on, to any place, over nothing."""

import csv
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from resnet_app.cli import report, train
from resnet_app.cli.main import main as command_line
from resnet_app.inference.cache import ModelCache
from resnet_app.many import contact_sheet
from resnet_app.many.batch import Batch
from tests.paths import ROOT

pytestmark = pytest.mark.slow

RANDOM = ("--weights", "random", "--device", "cpu")
KILLS = int(os.environ.get("KILLS", "3"))  # each takes some 15 seconds; KILLS=20 before a release
TIMES = range(3, 7)  # columns of the CSV


def names_in(folder):
    return {path.name for path in folder.iterdir()}


# Names and locales


@pytest.fixture
def no_text(tmp_path, picture):
    """Two pictures whose names are no UTF-8, with a checkpoint of such a name, and its class names in Chinese."""
    folder = tmp_path / "latin"
    folder.mkdir()
    for name in (b"caf\xe8.jpg", b"caf\xe9.jpg"):
        try:
            (folder / os.fsdecode(name)).write_bytes(picture.read_bytes())
        except OSError as error:
            pytest.skip(f"this file system takes such names for no names: {error.strerror}")
    return folder


def test_file_names_that_are_no_text_are_written_everywhere_and_told_apart(run, no_text, plain_two_classes, tmp_path):
    checkpoint = tmp_path / os.fsdecode(b"mod\xe8le.pth")
    shutil.copy(plain_two_classes[1], checkpoint)
    outputs = ("--csv", tmp_path / "t.csv", "--cam-dir", tmp_path / "cams", "--grid", tmp_path / "g.png")
    code, out, _ = run("predict", no_text, "--json", *outputs, "--checkpoint", checkpoint, "--device", "cpu")
    assert code == 0
    records = json.loads("\n".join(out).encode("utf-8"))
    called = [f"{no_text}/caf\\udce8.jpg", f"{no_text}/caf\\udce9.jpg"]
    assert [record["file"] for record in records] == called
    assert records[0]["model"]["weights"] == "mod\\udce8le.pth"
    told = json.loads((tmp_path / "cams" / "manifest.json").read_text("utf-8"))
    assert [entry["file"] for entry in told["pictures"]] == called
    for table in (tmp_path / "t.csv", tmp_path / "cams" / "predictions.csv"):
        assert {line["file"] for line in csv.DictReader(io.StringIO(table.read_text("utf-8")))} == set(called)
    code, out, _ = run("predict", no_text, *RANDOM)
    assert (code, [line.split("  ")[0] for line in out[:2]]) == (0, [f"1/2: {called[0]}", f"2/2: {called[1]}"])
    _, out, _ = run("inspect", tmp_path / os.fsdecode(b"\xe8.pth"), "--json")
    assert "There is no file \\udce8.pth" in json.loads("\n".join(out).encode("utf-8"))["reason"]


@pytest.fixture
def ascii_terminal(monkeypatch):
    """Runs one command in this process before a terminal that takes ASCII only: exit code, stdout, stderr."""

    def main(*arguments):
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = command_line([str(argument) for argument in arguments])
            err.flush()
        return code, out.buffer.getvalue().decode("ascii"), err.buffer.getvalue().decode("ascii")

    return main


def test_a_terminal_that_takes_ascii_only_gets_numbers_for_letters(
    ascii_terminal, picture, plain_two_classes, draw, tmp_path
):
    labelled = ("--checkpoint", plain_two_classes[1], "--classes", "蚂蚁,蜜蜂", "--device", "cpu")
    code, out, _ = ascii_terminal("predict", picture, *labelled)
    assert code == 0
    assert r"\u87" in out or r"\u871c" in out
    assert r"CPU \xb7 " in out
    code, out, _ = ascii_terminal("predict", picture, "--json", *labelled)
    assert {p["label"] for p in json.loads(out)[0]["predictions"]} == {"蚂蚁", "蜜蜂"}
    code, out, _ = ascii_terminal("summary", "resnet18")
    assert (code, r"64\xd7112\xd7112" in out) == (0, True)
    code, out, err = ascii_terminal("inspect", tmp_path / "蜜蜂.pth")
    assert (code, r"\u871c\u8702.pth" in err) == (1, True)
    for name in ("蚂蚁", "蜜蜂"):
        for i in range(6):
            draw(tmp_path / "data" / name / f"{i}.png", seed=i)
    code, out, _ = ascii_terminal("evaluate", tmp_path / "data", *labelled)
    assert (code, r"\u8702\u8681" in out or r"\u8682\u8681" in out) == (0, True)
    code, out, _ = ascii_terminal("evaluate", tmp_path / "data", "--json", *labelled)
    assert json.loads(out)["classes"] == ["蚂蚁", "蜜蜂"]
    options = ("--epochs", 1, "--batch-size", 8, "--crop", 32, "--train-crop", 32, "--device", "cpu")
    code, out, _ = ascii_terminal("train", tmp_path / "data", *options, "--out", tmp_path / "蜜蜂.safetensors")
    assert code == 0
    assert r"\u871c\u8702.safetensors: epoch 1 kept" in out


@pytest.mark.parametrize(
    "locale", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_plain_locale_is_no_traceback_in_a_process_of_its_own(locale, no_text, tmp_path):
    env = {**{key: text for key, text in os.environ.items() if not key.startswith(("LC_", "LANG"))}, **locale}
    done = subprocess.run(
        [sys.executable, "-m", "resnet_app", "predict", no_text, "--cam-dir", tmp_path / "größe", *RANDOM],
        cwd=ROOT, env=env, capture_output=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.decode("ascii").splitlines()) == 3
    assert len(json.loads((tmp_path / "größe" / "manifest.json").read_bytes())["pictures"]) == 2


# Outputs


@pytest.fixture
def no_model(monkeypatch):
    """Loading a model fails the test."""

    def load(*_, **__):
        raise AssertionError("the model was loaded before that was seen")

    monkeypatch.setattr(ModelCache, "get", load)


@pytest.mark.parametrize(
    "arguments",
    [
        ("{tmp}/absent",), ("{picture}", "--csv", "{tmp}"), ("{picture}", "--csv", "{tmp}/{long}.csv"),
        ("{picture}", "--grid", "{tmp}/{long}.png"), ("{picture}", "--grid", "{tmp}/absent/g.png"),
        ("{picture}", "--cam-dir", "{picture}/maps"), ("{picture}", "--cam-dir", "/proc/maps"),
        ("{picture}", "--cam-dir", "{tmp}/{long}"), ("{picture}", "--cam-layer", "layer9"),
        ("{picture}", "--cam-layer", "layer4.7"), ("{picture}", "--top-k", "11"),
        ("{picture}", "--model", "resnet50", "--classes", "a,b"), ("{picture}", "--cam-method", "lime"),
        ("{picture}", "--checkpoint", "{picture}", "--cam-layer", "layer9"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_model")
def test_wrong_use_is_seen_before_the_model_is_loaded(run, picture, tmp_path, arguments):
    code, out, err = run("predict", *(each.format(picture=picture, tmp=tmp_path, long="x" * 300) for each in arguments))
    assert (code, out, len(err)) == (2, [], 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("{tmp}/absent",), ("{tmp}", "--other", "{tmp}/absent")])
@pytest.mark.usefixtures("no_model")
def test_evaluate_sees_a_missing_folder_before_the_model_is_loaded(run, tmp_path, arguments):
    code, _, err = run("evaluate", *(each.format(tmp=tmp_path) for each in arguments))
    assert (code, len(err), f"There is no folder {tmp_path / 'absent'};" in err[0]) == (2, 1, True)


needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


@needs_full
def test_a_table_on_a_full_disk_is_refused_before_the_first_picture(run, picture, monkeypatch):
    def rows(*_):
        raise AssertionError("a picture was answered")

    monkeypatch.setattr(Batch, "rows", rows)
    code, out, err = run("predict", picture, "--csv", "/dev/full", *RANDOM)
    assert (code, out) == (2, [])
    assert err == [
        "/dev/full cannot be written (No space left on device); free some space, or name another place."
    ]  # fmt: skip


def test_a_run_that_cannot_begin_leaves_every_place_as_it_was(run, picture, tmp_path):
    (tmp_path / "t.csv").write_text("mine")
    (tmp_path / "bad.pth").write_bytes(b"no checkpoint")
    places = ("--csv", tmp_path / "t.csv", "--grid", tmp_path / "g.png", "--cam-dir", tmp_path / "deep" / "maps")
    assert run("predict", picture, *places, "--checkpoint", tmp_path / "bad.pth")[0] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.pth", "t.csv"]
    assert (tmp_path / "t.csv").read_text() == "mine"


def test_a_table_has_each_row_as_soon_as_it_is_answered(run, folder, tmp_path, monkeypatch):
    seen = []

    def line(*told, _line=report.line):
        seen.append(len((tmp_path / "t.csv").read_text("utf-8").splitlines()))
        return _line(*told)

    monkeypatch.setattr(report, "line", line)
    run("predict", folder, "--csv", tmp_path / "t.csv", *RANDOM)
    assert seen == [2, 3, 4]


def test_ctrl_c_leaves_the_table_the_maps_their_manifest_and_the_sheet_of_what_was_done(
    run, folder, tmp_path, monkeypatch
):
    def line(number, *told, _line=report.line):
        if number == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return _line(number, *told)

    monkeypatch.setattr(report, "line", line)
    shutil.copy(folder / "a.jpg", folder / "b.jpg")
    outputs = ("--csv", tmp_path / "t.csv", "--cam-dir", tmp_path / "cams", "--grid", tmp_path / "g.png")
    code, out, err = run("predict", folder, *outputs, *RANDOM)
    assert (code, len(out)) == (130, 2)
    assert err == [f"Written: {tmp_path}/g.png", "Stopped after 2 of 3 pictures."]
    assert len((tmp_path / "t.csv").read_text("utf-8").splitlines()) == 3
    told = json.loads((tmp_path / "cams" / "manifest.json").read_text("utf-8"))
    listed = [name for entry in told["pictures"] for each in entry["maps"] for name in each["files"]]
    assert {*listed, "manifest.json", "predictions.csv"} == names_in(tmp_path / "cams")
    assert len(listed) == 4


WITH_LIMIT = (
    "import resource, sys; from pathlib import Path; from resnet_app.cli.main import main; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); {then}"
)


@pytest.mark.parametrize(
    ("most", "output"), [(300, "--csv {tmp}/t.csv"), (20_000, "--cam-dir {tmp}/cams"), (20_000, "--grid {tmp}/g.png")]
)
def test_a_disk_that_gets_full_in_the_midst_is_one_sentence(fresh_python, folder, tmp_path, most, output):
    """As a file that may not grow further."""
    done = fresh_python(
        "-c",
        WITH_LIMIT.format(most=most, then="sys.exit(main(sys.argv[1:]))"),
        "predict",
        folder,
        *output.format(tmp=tmp_path).split(),
        *RANDOM,
    )
    assert done.returncode == 2
    assert re.fullmatch(
        r".* cannot be written \(File too large\); free some space, or name another place\.\n", done.stderr
    )


def test_train_on_a_disk_that_gets_full_is_one_sentence(fresh_python, two_colours, tmp_path):
    code = WITH_LIMIT.format(most=20_000, then="sys.exit(main(sys.argv[1:]))")
    done = fresh_python("-c", code, "train", *two_colours, "--out", tmp_path / "bee.pth")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert re.search(r"cannot be written \(perhaps the disk is full\); free some space, or name", done.stderr)


@pytest.mark.parametrize("save", ["save_pth", "save_safetensors"])
def test_half_a_checkpoint_is_one_sentence_and_no_file(fresh_python, tmp_path, save):
    then = (
        f"from resnet_app.checkpoints.write import {save}; from resnet_app.errors import OutputError; import torch\n"
        f"try: {save}(Path(sys.argv[1]), {{'w': torch.zeros(99999)}}, {{}})\n"
        "except OutputError as error: print(error)"
    )
    done = fresh_python("-c", WITH_LIMIT.format(most=20_000, then=then), tmp_path / "w.pth")
    told = f"{tmp_path}/w.pth cannot be written (perhaps the disk is full); free some space, or name another place.\n"
    assert (done.stdout, done.stderr) == (told, "")
    assert names_in(tmp_path) == set()


def test_the_pages_of_a_grid_are_said(run, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(contact_sheet, "SHEET_PAGE", 2)
    _, _, err = run("predict", folder, "--grid", tmp_path / "g.png", *RANDOM)
    assert err == [f"Written: {tmp_path}/g.png, {tmp_path}/g-2.png"]
    assert {path.name for path in tmp_path.glob("*.png")} == {"g.png", "g-2.png"}


@pytest.mark.parametrize("arguments", [("predict", "{folder}", *RANDOM), ("summary", "resnet18"), ("--help",)])
def test_a_reader_that_leaves_early_ends_it_quietly(folder, arguments):
    command = [sys.executable, "-m", "resnet_app", *(each.format(folder=folder) for each in arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": {**os.environ, "PYTHONUNBUFFERED": ""}}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        if arguments[0] == "predict":
            assert process.stdout.readline().startswith(b"1/3: ")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@needs_full
def test_a_terminal_without_room_is_one_sentence():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "resnet_app", "summary", "resnet18"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    assert done.stderr == b"Reading or writing failed (No space left on device); free some space, or write elsewhere.\n"


# Over nothing that is there


def test_an_earlier_runs_maps_are_refused_before_the_model_is_loaded(run, folder, picture, tmp_path, request):
    cams = tmp_path / "cams"
    run("predict", folder, "--cam-dir", cams, *RANDOM)
    before = {path: path.read_bytes() for path in cams.iterdir()}
    request.getfixturevalue("no_model")
    code, out, err = run("predict", picture, "--cam-dir", cams, *RANDOM)
    assert (code, out) == (2, [])
    assert err == [f"{cams} holds an earlier run's maps; give another folder, or add --overwrite to replace them."]
    assert {path: path.read_bytes() for path in cams.iterdir()} == before


def test_overwrite_removes_what_the_earlier_run_listed_and_nothing_else(run, folder, picture, tmp_path):
    cams = tmp_path / "cams"
    run("predict", folder, "--cam-dir", cams, *RANDOM)
    told = json.loads((cams / "manifest.json").read_text("utf-8"))
    others = ["../0001_x_cam.png", "notes.txt", "/etc/0001_x_cam.png", "deep/0001_x_cam.png", 7, "0001_x_cam.png.bak"]
    told["pictures"][0]["maps"][0]["files"] += others
    (cams / "manifest.json").write_text(json.dumps(told), "utf-8")
    kept = [cams / "notes.txt", cams / "deep" / "0001_x_cam.png", tmp_path / "0001_x_cam.png", cams / "0009_mine.png"]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    assert run("predict", picture, "--cam-dir", cams, "--overwrite", *RANDOM)[0] == 0
    assert all(path.read_text() == "mine" for path in kept)
    assert names_in(cams) == {
        "0001_drawn_cam.npy", "0001_drawn_cam.png", "manifest.json", "predictions.csv", "notes.txt", "deep",
        "0009_mine.png",
    }  # fmt: skip


@pytest.mark.parametrize("content", ['{"name": "a web app"}', "[]", "no JSON", '{"made_by": 7}', "[" * 100_000])
def test_a_manifest_that_is_not_ours_stays(run, picture, tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    code, _, err = run("predict", picture, "--cam-dir", tmp_path, "--overwrite", *RANDOM)
    assert (code, len(err), "is not of an earlier run, and stays" in err[0]) == (2, 1, True)
    assert (tmp_path / "manifest.json").read_text() == content
    assert names_in(tmp_path) == {"manifest.json"}


@pytest.fixture
def two_colours(tmp_path):
    """Six blue and six red pictures, and the options of a training run that is over at once."""
    for label, colour in (("blue", (40, 40, 200)), ("red", (200, 40, 40))):
        for i in range(6):
            path = tmp_path / "data" / label / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(i).integers(0, 50, (64, 64, 3)) + colour
            Image.fromarray(noise.astype(np.uint8)).save(path)
    options = ("--epochs", 1, "--batch-size", 8, "--crop", 32, "--train-crop", 32, "--device", "cpu")
    return (tmp_path / "data", *options)


@pytest.mark.parametrize("there", ["bee.pth", "bee.png"])
def test_train_writes_over_no_checkpoint_and_no_chart(run, two_colours, tmp_path, monkeypatch, there):
    (tmp_path / there).write_text("mine")
    with monkeypatch.context() as patch:
        patch.setattr(train, "_pictures", lambda _: pytest.fail("the work began"))
        code, _, err = run("train", *two_colours, "--out", tmp_path / "bee.pth")
    assert code == 2
    assert err == [f"{tmp_path / there} is already there; give another --out, or add --overwrite to replace it."]
    assert (tmp_path / there).read_text() == "mine"
    assert run("train", *two_colours, "--out", tmp_path / "bee.pth", "--overwrite")[0] == 0
    assert names_in(tmp_path) == {"data", "bee.pth", "bee.png"}
    assert (tmp_path / there).stat().st_size > 1000


def test_train_looks_at_its_start_before_the_pictures(run, two_colours, tmp_path, monkeypatch, saved, small_state):
    with monkeypatch.context() as patch:
        patch.setattr(train, "_pictures", lambda _: pytest.fail("the pictures were read"))
        code, _, err = run("train", *two_colours, "--out", tmp_path / "bee.pth", "--init", "imagnet")
    assert (code, err) == (2, ["There is no file imagnet; --init takes random, imagenet or a checkpoint file."])
    path = saved({"model_ema": small_state(), "model": small_state()}, name="start.pth")
    code, _, err = run("train", *two_colours, "--out", tmp_path / "bee.pth", "--init", path)
    assert code == 0
    assert "The averaged weights (model_ema) are used." in err


def test_a_run_that_was_stopped_after_its_checkpoint_was_written_goes_on(run, two_colours, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt  # no SIGINT: it is ignored where the tests run in a shell's background

    with monkeypatch.context() as patch:
        patch.setattr("resnet_app.training.plots.draw", stopped)
        assert run("train", *two_colours, "--out", tmp_path / "bee.pth")[0] == 130
    assert names_in(tmp_path) == {"data", "bee.pth", "bee.pth.resume"}
    assert run("train", *two_colours, "--out", tmp_path / "bee.pth", "--resume")[0] == 0
    assert names_in(tmp_path) == {"data", "bee.pth", "bee.png"}


@pytest.mark.parametrize("out", ["/dev/full", "/proc/absent/x.pth", "{tmp}/data/blue/0.png/x.pth", "{tmp}/{long}.pth"])
def test_train_sees_before_the_work_where_it_cannot_write(run, two_colours, tmp_path, monkeypatch, out):
    monkeypatch.setattr(train, "_pictures", lambda _: pytest.fail("the work began"))
    code, _, err = run("train", *two_colours, "--out", out.format(tmp=tmp_path, long="x" * 245))
    assert (code, len(err)) == (2, 1)
    assert ("is no ordinary file" in err[0]) == (out == "/dev/full")  # it would be replaced by one
    assert names_in(tmp_path) == {"data"}


def test_a_run_that_was_stopped_is_gone_on_with(run, tmp_path, draw):
    folder, table = tmp_path / "photos", tmp_path / "t.csv"
    for number in range(6):
        draw(folder / f"{number}.png", seed=number)
    (folder / "broken.png").write_text("no picture")
    assert run("predict", folder, "--csv", table, *RANDOM)[0] == 1  # one of them is broken
    whole = table.read_bytes()
    lines = whole.splitlines(keepends=True)
    table.write_bytes(b"".join(lines[:4]) + lines[4][:30])
    code, out, _ = run("predict", folder, "--csv", table, "--resume", *RANDOM)
    assert code == 1
    assert [line.split(":")[0] for line in out[:-2]] == ["4/7", "5/7", "6/7", "7/7"]
    assert out[-2] == "3 of 7 answered by an earlier run"
    again = table.read_bytes().splitlines(keepends=True)
    assert again[:4] == lines[:4]
    assert [line.split(b",")[:3] for line in again] == [line.split(b",")[:3] for line in lines]  # the times are others
    assert run("predict", folder, "--csv", table, "--resume", *RANDOM)[1] == ["7 of 7 answered by an earlier run"]
    assert table.read_bytes().splitlines(keepends=True) == again
    code, _, (sentence,) = run("predict", folder, "--csv", table, "--resume", "--model", "resnet18")
    assert (code, "another model" in sentence) == (2, True)


@pytest.mark.parametrize("given", [(), ("--csv", "t.csv", "--json"), ("--csv", "t.csv", "--cam-dir", "maps")])
def test_only_a_table_can_be_gone_on_with(run, picture, given):
    code, _, (sentence,) = run("predict", picture, "--resume", *given, *RANDOM)
    assert code == 2
    assert "name it by --csv, --jsonl or --parquet" in sentence


@pytest.fixture
def by_class(tmp_path, repo):
    """The six examples in folders that are named as the bundled model's classes, in a folder and in a zip of it."""
    for path in (repo / "assets" / "examples").glob("*.jpg"):
        folder = tmp_path / "photos" / ("Ants" if path.name.startswith("ant") else "bees")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    shutil.copy(tmp_path / "photos" / "bees" / "bee-daisy.jpg", tmp_path / "photos" / "Ants")  # a wrong one
    (tmp_path / "photos" / "other").mkdir()
    shutil.copy(tmp_path / "photos" / "bees" / "bee-daisy.jpg", tmp_path / "photos" / "other")
    shutil.make_archive(str(tmp_path / "photos"), "zip", tmp_path / "photos")
    return tmp_path / "photos"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_folders_that_are_named_as_classes_say_how_right_the_answers_are(run, by_class, kind):
    given = by_class if kind == "folder" else by_class.with_suffix(".zip")
    code, out, _ = run("predict", given, "--device", "cpu")
    assert code == 0
    assert out[0].startswith(f"1/8: {given}/Ants/ant-leaf.jpg  ants")
    assert out[8].startswith("accuracy 85.7%: 6 of 7 whose folder is named as a class (95 %: ")
    assert re.match(r"mean confidence [\d.]+%   expected calibration error 0\.\d+", out[9])
    assert out[10:-1] == ["ants taken for bees: 1"]
    assert "a second" in out[-1]
    code, out, err = run("predict", given, "--json", "--device", "cpu")
    assert len(json.loads("\n".join(out))) == 8
    assert err[0].startswith("accuracy 85.7%")


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_other_tables_hold_what_the_csv_holds_and_are_gone_on_with(run, by_class, tmp_path, kind):
    (by_class / "bees" / "torn.jpg").write_text("no picture")
    csv_path, path = tmp_path / "t.csv", tmp_path / f"t.{kind}"
    lines = path.with_name("t.parquet.jsonl") if kind == "parquet" else path
    run("predict", by_class, "--csv", csv_path, "--device", "cpu")
    whole = list(csv.DictReader(io.StringIO(csv_path.read_text("utf-8"))))
    assert run("predict", by_class, "--jsonl", lines, "--device", "cpu")[0] == 1
    rows = lines.read_bytes().splitlines(keepends=True)
    lines.write_bytes(b"".join(rows[:3]) + rows[3][:50])
    code, out, _ = run("predict", by_class, f"--{kind}", path, "--resume", "--device", "cpu")
    assert code == 1
    assert out[0].startswith("4/9: ")
    assert "accuracy 85.7%: 6 of 7" in out[6]  # those that the earlier run has answered count
    if kind == "jsonl":
        told = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
        found = [(each["file"], *[p["label"] for p in each["predictions"]][:1], each["error"] or "") for each in told]
        assert all(each["model"]["sha256"] for each in told)
    else:
        assert not lines.exists()
        told = pq.read_table(path).to_pylist()
        found = [(each["file"], *filter(None, [each["label"]]), each["error"] or "") for each in told]
    assert found == [(each["file"], *filter(None, [each["label"]]), each["error"]) for each in whole]
    probabilities = [each["probability"] for each in told if "probability" in each and each["probability"] is not None]
    expected = [float(each["probability"]) for each in whole if each["probability"]]
    assert kind == "jsonl" or probabilities == pytest.approx(expected, abs=1e-5)


def test_a_finished_parquet_file_is_gone_on_with(run, by_class, tmp_path, draw):
    path, again = tmp_path / "t.parquet", ["--top-k", "2", "--resume", "--device", "cpu"]
    (by_class / "bees" / "torn.jpg").write_text("no picture")
    run("predict", by_class, "--parquet", path, *again)
    before = pq.read_table(path)
    draw(by_class / "ants" / "a-late-one.png")
    code, out, _ = run("predict", by_class, "--parquet", path, *again)
    assert code == 1
    assert ["a-late-one.png" in line for line in out if "/10: " in line] == [True]  # the others are there
    after = pq.read_table(path)
    late = [Path(file).name == "a-late-one.png" for file in after["file"].to_pylist()]
    assert after.filter([not each for each in late]).equals(before)  # times and all
    assert sum(late) == 1
    assert list(tmp_path.glob("t.parquet*")) == [path]
    code, _, (sentence,) = run("predict", by_class, "--parquet", path, "--resume", "--device", "cpu", "--top-k", "1")
    assert (code, sentence.startswith(f"{path} does not hold answers of this model and this --top-k")) == (2, True)
    assert list(tmp_path.glob("t.parquet*")) == [path]
    whole = path.read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-9])
    (tmp_path / "torn.parquet").write_bytes(whole[:200] + bytes(len(whole) - 400) + whole[-200:])
    pq.write_table(before.drop_columns("bytes"), tmp_path / "foreign.parquet")
    for name in ("cut", "torn", "foreign"):
        code, _, (sentence,) = run("predict", by_class, "--parquet", tmp_path / f"{name}.parquet", *again)
        assert (code, "or is damaged; name another file" in sentence) == (2, True)
        assert not (tmp_path / f"{name}.parquet.jsonl").exists()


def test_without_pyarrow_a_parquet_file_is_a_sentence(run, picture, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    code, _, (sentence,) = run("predict", picture, "--parquet", tmp_path / "t.parquet", *RANDOM)
    assert (code, "pip install pyarrow" in sentence) == (2, True)
    assert not (tmp_path / "t.parquet").exists()


def untimed(path):
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    return [[cell for place, cell in enumerate(row) if place not in TIMES] for row in rows]


@pytest.mark.slow
@pytest.mark.thorough
def test_the_whole_command_killed_at_random_moments_goes_on_to_the_same_table(tmp_path, draw):
    """SIGKILL again and again, in the midst of its rows: each picture once, and the rest as an unbroken run has it."""
    folder, table = tmp_path / "photos", tmp_path / "t.csv"
    for number in range(120):
        draw(folder / f"{number:03}.png", seed=number)
    for number in (3, 77):
        (folder / f"{number:03}.png").write_text("no picture")
    command = [sys.executable, "-m", "resnet_app", "predict", folder, "--device", "cpu", "--csv"]
    whole = subprocess.run([*command, tmp_path / "whole.csv"], cwd=ROOT, capture_output=True, timeout=300)
    assert whole.returncode == 1  # two have no answer
    pause, killed = random.Random(0), 0
    for _ in range(KILLS):
        child = subprocess.Popen([*command, table, "--resume"], cwd=ROOT, stdout=subprocess.PIPE)
        assert child.stdout
        if child.stdout.readline():  # it is at work
            time.sleep(pause.uniform(0, 0.15))
            child.kill()
            killed += child.wait() == -signal.SIGKILL
        child.stdout.close()
        child.wait()
    assert killed >= KILLS // 2
    done = subprocess.run([*command, table, "--resume"], cwd=ROOT, capture_output=True, timeout=300)
    assert done.returncode == 1
    rows, expected = (untimed(path) for path in (table, tmp_path / "whole.csv"))
    assert [row[0] for row in rows] == [row[0] for row in expected]
    for found, row in zip(rows[1:], expected[1:], strict=True):
        assert (found[1], found[3:4]) == (row[1], row[3:4])
        assert found[2] == row[2] or float(found[2]) == pytest.approx(float(row[2]), abs=2e-6)  # other groups


def test_a_list_on_stdin_is_answered_in_its_order(run, tmp_path, draw, monkeypatch):
    one, two = draw(tmp_path / "one.png"), draw(tmp_path / "two.png", seed=1)
    listed = f"{two}\n\n{one}\r\n".encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(listed)))
    code, out, _ = run("predict", "-", *RANDOM)
    assert code == 0
    assert [line.split("  ")[0] for line in out[:-1]] == [f"1/2: {two}", f"2/2: {one}"]


@pytest.mark.parametrize(("given", "says"), [(("-",), "stdin lists no pictures"), (("--workers", "-1"), "0 to 256")])
def test_a_list_or_a_number_of_threads_that_will_not_do_is_a_sentence(run, picture, monkeypatch, given, says):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    code, _, (sentence,) = run("predict", *(given if given == ("-",) else (picture, *given)), *RANDOM)
    assert code == 2
    assert says in sentence
