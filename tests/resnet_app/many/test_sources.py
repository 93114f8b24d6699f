"""What a path means: files, folders, zips; a stranger's zip writes nowhere else and no more than it says."""

import shutil
import struct
import zipfile
from pathlib import Path

import pytest

from resnet_app.errors import DataError
from resnet_app.many import sources
from resnet_app.many.batch import Batch


@pytest.fixture
def packed(tmp_path, picture):
    """A zip with pictures in two folders, one beside them, and what is no picture."""
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("bees/2.jpg", "bees/1.JPG", "ants/1.jpg", "top.jpg", "__MACOSX/bees/._1.jpg", ".hidden/1.jpg"):
            archive.writestr(name, picture.read_bytes())
        archive.writestr("notes.txt", "no picture")
        archive.writestr("empty.jpg/", "")
    return path


def test_a_zip_is_its_pictures_by_name_with_their_folders(packed, tmp_path, picture):
    found = sources.find([str(packed), str(picture)], tmp_path / "out")
    assert [each.name for each in found] == [
        f"{packed}/ants/1.jpg", f"{packed}/bees/1.JPG", f"{packed}/bees/2.jpg", f"{packed}/top.jpg", str(picture)
    ]  # fmt: skip
    assert [each.folder for each in found[:4]] == ["ants", "bees", "bees", ""]
    assert all(each.file.read_bytes() == picture.read_bytes() for each in found)
    assert all(tmp_path / "out" in each.file.parents for each in found[:4])


def test_a_picture_named_from_its_own_folder_knows_the_folder(tmp_path, picture, monkeypatch):
    (tmp_path / "bees").mkdir()
    shutil.copy(picture, tmp_path / "bees" / "1.jpg")
    monkeypatch.chdir(tmp_path / "bees")
    assert [each.folder for each in sources.find(["1.jpg"], tmp_path)] == ["bees"]


@pytest.mark.parametrize(
    "name", ["../../evil.jpg", "/etc/evil.jpg", "C:\\evil.jpg", "a/" * 200 + "deep.jpg", "é\x00.jpg"]
)
def test_names_lead_nowhere_else(tmp_path, picture, name):
    path, out = tmp_path / "evil.zip", tmp_path / "deep" / "er" / "out"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, picture.read_bytes())
    before = set(tmp_path.rglob("*"))
    try:
        found = sources.find([str(path)], out)
    except DataError:
        found = []
    new = {each for each in set(tmp_path.rglob("*")) - before if each.is_file()}
    assert new == {each.file for each in found}
    assert all(out in each.parents for each in new)


def test_a_locked_a_torn_and_an_empty_zip_are_sentences(tmp_path, packed):
    torn = tmp_path / "torn.zip"
    torn.write_bytes(packed.read_bytes()[:-40])
    none = tmp_path / "none.zip"
    with zipfile.ZipFile(none, "w") as archive:
        archive.writestr("notes.txt", "no picture")
    locked = tmp_path / "locked.zip"
    data = bytearray(packed.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:  # the flag that says: encrypted
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    locked.write_bytes(data)
    for path, says in ((torn, "no zip that can be read"), (locked, "without a password"), (none, "holds no pictures")):
        with pytest.raises(DataError, match=says):
            sources.find([str(path)], tmp_path / "out")


def test_more_and_larger_ones_than_there_is_room_for_are_refused_before_anything_is_written(packed, tmp_path):
    with pytest.raises(DataError, match=r"holds 4 pictures; at most 3"):
        sources.unpack(packed, tmp_path / "out", most=3)
    with pytest.raises(DataError, match=r"larger than the 0 MB"):
        sources.unpack(packed, tmp_path / "out", most_bytes=100)
    assert not (tmp_path / "out").exists()


def test_a_bomb_is_an_error_of_its_own_and_the_others_are_answered(tmp_path, picture, random18, monkeypatch):
    """A picture that unpacks to more than we look at: as much is written as shows that, and no more."""
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 2**20)
    monkeypatch.setattr("resnet_app.images.MAX_FILE_BYTES", 2**20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(300 * 2**20))
        archive.writestr("b.jpg", picture.read_bytes())
    assert path.stat().st_size < 2**20
    found = sources.find([str(path)], tmp_path / "out")
    assert found[0].file.stat().st_size == 2**20 + 1
    rows = list(Batch(random18).rows([each.file for each in found], [each.name for each in found]))
    assert "larger than" in rows[0].error or "at most" in rows[0].error
    assert rows[1].error is None


def test_a_size_that_lies_is_no_way_around(tmp_path, picture):
    """The entry declares less than it holds: what is read ends there, and the checksum says that it is damaged."""
    path = tmp_path / "lies.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", picture.read_bytes() * 20)
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(data)
    with pytest.raises(DataError, match="no zip that can be read"):
        sources.find([str(path)], tmp_path / "out")


def test_what_is_no_zip_by_its_name_is_none(picture):
    assert not sources.is_zip(picture)
    assert not sources.is_zip(Path("absent.zip"))
