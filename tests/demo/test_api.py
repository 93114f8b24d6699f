"""The endpoints over HTTP: they keep the contract, a failure is one sentence, one caller's choice is not another's."""

import json
import re
import shutil
import threading
from pathlib import Path

import pytest
import torch
import torchvision
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from demo import api
from demo.batch import handlers as batch_handlers
from resnet_app.cli import main
from resnet_app.inference.cache import shared_cache
from tests.demo.helpers import BEE, PHOTOS, final, two_classes
from tests.page import carry_out, visit

pytestmark = pytest.mark.slow  # a server, and some fifty requests to it


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


@pytest.fixture(scope="module")
def own_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_classes(tmp_path_factory.mktemp("own") / "mine.pth")


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


def test_explain_makes_no_more_passes_than_a_program_may_ask_for(client: Client) -> None:
    every = "+".join(f"layer{stage}.{block}" for stage in range(1, 5) for block in range(2))
    with pytest.raises(AppError, match="a program gets at most 4096"):
        client.predict(handle_file(BEE), "", f"{every}+layer4", "scorecam", "resnet50", "random", api_name="/explain")


def test_architecture_gives_the_published_numbers(client: Client) -> None:
    record = client.predict("resnet50", api_name="/architecture")
    assert record["parameters"] == torchvision.models.ResNet50_Weights.DEFAULT.meta["num_params"]
    assert sum(stage["macs"] for stage in record["stages"]) == record["macs"]


def test_batch_goes_on_after_a_broken_file(client: Client, no_picture: Path) -> None:
    files = [handle_file(path) for path in (PHOTOS[0], no_picture, PHOTOS[-1])]
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
    asked = batch_handlers.Asked(visit(), [str(path) for path in paths], False, batch_handlers.Wish())
    shown = final(carry_out(batch_handlers.answer, asked, batch_handlers.Shown)).result
    assert ">bee.jpg<" in shown
    assert ">bee.jpg (2)<" in shown
    assert shown.count('class="open"') == 2


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
    shared_cache()._models.clear()  # so that none is dropped for want of room
    before = without_times(client.predict(handle_file(BEE), api_name="/classify"))
    cached = dict(shared_cache()._models)
    for options, words in (
        ({"checkpoint": handle_file(no_picture)}, "This file is not a checkpoint."),
        ({"checkpoint": handle_file(own_checkpoint), "class_names": "a,b,c"}, "class names given: 3. Give one name"),
        ({"checkpoint": handle_file(own_checkpoint), "weights": "random"}, "a checkpoint or weights, not both"),
        ({"class_names": "just one"}, "class names given: 1. Give one name"),
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
