"""`robustness` on the command line: curves over folders, what is right where folders say so, good and bad input."""

import csv

import pytest
from PIL import Image

from tests.paths import EXAMPLES

CPU = ("--device", "cpu")


@pytest.fixture
def named(tmp_path):
    """Folders named as the bundled model's classes, and one that is none."""
    for folder, name in (("bees", "bee-daisy.jpg"), ("ants", "ant-sand.jpg"), ("plants", "bee-clover.jpg")):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        (tmp_path / "photos" / folder / name).write_bytes((EXAMPLES / name).read_bytes())
    return tmp_path / "photos"


def test_the_curves_over_a_folder_with_what_is_right(run, named, tmp_path) -> None:
    table = tmp_path / "curves.csv"
    code, out, err = run("robustness", named, "--corruptions", "blur,shuffle", "--points", 3, "--csv", table, *CPU)
    assert (code, err) == (0, [])
    assert [line.split(":")[0] for line in out[:3]] == ["1/3", "2/3", "3/3"]
    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    values = {"blur": [0, 1, 2, 3, 4, 6, 8], "shuffle": [1, 7, 14]}
    assert [(row["corruption"], float(row["value"])) for row in rows] == 3 * [
        (name, value) for name, each in values.items() for value in each
    ]
    graded = [row for row in rows if row["severity"] == "5"]
    assert {(row["imagenet_c"], row["value"]) for row in graded} == {("gaussian_blur", "6")}
    by_file = {row["file"].rpartition("/")[2]: row["truth"] for row in rows}
    assert by_file == {"ant-sand.jpg": "ants", "bee-daisy.jpg": "bees", "bee-clover.jpg": ""}
    clean = [row for row in rows if row["corruption"] == "blur" and row["value"] == "0"]
    assert all(row["kept"] == "1" and row["answer"] == row["clean_answer"] for row in clean)
    line = next(line for line in out if line.startswith("blur") and "as it is" in line)
    assert line.split()[-4:] == ["3", "100.0%", line.split()[-2], "100.0%"]  # both named ones are right
    assert any("gaussian_blur 5" in line for line in out)


def test_a_broken_file_is_no_obstacle_and_the_exit_code_says_so(run, folder, tmp_path) -> None:
    table = tmp_path / "curves.csv"
    code, out, err = run("robustness", folder, "--corruptions", "greyscale", "--points", 2, "--csv", table, *CPU)
    assert (code, err) == (1, [])
    assert "not a picture" in out[1]
    assert len(list(csv.DictReader(table.open(encoding="utf-8", newline="")))) == 4
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("{tmp}/absent",), ("{photo}", "--corruptions", "sepia"), ("{photo}", "--corruptions", ""),
        ("{photo}", "--points", "1"), ("{photo}", "--points", "many"), ("{photo}", "--csv", "{tmp}"), (),
        ("{photo}", "--checkpoint", "{tmp}/none.pth"),
    ],
)  # fmt: skip
def test_wrong_use_is_2_with_one_line(run, tmp_path, arguments) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "x.png")
    code, out, err = run("robustness", *(each.format(tmp=tmp_path, photo=tmp_path / "x.png") for each in arguments))
    assert (code, out, len(err)) == (2, [], 1)
