"""The running app over HTTP: its endpoints keep the contract, a failure is one sentence, sessions do not mix."""

import json
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import gradio as gr
import pytest
import torch
import torchvision
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from demo import api, app
from demo.batch import handlers as batch_handlers
from demo.classify import handlers as classify_handlers
from demo.sidebar import handlers as sidebar_handlers
from demo.teach import handlers as teach_handlers
from demo.teach import view as teach_view
from demo.teach.layout import MAX_CLASSES
from demo.ui import errors
from demo.ui.events import Turns
from demo.ui.labels import Labels
from demo.ui.session import OWN, Turn, obtain
from resnet_app import images
from resnet_app.architecture import counting
from resnet_app.checkpoints import class_names
from resnet_app.cli import main
from resnet_app.errors import ResNetAppError
from resnet_app.inference import models
from resnet_app.inference.cache import shared_cache
from tests.page import carry_out, split, visit
from tests.paths import ROOT

BEE = ROOT / "assets" / "examples" / "bee-daisy.jpg"
EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


@pytest.fixture
def no_picture(tmp_path: Path) -> Path:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear teacher, this is not a picture.")
    return path


def pick(changed, model, weights, checkpoint, names, device, choice, taught=None, turn=None):
    """A load of a session that does one thing, in English."""
    page = visit(model=model, weights=weights, device=device, choice=choice)
    asked = sidebar_handlers.Asked(page, checkpoint, names, taught, turn or Turn())
    failed = partial(sidebar_handlers.load_failed, changed)
    load = partial(sidebar_handlers.load, changed)
    return carry_out(load, asked, sidebar_handlers.Shown, turns=Turns.TAKE, failed=failed)


def look(**changes):
    """What the Classify tab shows of a photo."""
    page, own = split(changes)
    asked = classify_handlers.Asked(page, **{"top_k": 5, "colours": "inferno", **own})
    (shown,) = carry_out(classify_handlers.answer, asked, classify_handlers.Shown)
    return shown


def without_times(record: dict) -> dict:
    return {key: value for key, value in record.items() if key not in ("ms", "file")}


def test_public_endpoints_are_the_contract_and_no_more(client: Client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    wanted = {
        "/classify": ["image", "model", "weights", "top_k", "device", "checkpoint", "class_names"],
        "/explain": [
            "image", "class_name", "layer", "method", "model", "weights", "device", "checkpoint", "class_names",
        ],
        "/architecture": ["model", "classes", "input_size", "stem"],
        "/inspect_checkpoint": ["file"],
        "/batch": ["files", "model", "weights", "top_k", "device", "checkpoint", "class_names"],
    }  # fmt: skip
    assert {name: [p["parameter_name"] for p in info["parameters"]] for name, info in named.items()} == wanted
    for info in named.values():
        assert all(parameter["parameter_has_default"] for parameter in info["parameters"][1:])


def test_classify_gives_the_command_lines_record(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    record = client.predict(handle_file(BEE), api_name="/classify")
    assert main.main(["predict", str(BEE), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert without_times(record) == without_times(told)
    assert record["predictions"][0]["label"] == "bees"
    assert set(record["ms"]) == {"decode", "forward", "cam", "total"}


def test_explain_gives_the_record_and_the_overlay(client: Client) -> None:
    record, overlay = client.predict(handle_file(BEE), "ants", api_name="/explain")
    assert record["ms"]["cam"] > 0
    with Image.open(overlay) as picture, Image.open(BEE) as photo:
        assert picture.size == (224, 224)
        assert (
            picture.convert("RGB").tobytes()
            != photo.convert("RGB").resize((256, 256)).crop((16, 16, 240, 240)).tobytes()
        )


@pytest.mark.parametrize(
    ("layer", "method"), [("layer3", "gradcam++"), ("layer2+layer4", "layercam"), ("layer1.0", "scorecam")]
)
def test_explain_takes_any_layer_and_method(client: Client, layer: str, method: str) -> None:
    plain = Image.open(client.predict(handle_file(BEE), "ants", api_name="/explain")[1]).convert("RGB")
    record, overlay = client.predict(handle_file(BEE), "ants", layer, method, api_name="/explain")
    assert record["predictions"][0]["label"] == "bees"
    with Image.open(overlay) as picture:
        assert picture.convert("RGB").tobytes() != plain.tobytes()


@pytest.mark.parametrize(("layer", "method"), [("layer9", "gradcam"), ("layer4", "lime")])
def test_explain_says_which_layers_and_methods_there_are(client: Client, layer: str, method: str) -> None:
    with pytest.raises(AppError, match="choose one of"):
        client.predict(handle_file(BEE), "ants", layer, method, api_name="/explain")


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


def test_explain_makes_no_more_passes_than_a_program_may_ask_for(client: Client) -> None:
    every = "+".join(f"layer{stage}.{block}" for stage in range(1, 5) for block in range(2))
    with pytest.raises(AppError, match="a program gets at most 4096"):
        client.predict(handle_file(BEE), "", f"{every}+layer4", "scorecam", "resnet50", "random", api_name="/explain")


def test_architecture_gives_the_published_numbers(client: Client) -> None:
    record = client.predict("resnet50", api_name="/architecture")
    assert record["parameters"] == torchvision.models.ResNet50_Weights.DEFAULT.meta["num_params"]
    assert sum(stage["macs"] for stage in record["stages"]) == record["macs"]


def test_batch_goes_on_after_a_broken_file(client: Client, no_picture: Path) -> None:
    files = [handle_file(path) for path in (EXAMPLES[0], no_picture, EXAMPLES[-1])]
    first, broken, last = client.predict(files, api_name="/batch")
    assert broken["error"].startswith("This file is not a picture we can read.")
    assert (first["predictions"][0]["label"], last["predictions"][0]["label"]) == ("ants", "bees")


def test_uploads_of_one_name_are_told_apart(client: Client, no_picture: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(BEE, tmp_path / folder / "bee.jpg")
    paths = [tmp_path / "one" / "bee.jpg", no_picture, tmp_path / "two" / "bee.jpg"]
    records = client.predict([handle_file(path) for path in paths], api_name="/batch")
    assert [record["file"] for record in records] == ["bee.jpg", "letter.jpg", "bee.jpg (2)"]
    asked = batch_handlers.Asked(visit(), [str(path) for path in paths])
    shown = last(carry_out(batch_handlers.answer, asked, batch_handlers.Shown)).result
    assert ">bee.jpg<" in shown
    assert ">bee.jpg (2)<" in shown
    assert shown.count("<figure><img") == 2


@pytest.fixture(scope="module")
def own_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_classes(tmp_path_factory.mktemp("own") / "mine.pth")


@pytest.mark.parametrize("endpoint", ["/classify", "/explain", "/batch"])
def test_a_program_brings_its_own_checkpoint_and_names(
    client: Client, own_checkpoint: Path, endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [handle_file(BEE)] if endpoint == "/batch" else handle_file(BEE)
    own = {"checkpoint": handle_file(own_checkpoint), "class_names": "wasp, hornet"}
    found = client.predict(given, **own, api_name=endpoint)
    record = found if endpoint == "/classify" else found[0]
    options = ["--checkpoint", str(own_checkpoint), "--classes", "wasp, hornet", "--json"]
    assert main.main(["predict", str(BEE), *options]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert without_times(record) == without_times(told)
    unnamed = client.predict(given, checkpoint=own["checkpoint"], api_name=endpoint)
    record = unnamed if endpoint == "/classify" else unnamed[0]
    assert {p["label"] for p in record["predictions"]} == {"class 0", "class 1"}


@pytest.mark.slow
def test_a_bad_checkpoint_gets_its_sentence_and_changes_nothing(
    client: Client, no_picture: Path, own_checkpoint: Path
) -> None:
    before = without_times(client.predict(handle_file(BEE), api_name="/classify"))
    cached = dict(shared_cache()._models)
    for options, words in (
        ({"checkpoint": handle_file(no_picture)}, "This file is not a checkpoint."),
        ({"checkpoint": handle_file(own_checkpoint), "class_names": "a,b,c"}, "3 class names were given. Give 2."),
        ({"checkpoint": handle_file(own_checkpoint), "weights": "random"}, "a checkpoint or weights, not both"),
        ({"class_names": "just one"}, "1 class names were given. Give 2."),
    ):
        for endpoint in ("/classify", "/explain"):
            with pytest.raises(AppError, match=re.escape(words)):
                client.predict(handle_file(BEE), **options, api_name=endpoint)
        with pytest.raises(AppError, match=re.escape(words)):
            client.predict([handle_file(BEE)], **options, api_name="/batch")
    assert without_times(client.predict(handle_file(BEE), api_name="/classify")) == before
    assert cached.keys() <= shared_cache()._models.keys()


def test_inspect_checkpoint_says_what_a_plain_pytorch_file_holds(client: Client, tmp_path: Path) -> None:
    network = torchvision.models.resnet18(num_classes=2)
    torch.save({"model_state_dict": network.state_dict(), "epoch": 14}, tmp_path / "checkpoint.pkl")
    found = client.predict(handle_file(tmp_path / "checkpoint.pkl"), api_name="/inspect_checkpoint")
    assert (found["ok"], found["model"], found["classes"], found["metadata"]["epoch"]) == (True, "resnet18", 2, 14)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "resnet19"}, "Unknown model 'resnet19'; choose one of resnet18"),
        ({"weights": "nothing"}, "Unknown weights 'nothing'"),
        ({"device": "tpu"}, "This machine has no device 'tpu'"),
        ({"top_k": 99}, "give 1 to 10"),
        ({"model": "resnet50", "weights": "ants-bees"}, "There are no ants-bees weights for resnet50"),
    ],
)
def test_wrong_use_gets_one_sentence(client: Client, options: dict, words: str) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(handle_file(BEE), api_name="/classify", **options)
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_an_unexpected_error_is_one_line_with_a_reference(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(api, "_model", broken)
    with pytest.raises(AppError) as caught:
        client.predict(handle_file(BEE), api_name="/classify")
    assert "secret" not in str(caught.value)
    reference = str(caught.value).rpartition("reference ")[2].split(".")[0]
    assert reference in caplog.text
    assert "secret inside" in caplog.text


def test_one_callers_choice_does_not_change_anothers(client: Client) -> None:
    answers: dict[str, list[int]] = {"random": [], "ants-bees": []}

    def ask(weights: str) -> None:
        for _ in range(3):
            record = client.predict(handle_file(BEE), weights=weights, api_name="/classify")
            answers[weights].append(record["model"]["classes"])

    threads = [threading.Thread(target=ask, args=(weights,)) for weights in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"random": [1000] * 3, "ants-bees": [2] * 3}


# The page's own handlers


def last(steps: object) -> sidebar_handlers.Shown:
    *_, shown = steps
    return shown


def test_a_bad_checkpoint_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    bad = tmp_path / "page.pth"
    bad.write_text("<!doctype html><html>404</html>")
    before = obtain("resnet18", device="cpu").choice
    shown = last(pick("checkpoint", "resnet18", "ants-bees", str(bad), "", "cpu", before))
    assert shown.choice == before
    assert "web page" in shown.problem["value"]
    assert shown.checkpoint is None
    assert shown.weights["value"] == "ants-bees"
    assert "Still using" in shown.status


def test_a_checkpoint_corrects_the_architecture_and_takes_typed_names(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pkl"
    torch.manual_seed(1)
    network = torchvision.models.resnet18(num_classes=2).eval()
    torch.save({"model_state_dict": network.state_dict()}, file)
    shown = last(pick("checkpoint", "resnet50", "random", str(file), "ants, bees", "cpu", None))
    assert shown.model == "resnet18"
    assert "the architecture was set to it" in shown.status
    loaded = shared_cache().get(shown.choice)
    assert loaded.class_names == ("ants", "bees")
    pixels = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.allclose(loaded.network(pixels), network(pixels), atol=1e-5)
    page = look(choice=shown.choice, photo=str(BEE)).result
    assert ">ants<" in page
    assert ">bees<" in page


def test_weights_that_are_not_there_leave_the_model_and_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    shown = last(pick("model", "resnet50", "ants-bees", None, "", "cpu", None))
    assert "python -m resnet_app download resnet50" in shown.problem["value"]
    assert shared_cache().get(shown.choice).weights_name == "ants-bees"
    assert shown.weights["value"] == "imagenet"


def test_no_photo_is_the_empty_state_and_a_bad_one_keeps_the_last_answer(no_picture: Path) -> None:
    shown, _, controls = look(language="zh-CN")
    assert "还没有图片" in shown
    assert controls["visible"] is False
    shown, problem, _ = look(photo=str(no_picture))
    assert shown == gr.skip()
    assert "not a picture we can read" in problem["value"]


def test_errors_with_words_in_every_language_say_the_same_as_the_library(no_picture: Path) -> None:
    for provoke in (
        lambda: images.open_picture(no_picture),
        lambda: counting.parse_size("huge"),
        lambda: counting.describe("resnet18", classes=0),
        lambda: counting.describe("resnet18", dilated=("conv5_x",)),
        lambda: class_names.check_class_names(("a",), 2),
    ):
        with pytest.raises(ResNetAppError) as caught:
            provoke()
        assert errors.sentence(caught.value, "en") == str(caught.value)
        assert errors.sentence(caught.value, "zh-CN") != str(caught.value)


def two_classes(path: Path, *, classes: int = 2) -> Path:
    torch.save({"model_state_dict": torchvision.models.resnet18(num_classes=classes).state_dict()}, path)
    return path


def test_taking_ones_file_away_leads_back_to_the_bundled_model(tmp_path: Path) -> None:
    file = str(two_classes(tmp_path / "mine.pkl"))
    mine = last(pick("checkpoint", "resnet18", "ants-bees", file, "", "cpu", None))
    shown = last(pick("checkpoint", "resnet18", "own", None, "a, b", "cpu", mine.choice))
    assert (shown.model, shown.weights["value"], shown.class_names) == ("resnet18", "ants-bees", "")
    assert shared_cache().get(shown.choice).class_names == ("ants", "bees")


def test_going_back_to_the_network_of_ones_file_uses_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    file = str(two_classes(tmp_path / "mine.pkl"))
    mine = last(pick("checkpoint", "resnet50", "random", file, "", "cpu", None))
    away = last(pick("model", "resnet34", "own", file, "", "cpu", mine.choice))
    assert "download resnet34" in away.problem["value"]
    back = last(pick("model", "resnet18", "imagenet", file, "", "cpu", mine.choice))
    assert back.weights["value"] == "own"
    assert back.choice == mine.choice


def test_a_bad_file_after_a_good_one_leaves_the_good_one_in_use(tmp_path: Path) -> None:
    good, bad = str(two_classes(tmp_path / "good.pkl")), tmp_path / "bad.pkl"
    bad.write_bytes(b"nothing")
    mine = last(pick("checkpoint", "resnet18", "random", good, "", "cpu", None))
    shown = last(pick("checkpoint", "resnet18", "own", str(bad), "", "cpu", mine.choice))
    assert (shown.choice, shown.weights["value"], shown.checkpoint) == (mine.choice, "own", None)
    again = last(pick("device", "resnet18", "own", None, "", "cpu", shown.choice))
    assert again.choice == mine.choice


def test_names_left_over_from_another_file_do_not_cost_the_new_one(tmp_path: Path) -> None:
    file = str(two_classes(tmp_path / "five.pkl", classes=5))
    shown = last(pick("checkpoint", "resnet18", "random", file, "cat, dog", "cpu", None))
    assert len(shared_cache().get(shown.choice).class_names) == 5
    assert "The model has 5 outputs, and 2 class names were given." in shown.status


def test_too_many_files_at_once_get_a_sentence() -> None:
    asked = batch_handlers.Asked(visit(), [str(BEE)] * (batch_handlers.MAX_BATCH + 1))
    ((shown, problem),) = carry_out(batch_handlers.answer, asked, batch_handlers.Shown)
    assert shown == gr.skip()
    assert "at most 200 go at once" in problem["value"]


def test_labels_put_every_component_into_another_language() -> None:
    labels = Labels("en")
    with gr.Blocks():
        labels(gr.Textbox, words={"label": "architecture"})
        labels(gr.HTML, words={"value": lambda language: language.upper()})
    first, second = labels.updates("zh-CN")
    assert first["label"] == "网络结构"
    assert second["value"] == "ZH-CN"
    assert len(labels.components) == 2


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


def test_of_two_loads_at_once_the_later_pick_counts() -> None:
    turn = Turn()
    first = pick("weights", "resnet34", "random", None, "", "cpu", None, turn=turn)
    next(first)  # the status card says that it is being loaded
    second = last(pick("weights", "resnet18", "random", None, "", "cpu", None, turn=turn))
    assert second.choice.model == "resnet18"
    assert list(first) == [sidebar_handlers.Shown()]  # changes nothing: Gradio would show its last words again


def test_a_download_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()

    def slow(*_: object, progress: sidebar_handlers.Download, **__: object) -> None:
        progress(30 << 20, 98 << 20)
        going_on.wait(30)
        raise ResNetAppError("The line broke.")

    monkeypatch.setattr(sidebar_handlers, "obtain", slow)
    monkeypatch.setattr(
        sidebar_handlers, "current", lambda choice: shared_cache().get(choice or models.choose(device="cpu"))
    )
    steps = pick("weights", "resnet50", "imagenet", None, "", "cpu", None)
    assert "Loading ResNet-50" in next(steps).status
    under_way = next(steps).status
    assert "Downloading weights · ResNet-50" in under_way
    assert "30 of 98 MB" in under_way
    going_on.set()
    assert "The line broke." in last(steps).problem["value"]


def test_before_anything_is_loaded_the_sidebar_says_which_model_answers() -> None:
    page, *_ = look(model="resnet34", weights="random", photo=str(BEE), top_k=3)
    assert "These weights are random" in page


def test_one_model_at_work_at_a_time() -> None:
    blocks = app.build()
    blocks.queue(default_concurrency_limit=4)
    limits = {fn.concurrency_id: fn.concurrency_limit for fn in blocks.fns.values() if fn.concurrency_id == "model"}
    assert limits == {"model": 1}


@pytest.mark.parametrize("options", [["--port", "99999"], ["--host", "203.0.113.7"], ["--model", "resnet19"]])
def test_wrong_use_of_the_app_is_one_line(options: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "demo", *options], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1


# Teach


def taught_by(files: list[list[Path]], *, names: tuple[str, ...] = ("ants", "bees"), choice=None) -> list:
    empty = MAX_CLASSES - len(names)  # boxes that are not shown
    photos = [[str(path) for path in each] for each in files]
    asked = teach_handlers.Asked(
        visit(choice=choice), str(len(names)), (*names, *[""] * empty), (*photos, *[[]] * empty)
    )
    failed = teach_handlers.teach_failed
    return list(carry_out(teach_handlers.teach, asked, teach_handlers.Shown, failed=failed))


def saved_lesson(taught):
    (shown,) = carry_out(
        teach_handlers.write_checkpoint, teach_handlers.AskedFile(visit(), taught), teach_handlers.ShownFile
    )
    return shown


@pytest.fixture(scope="module")
def lesson() -> list:
    *_, outcome = taught_by([EXAMPLES[:3], EXAMPLES[3:]])
    return outcome


def test_a_lesson_gives_the_session_a_model_and_the_page_its_course(lesson: list) -> None:
    shown, problem, taught, after = lesson
    assert taught.head.class_names == ("ants", "bees")
    assert shown.count("<figure") == 6
    assert "of 6 right, each left out" in shown
    assert (problem["visible"], after["visible"]) == (False, True)
    loaded = last(pick("taught", "resnet18", "ants-bees", None, "", "cpu", None, taught=taught))
    assert (loaded.choice, loaded.model, loaded.weights["value"]) == (taught, "resnet18", "taught")
    assert ("Taught here: ants, bees", "taught") in loaded.weights["choices"]
    assert "your photos" in loaded.status


def test_a_taught_model_stays_until_another_is_picked_and_can_be_picked_again(lesson: list, tmp_path: Path) -> None:
    taught = lesson[2]
    for changed in ("device", "language", "class_names"):
        shown = last(pick(changed, "resnet18", "taught", None, "a, b", "cpu", taught, taught=taught))
        assert (shown.choice, shown.weights["value"]) == (taught, "taught"), changed
    away = last(pick("weights", "resnet18", "random", None, "", "cpu", taught, taught=taught))
    assert (away.choice.head, away.weights["value"]) == (None, "random")
    assert ("Taught here: ants, bees", "taught") in away.weights["choices"]
    back = last(pick("weights", "resnet18", "taught", None, "", "cpu", away.choice, taught=taught))
    assert back.choice == taught
    file = str(two_classes(tmp_path / "mine.pkl"))
    own = last(pick("checkpoint", "resnet18", "taught", file, "", "cpu", taught, taught=taught))
    assert (own.choice.head, own.weights["value"]) == (None, "own")
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"nothing")
    kept = last(pick("checkpoint", "resnet18", "taught", str(bad), "", "cpu", taught, taught=taught))
    assert (kept.choice, kept.weights["value"]) == (taught, "taught")
    forgotten = last(pick("language", "resnet18", "taught", None, "", "cpu", None))
    assert (forgotten.choice.head, forgotten.weights["value"]) == (None, "ants-bees")


def test_a_lesson_on_a_checkpoint_of_ones_own_is_another_head_on_it(tmp_path: Path) -> None:
    file = str(two_classes(tmp_path / "mine.pkl"))
    mine = last(pick("checkpoint", "resnet18", "random", file, "", "cpu", None)).choice
    *_, (_, _, taught, _) = taught_by([EXAMPLES[:3], EXAMPLES[3:]], names=("left", "right"), choice=mine)
    assert (taught.checkpoint, taught.head.class_names) == (mine.checkpoint, ("left", "right"))
    shown = last(pick("taught", "resnet18", "own", file, "", "cpu", mine, taught=taught))
    assert shown.weights["value"] == "taught"
    emptied = last(pick("checkpoint", "resnet18", "taught", None, "", "cpu", taught, taught=taught))
    assert (emptied.choice, emptied.weights["value"]) == (taught, "taught")
    assert shared_cache().get(mine).class_names == ("class 0", "class 1")


@pytest.mark.parametrize(
    ("names", "files", "says"),
    [
        (("a", "b"), [[], []], "The class a has no photo"),
        (("a", ""), [[BEE], []], "One class cannot be told from nothing"),
        (("a", "a"), [[BEE], [BEE]], "the same name"),
        (("a", "b"), [[BEE], ["letter"]], "No photo of the class b can be read"),
    ],
)
def test_a_lesson_that_cannot_be_held_says_why(names, files, says, no_picture: Path) -> None:
    files = [[no_picture if path == "letter" else path for path in each] for each in files]
    *_, (shown, problem, taught, after) = taught_by(files, names=names)
    assert says in problem["value"]
    assert "Nothing taught yet" in shown
    assert not isinstance(taught, models.ModelChoice)
    assert after["visible"] is False


@pytest.mark.slow
def test_a_lesson_with_two_hundred_photos_tells_how_far_it_is() -> None:
    steps = taught_by([[EXAMPLES[0]] * 100, [EXAMPLES[3]] * 100])
    told = [int(re.search(r'value="(\d+)"', step[0])[1]) for step in steps[:-1]]
    assert told == sorted(told)
    assert len(told) >= 2
    assert "200 of 200 right" in steps[-1][0]


def test_the_taught_checkpoint_is_a_file_to_save(lesson: list) -> None:
    path, problem = saved_lesson(lesson[2])
    assert problem["visible"] is False
    assert Path(path).name == "ants-bees.pth"
    loaded = obtain(weights=OWN, checkpoint=path, device="cpu")
    taught = shared_cache().get(lesson[2])
    pixels = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(loaded.network(pixels), taught.network(pixels))
    Path(path).unlink()


def test_a_lesson_that_was_forgotten_is_not_another_models_file() -> None:
    path, problem = saved_lesson(None)
    assert "The lesson is gone; press Teach again." in problem["value"]
    assert not isinstance(path, str)


def named(file, checkpoint, choice):
    asked = sidebar_handlers.AskedNames(visit(weights="own", choice=choice), checkpoint, "", None, Turn(), file)
    how = {"turns": Turns.TAKE, "failed": sidebar_handlers.names_failed}
    return carry_out(sidebar_handlers.load_names, asked, sidebar_handlers.Shown, **how)


@pytest.mark.parametrize("names", [["[unk]", "cat"], ["0: a", "1: b"], ["ants", "bees"]])
def test_class_names_from_a_file_are_those_in_it(tmp_path: Path, names: list[str]) -> None:
    file = tmp_path / "names.json"
    file.write_text(json.dumps(names))
    mine = str(two_classes(tmp_path / "mine.pkl"))
    first = last(pick("checkpoint", "resnet18", "random", mine, "", "cpu", None))
    shown = last(named(str(file), mine, first.choice))
    assert shared_cache().get(shown.choice).class_names == tuple(names)
    assert class_names.parse_class_names(shown.class_names) == tuple(names)
    file.write_text('["\\ud800", "x"]')
    (refused,) = named(str(file), mine, first.choice)
    assert "printable characters" in refused.problem["value"]


def test_a_session_whose_file_was_removed_goes_back_to_the_bundled_model(tmp_path: Path) -> None:
    mine = two_classes(tmp_path / "mine.pkl")
    choice = last(pick("checkpoint", "resnet18", "random", str(mine), "", "cpu", None)).choice
    mine.unlink()
    shared_cache()._models.pop(choice.base)
    shown = last(pick("weights", "resnet18", "own", None, "", "cpu", choice))
    assert shown.choice.weights == "ants-bees"
    assert "There is no file mine.pkl" in shown.problem["value"]


@pytest.mark.parametrize(
    ("names", "file"),
    [
        (("Ants", "big bees"), "ants-big_bees.pth"), (("../etc", "a/b\\c"), "etc-a_b_c.pth"),
        (("蚂蚁", "蜜蜂"), "蚂蚁-蜜蜂.pth"),
        (("!", "?"), "taught.pth"), (("x" * 90, "y" * 90, "z" * 90), f"{'x' * 20}-{'y' * 20}-{'z' * 20}.pth"),
    ],
)  # fmt: skip
def test_file_names_are_fit_for_file_systems(names: tuple[str, ...], file: str) -> None:
    assert teach_view.file_name(names) == file
