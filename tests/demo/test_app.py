"""The page composed: what building it brings in, what it lets through, and the command line that starts it."""

import subprocess
import sys

import pytest

from demo import app
from demo.locales import table
from tests.paths import ROOT


@pytest.mark.slow
def test_the_page_is_built_without_the_heavy_libraries() -> None:
    heavy = "{'torch', 'torchvision', 'plotly'}"
    code = f"import sys, demo.app; demo.app.build(); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("space", "megabytes"), [("", 2048), ("someone/app", 600)])
@pytest.mark.slow
def test_the_page_lets_through_what_the_checkpoint_reader_reads(fresh_python, monkeypatch, tmp_path, space, megabytes):
    monkeypatch.setenv("SPACE_ID", space)
    with (tmp_path / "large.pth").open("wb") as file:
        file.truncate(megabytes * 2**20 + 1)  # a hole, which takes no room on the disk
    code = (
        "import demo.app; print(demo.app.launch_options()['max_file_size'])\n"
        "from resnet_app.checkpoints.read import read_checkpoint\n"
        f"try: read_checkpoint({str(tmp_path / 'large.pth')!r})\nexcept ValueError as error: print(error)"
    )
    done = fresh_python("-c", code)
    says = f"This file is larger than {megabytes} MB; save the weights alone."
    assert done.stdout.splitlines() == [str(megabytes * 2**20), says], done.stderr


def test_one_model_at_work_at_a_time() -> None:
    blocks = app.build()
    blocks.queue(default_concurrency_limit=4)
    limits = {fn.concurrency_id: fn.concurrency_limit for fn in blocks.fns.values() if fn.concurrency_id == "model"}
    assert limits == {"model": 1}


def test_the_apps_threads_wait_asleep_unless_the_person_has_settings(fresh_python) -> None:
    code = (
        "import os, sys\n"
        "for name in [n for n in os.environ if n.startswith(('OMP_', 'GOMP_', 'KMP_'))]: del os.environ[name]\n"
        "os.environ.update(dict(pair.split('=') for pair in sys.argv[1:]))\n"
        "from demo.__main__ import prepare_environment\n"
        "prepare_environment()\n"
        "print('torch' in sys.modules, os.environ.get('OMP_WAIT_POLICY'))"
    )
    assert fresh_python("-c", code).stdout.split() == ["False", "PASSIVE"]
    assert fresh_python("-c", code, "GOMP_SPINCOUNT=5").stdout.split() == ["False", "None"]


@pytest.mark.slow
def test_gradio_keeps_no_record_of_the_events_that_are_over(fresh_python):
    code = (
        "from demo.__main__ import prepare_environment\n"
        "prepare_environment()\n"
        "from demo.app import build\n"
        "queue = build()._queue\n"
        "queue.events_recorded = 5000\n"
        "print(queue.ANALYTICS_MAX_EVENTS, queue.compute_analytics_summary([{'function': 'x'}]))"
    )
    done = fresh_python("-c", code)
    assert done.stdout.split("\n")[0] == "1 {'functions': {}}", done.stderr


@pytest.mark.slow
def test_command_line_of_the_app() -> None:
    run = [sys.executable, "-m", "demo"]
    shown = subprocess.run([*run, "--help"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    for option in ("--host", "--port", "--share", "--inbrowser", "--device", "--model", "--weights", "--lang"):
        assert option in shown
    wrong = subprocess.run([*run, "--device", "tpu"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert wrong.returncode == 2
    assert (
        wrong.stderr.strip().splitlines() == ["This machine has no device 'tpu'; choose one of auto, cpu."]
        or "cuda" in wrong.stderr
    )


@pytest.mark.parametrize("options", [["--port", "99999"], ["--host", "203.0.113.7"], ["--model", "resnet19"]])
def test_wrong_use_of_the_app_is_one_line(options: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "demo", *options], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def page() -> dict:
    """The page as its visitor's browser gets it."""
    return app.build(language="zh-CN").get_config_file()


def test_an_id_stands_for_one_part_of_the_page(page: dict) -> None:
    ids = [part["props"].get("elem_id") for part in page["components"]]
    given = [each for each in ids if each]
    assert len(given) > 80
    assert [each for each in given if given.count(each) > 1] == []


def test_a_page_in_one_language_has_no_word_of_another(page: dict) -> None:
    english = {words for key, words in table("en").items() if words != table("zh-CN")[key] and " " in words}
    shown = [part["props"] for part in page["components"] if part["props"].get("visible") is not False]
    said = {str(props.get(name)) for props in shown for name in ("label", "placeholder", "info", "value")}
    assert said & set(table("zh-CN").values())
    assert said & english == set()


def test_what_the_page_starts_with_is_what_was_asked_for() -> None:
    shown = app.build(language="en", model="resnet50", device="cpu").get_config_file()
    props = {part["props"].get("elem_id"): part["props"] for part in shown["components"]}
    assert (props["model"]["value"], props["weights"]["value"]) == ("resnet50", "imagenet")
    assert props["device"]["value"] == "cpu"
    assert {value for _, value in props["layers"]["choices"]} >= {"layer4", "layer3.4"}
    assert props["language"]["value"] == "en"
