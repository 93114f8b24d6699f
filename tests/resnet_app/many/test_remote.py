"""Pictures at an address: found, fetched within bounds, and answered as on a disk."""

import csv
import functools
import http.server
import threading

import fsspec
import pytest

from resnet_app.errors import DataError, PictureError
from resnet_app.many import remote
from resnet_app.many.batch import Batch
from resnet_app.many.remote import RemoteFile, fetched, find_files, is_remote


@pytest.fixture
def store(picture):
    """A store in memory with pictures in it and below, a broken one, a hidden one, and a file that is none."""
    memory = fsspec.filesystem("memory")
    for name in ("b.jpg", "a/c d.JPG", ".hidden/x.jpg"):
        memory.pipe(f"/photos/{name}", picture.read_bytes())
    memory.pipe("/photos/broken.png", b"no picture")
    memory.pipe("/photos/notes.txt", b"not asked for")
    memory.pipe("/empty/notes.txt", b"not asked for")
    yield "memory://photos/"
    memory.rm("/photos", recursive=True)
    memory.rm("/empty", recursive=True)


@pytest.mark.parametrize("given", ["s3://bucket/a.jpg", "file:///a/", "https://x/a.jpg", "gs://b/"])
def test_an_address_is_told_from_a_path(given):
    assert is_remote(given)


@pytest.mark.parametrize(
    "given", ["a.jpg", "/photos/a.jpg", "C:\\photos\\a.jpg", "C:/a.jpg", "-", "a:b.jpg", "./s3://b"]
)
def test_a_path_is_no_address(given):
    assert not is_remote(given)


def test_a_folder_is_gone_into_by_name_with_each_files_bytes(store, picture):
    size = len(picture.read_bytes())
    assert find_files(store) == [
        RemoteFile("memory://photos/a/c d.JPG", size),
        RemoteFile("memory://photos/b.jpg", size),
        RemoteFile("memory://photos/broken.png", 10),
    ]
    assert find_files("memory://photos/b.jpg") == [RemoteFile("memory://photos/b.jpg")]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("memory://empty/", r"The folder memory://empty/ holds no pictures; accepted are \.jpg"),
        ("memory://absent/", r"The folder memory://absent/ holds no pictures"),
        ("nosuch://bucket/", r"The folder nosuch://bucket/ cannot be listed \(.*nosuch.*\); check its name"),
    ],
)
def test_a_folder_without_pictures_or_that_cannot_be_listed_is_one_sentence(url, says):
    with pytest.raises(DataError, match=says) as raised:
        find_files(url)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


@pytest.mark.usefixtures("store")
def test_what_cannot_be_fetched_is_that_files_own_error():
    for url, says in (
        ("memory://photos/gone.jpg", r"There is no file gone\.jpg; check its name\."),
        ("nosuch://bucket/a.jpg?key=" + "x" * 300, r"a\.jpg cannot be fetched \(.*\); check who may read it\."),
        ("memory://photos/..", r"There is no file \.\.; check its name\."),
    ):
        with pytest.raises(PictureError, match=says), fetched(url):
            pass


@pytest.mark.usefixtures("store")
def test_of_a_huge_file_no_more_is_fetched_than_shows_that_it_is(monkeypatch):
    monkeypatch.setattr(remote, "MAX_FILE_BYTES", 5000)
    monkeypatch.setattr(remote, "CHUNK", 1000)
    fsspec.filesystem("memory").pipe("/photos/huge.jpg", bytes(100_000))
    with fetched("memory://photos/huge.jpg") as copy:
        assert copy.name == "huge.jpg"
        assert copy.stat().st_size == 6000
    assert not copy.exists()


def test_answers_are_those_of_the_same_files_on_a_disk(random18, store, picture):
    there = list(Batch(random18).rows(find_files(store), workers=2))
    here = next(Batch(random18).rows([picture]))
    assert [row.file for row in there] == [f"memory://photos/{name}" for name in ("a/c d.JPG", "b.jpg", "broken.png")]
    assert there[0].predictions == there[1].predictions == here.predictions
    assert "not a picture we can read" in there[2].error


def test_predict_takes_addresses_and_goes_on_with_them(run, store, tmp_path):
    options = ("--csv", tmp_path / "t.csv", "--weights", "random", "--device", "cpu")
    assert run("predict", store, *options)[0] == 1
    table = (tmp_path / "t.csv").read_bytes()
    code, out, _ = run("predict", store, *options, "--resume")
    assert (code, [line for line in out if "memory://" in line]) == (1, [])  # one is broken, and stays so
    assert (tmp_path / "t.csv").read_bytes() == table
    rows = list(csv.DictReader((tmp_path / "t.csv").open(encoding="utf-8")))
    assert [row["bytes"] for row in rows] == [str(file.size) for file in find_files(store)]


@pytest.mark.usefixtures("store")
def test_maps_are_made_of_what_was_fetched(run, tmp_path):
    code, *_ = run("predict", "memory://photos/b.jpg", "--cam-dir", tmp_path / "maps", "--device", "cpu")
    assert code == 0
    assert [path.name for path in (tmp_path / "maps").glob("*.png")] == ["0001_b_cam.png"]


def test_a_web_server_is_an_address_too(random18, picture):
    pytest.importorskip("aiohttp", reason="fsspec reads http by aiohttp: pip install aiohttp")
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=picture.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{server.server_port}"
        found, gone = Batch(random18).rows([RemoteFile(f"{at}/{picture.name}"), RemoteFile(f"{at}/gone.jpg")])
        server.shutdown()
    assert found.predictions == next(Batch(random18).rows([picture])).predictions
    assert gone.error == "There is no file gone.jpg; check its name."
