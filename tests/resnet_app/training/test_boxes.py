"""A lesson's photos as a zip and back; zips from a stranger's hand get a sentence each and write nothing outside."""

import json
import zipfile
from io import BytesIO

import pytest

from resnet_app.errors import ClassNamesError, DataError
from resnet_app.training import boxes as kept
from resnet_app.training.boxes import pack, unpack
from resnet_app.training.few_shot import Box


@pytest.fixture
def photos(tmp_path):
    """Three files that are as good as photos: nobody looks at them here."""
    made = []
    for name in ("one.JPG", "two.png", "three.webp"):
        (tmp_path / name).write_bytes(name.encode() * 50)
        made.append(tmp_path / name)
    return made


@pytest.fixture
def zipped(tmp_path):
    """Writes a zip of the given entries."""

    def write(entries, how=zipfile.ZIP_DEFLATED):
        path = tmp_path / "given.zip"
        with zipfile.ZipFile(path, "w", how) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return path

    return write


def two(**more):
    return {"ants/a.jpg": b"a", "bees/b.jpg": b"b", **more}


def test_what_was_saved_comes_back_name_by_name_and_byte_by_byte(photos, tmp_path):
    boxes = [Box("Ängstliche/Ameisen 蚂蚁", tuple(photos[:2])), Box("bees", (photos[2],))]
    path = tmp_path / "saved.zip"
    path.write_bytes(pack(boxes))
    found = unpack(path, tmp_path / "into")
    assert [box.name for box in found] == ["Ängstliche/Ameisen 蚂蚁", "bees"]
    for box, before in zip(found, boxes, strict=True):
        assert [file.read_bytes() for file in box.files] == [file.read_bytes() for file in before.files]
        assert [file.suffix for file in box.files] == [file.suffix.lower() for file in before.files]


def test_any_zip_of_folders_of_photos_is_read(zipped, tmp_path):
    path = zipped(
        {
            "set/bees/2.png": b"2", "set/bees/1.jpg": b"1", "set/ants/3.JPEG": b"3", "set/ants/notes.txt": b"",
            "__MACOSX/set/ants/._3.JPEG": b"", "set/.hidden/4.jpg": b"", "alone.jpg": b"",
        }
    )  # fmt: skip
    found = unpack(path, tmp_path / "into")
    assert [(box.name, [file.read_bytes() for file in box.files]) for box in found] == [
        ("ants", [b"3"]), ("bees", [b"1", b"2"])
    ]  # fmt: skip


@pytest.mark.parametrize(
    "listed", ["no json", "[]", '{"boxes": [{"name": "x", "files": ["../../secret.jpg"]}]}', "[" * 9000]
)
def test_a_list_that_makes_no_sense_is_not_followed(listed, zipped, tmp_path):
    found = unpack(zipped(two(**{"boxes.json": listed})), tmp_path / "into")
    assert [box.name for box in found] == ["ants", "bees"]


def test_no_name_in_a_zip_leads_outside(zipped, tmp_path):
    into = tmp_path / "deep" / "into"
    found = unpack(zipped(two(**{"../../bad/x.jpg": b"x", "/etc/y.jpg": b"y", "c:\\w/z.jpg": b"z"})), into)
    written = set(tmp_path.rglob("*.jpg"))
    assert written == {file for box in found for file in box.files}
    assert all(into in path.parents for path in written)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"ants/a.jpg": b"a"}, "has 1 folders of photos; 2 to 6"),
        ({f"class {i}/a.jpg": b"a" for i in range(7)}, "has 7 folders"),
        (two(**{f"ants/{i}.jpg": b"" for i in range(600)}), "These are 602 photos"),
        (two(**{"ants/bomb.jpg": bytes(101 * 2**20)}), "or one than 100 MB"),
    ],
    ids=["one", "seven", "many", "bomb"],
)  # fmt: skip
def test_what_cannot_be_a_lesson_is_one_sentence(entries, says, zipped, tmp_path):
    with pytest.raises(DataError, match=says):
        unpack(zipped(entries), tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_all_photos_together_are_bounded(zipped, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "MAX_BYTES", 2**20)
    with pytest.raises(DataError, match="larger than 1 MB in all"):
        unpack(zipped(two(**{f"ants/{i}.jpg": bytes(2**19) for i in range(3)})), tmp_path / "into")


def test_a_name_that_will_not_do_is_refused(zipped, tmp_path):
    listed = {"boxes": [{"name": "same", "files": ["ants/a.jpg"]}, {"name": "same", "files": ["bees/b.jpg"]}]}
    with pytest.raises(ClassNamesError):
        unpack(zipped(two(**{"boxes.json": json.dumps(listed)})), tmp_path / "into")


def test_what_is_no_zip_or_damaged_is_one_sentence(zipped, tmp_path):
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"PK\x03\x04 no more")
    whole = zipped(two(**{"bees/c.jpg": bytes(range(256)) * 40}), zipfile.ZIP_STORED).read_bytes()
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(whole.replace(bytes(range(256)), bytes(256), 1))
    for path in (bad, damaged, tmp_path / "missing.zip"):
        with pytest.raises(DataError, match="This is no zip that can be read"):
            unpack(path, tmp_path / "into")


def test_empty_boxes_and_photos_that_are_gone_are_told(photos):
    with pytest.raises(DataError, match="The boxes are empty"):
        pack([Box("ants", ()), Box("bees", ())])
    photos[0].unlink()
    with pytest.raises(DataError, match=r"one\.JPG cannot be read any more"):
        pack([Box("ants", (photos[0],))])
    assert zipfile.ZipFile(BytesIO(pack([Box("ants", (photos[1],))]))).testzip() is None
