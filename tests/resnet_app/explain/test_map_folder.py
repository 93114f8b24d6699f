"""A run's folder of maps: what lies in it is what was answered, under any file name, and goes again without a rest."""

import csv
import hashlib
import json
import os

import numpy as np
import pytest
from PIL import Image

from resnet_app.errors import OutputError
from resnet_app.explain.cam import heatmaps
from resnet_app.explain.map_folder import MANIFEST, TABLE, MapFolder, clear, require_free
from resnet_app.inference.predict import classify, hold

NAMES = (
    "bee.jpg",
    "..jpg",
    "=1+1.jpg",
    "蜜蜂 🐝.jpg",
    os.fsdecode(b"caf\xe9.jpg"),
    "a_cam.png.jpg",
    "x" * 200 + ".jpg",
    "-",
)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def answer(random18, picture):
    return classify(random18, picture, keep=["layer2.1", "layer4.1"])


@pytest.fixture
def photo(tmp_path, picture):
    """Gives a file of any name with the picture in it."""
    (tmp_path / "photos").mkdir()

    def make(name):
        path = tmp_path / "photos" / name
        path.write_bytes(picture.read_bytes())
        return path

    return make


@pytest.mark.parametrize("layer", ["layer4", "layer2"])
def test_what_is_written_is_the_best_answers_map(random18, answer, photo, tmp_path, layer):
    maps = MapFolder(tmp_path / "maps", random18, layers=[layer], method="hirescam")
    held = hold(random18, answer, maps.keep)
    file = photo("bee.jpg")
    assert maps.explain(7, file, held) > 0
    maps.finish()
    assert names_in(tmp_path / "maps") == ["0007_bee_cam.npy", "0007_bee_cam.png", MANIFEST, TABLE]
    best = held.predictions[0].index
    (expected,) = heatmaps(random18, held, [best], layers=[layer], method="hirescam")
    np.testing.assert_array_equal(np.load(tmp_path / "maps" / "0007_bee_cam.npy"), expected.raw)
    with Image.open(tmp_path / "maps" / "0007_bee_cam.png") as shown:
        assert shown.size == held.crop.size
    told = json.loads((tmp_path / "maps" / MANIFEST).read_text("utf-8"))
    (entry,) = told["pictures"]
    assert (told["layer"], told["method"]) == (layer, "hirescam")
    assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert entry["maps"][0]["raw_peak"] == pytest.approx(float(expected.raw.max()))
    table = list(csv.DictReader((tmp_path / "maps" / TABLE).open(encoding="utf-8", newline="")))
    assert [int(line["index"]) for line in table[:5]] == held.logits.topk(5).indices.tolist()
    assert sorted(int(line["index"]) for line in table) == list(range(1000))
    assert sum(float(line["probability"]) for line in table) == pytest.approx(1, abs=1e-3)


def test_files_of_any_name_and_two_of_one_get_maps_that_are_cleared_again(random18, answer, photo, tmp_path):
    folder = tmp_path / "maps"
    maps = MapFolder(folder, random18)
    for number, name in enumerate([*NAMES, "bee.jpg"], start=9998):
        maps.explain(number, photo(name), answer)
    maps.finish()
    assert len(names_in(folder)) == 2 * (len(NAMES) + 1) + 2
    (folder / "mine.txt").touch()
    with pytest.raises(OutputError, match="holds an earlier run's maps"):
        require_free(folder)
    require_free(folder, overwrite=True)
    clear(folder)
    assert names_in(folder) == ["mine.txt"]
    require_free(folder)
    clear(folder)  # where there is nothing to clear
    assert names_in(folder) == ["mine.txt"]


def test_a_place_that_takes_no_maps_is_refused_and_nothing_removed(random18, answer, photo, tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "maps", tmp_path / ("x" * 256)):
        with pytest.raises(OutputError):
            require_free(folder)
        with pytest.raises(OutputError, match="cannot be written"):
            MapFolder(folder, random18).explain(1, photo("a.jpg"), answer)
    (tmp_path / "maps" / MANIFEST).mkdir(parents=True)
    for refused in (lambda: require_free(tmp_path / "maps", overwrite=True), lambda: clear(tmp_path / "maps")):
        with pytest.raises(OutputError, match="is not of an earlier run, and stays"):
            refused()
    assert names_in(tmp_path) == ["file", "maps", "photos"]
    assert (tmp_path / "file").read_text() == "mine"
