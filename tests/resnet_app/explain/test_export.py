"""The zip: its pictures, raw maps, table and manifest, with hashes that can be checked from outside."""

import csv
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from resnet_app import outputs
from resnet_app.explain import export
from resnet_app.explain.cam import heatmaps
from resnet_app.explain.map_folder import MapFolder
from resnet_app.inference import models, predict
from resnet_app.many import batch


@pytest.fixture(scope="module")
def explained(repo):
    model = models.load(models.choose(device="cpu"))
    path = repo / "assets" / "examples" / "bee-clover.jpg"
    answer = predict.classify(model, path, keep=["layer3.1"])
    return model, answer, path, heatmaps(model, answer, [0, 1], layers=["layer3"], method="layercam")


def test_everything_is_in_the_zip_and_says_where_it_is_from(explained, repo):
    model, answer, path, maps = explained
    content = export.bundle(model, answer, path, maps, colours="viridis")
    assert content == export.bundle(model, answer, path, maps, colours="viridis")  # the same bytes each time
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(files["manifest.json"])
    assert told["model"]["name"] == "resnet18"
    assert (told["layer"], told["method"]) == ("layer3", "layercam")
    assert told["versions"]["torch"] == torch.__version__.split("+")[0]
    weights = repo / "assets" / "ants-bees.safetensors"
    assert told["weights"]["file_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    (picture,) = told["pictures"]
    assert picture["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [each["class"] for each in picture["maps"]] == ["ants", "bees"]
    named = [name for each in picture["maps"] for name in each["files"]]
    assert set(files) == {"crop.png", "predictions.csv", "manifest.json", *named}
    for heatmap, each in zip(maps, picture["maps"], strict=True):
        coloured, lines, raw = each["files"]
        assert (np.load(io.BytesIO(files[raw])) == heatmap.raw).all()
        assert each["raw_peak"] == pytest.approx(heatmap.raw.max())
        assert each["raw_unit"] == "logits per position"
        assert Image.open(io.BytesIO(files[coloured])).size == (224, 224)
        assert Image.open(io.BytesIO(files[lines])).size == (448, 448)
    rows = list(csv.DictReader(io.StringIO(files["predictions.csv"].decode("utf-8-sig"))))
    assert [row["label"] for row in rows] == ["bees", "ants"]
    assert float(rows[0]["probability"]) == pytest.approx(answer.predictions[0].probability, abs=1e-6)


def test_the_weights_hash_can_be_made_again_from_the_file(explained, repo):
    model, *_ = explained
    tensors = load_file(repo / "assets" / "ants-bees.safetensors")
    digest = hashlib.sha256()
    for name in model.network.state_dict():
        if not name.endswith("num_batches_tracked"):
            digest.update(name.encode())
            digest.update(tensors[name].float().numpy().tobytes())
    assert export.weights_record(model)["tensors_sha256"] == digest.hexdigest()


def test_a_picture_that_is_gone_is_that_pictures_error(random18, picture, tmp_path, monkeypatch):
    """Another program may take it away after it was decoded and before it is hashed."""
    gone, stays = tmp_path / "gone.jpg", tmp_path / "stays.jpg"
    for path in (gone, stays):
        path.write_bytes(picture.read_bytes())

    def classify_squares(model, squares, **options):
        answers = predict.classify_squares(model, squares, **options)
        gone.unlink(missing_ok=True)
        return answers

    monkeypatch.setattr(batch, "classify_squares", classify_squares)
    first, second = batch.Batch(random18, maps=MapFolder(tmp_path / "maps", random18)).rows([gone, stays])
    assert first.error == "gone.jpg cannot be read (No such file or directory); check who may open it."
    assert second.error is None


def test_random_weights_have_no_file(random18):
    found = export.weights_record(random18)
    assert found.keys() == {"name", "tensors_sha256"}
    assert found == export.weights_record(random18)


@pytest.mark.parametrize(
    ("parts", "stem"),
    [
        (("a b", "c/d\\e"), "a-b_c-d-e"), (("..", "x"), "x"), (("größe", "layer2+layer3"), "größe_layer2+layer3"),
        (("=1+1",), "1+1"), (("<script>",), "script"), (("a" * 99,), "a" * 40),
    ],
)  # fmt: skip
def test_file_names_from_words_of_any_kind(parts, stem):
    assert outputs.file_stem(*parts) == stem


def test_a_files_digest_is_taken_piece_by_piece(tmp_path):
    """On Python 3.10 too, whose hashlib has no file_digest."""
    for size in (0, 1, 2**20, 2**20 + 1):
        (tmp_path / "file").write_bytes(bytes(size))
        assert outputs.sha256(tmp_path / "file") == hashlib.sha256(bytes(size)).hexdigest()
