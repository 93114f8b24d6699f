"""Places to write to: tried without a trace, replaced whole or not at all, and one sentence where they fail."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from resnet_app.errors import OutputError
from resnet_app.outputs import file_stem, inert, put_in_place, require_file, require_folder, save_text, writing

EXAMPLES = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
ANY_TEXT = st.text(st.characters(), max_size=300)  # with surrogates, as file names have them


def below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_while_a_file_is_written_the_old_one_is_there_whole(tmp_path):
    path = tmp_path / "new" / "a.txt"
    save_text(path, "old")
    seen = []

    def write(part):
        part.write_text("ne")
        seen.append(path.read_text())
        part.write_text("new")

    put_in_place(path, write)
    assert (seen, path.read_text(), below(tmp_path)) == (["old"], "new", ["new", "new/a.txt"])


@pytest.mark.parametrize(
    ("raised", "caught"),
    [
        (OSError(28, "No space left on device"), OutputError), (OSError("perhaps the disk is full"), OutputError),
        (KeyboardInterrupt(), KeyboardInterrupt), (BrokenPipeError(), BrokenPipeError),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "no"), UnicodeEncodeError),
    ],
)  # fmt: skip
def test_a_writer_that_fails_leaves_the_old_file_and_no_half_one(tmp_path, raised, caught):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write(part):
        part.write_text("half")
        raise raised

    with pytest.raises(caught):
        put_in_place(path, write)
    assert (path.read_text(), below(tmp_path)) == ("old", ["a.txt"])


def test_what_was_tried_leaves_no_trace(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    os.utime(tmp_path / "mine.txt", (1, 1))
    (tmp_path / "there").mkdir()
    require_file(tmp_path / "mine.txt")
    require_file(tmp_path / "new.txt")
    require_folder(tmp_path / "there", "model.safetensors")
    require_folder(tmp_path / "a" / "b" / ".." / "c")
    assert below(tmp_path) == ["mine.txt", "there"]
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (tmp_path / "mine.txt").stat().st_mtime == 1


@pytest.mark.parametrize(
    ("tried", "place", "says"),
    [
        (require_file, "folder", "is a folder; name a file"), (require_file, "absent/x.csv", "There is no folder"),
        (require_file, "file/x.csv", "There is no folder"), (require_file, "x" * 256, "File name too long"),
        (require_folder, "file", "is a file; name a folder"), (require_folder, "file/maps", "Not a directory"),
        (require_folder, "deep/" + "x" * 256, "File name too long"), (require_folder, "folder/../file", "is a file"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path, tried, place, says):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=says) as caught:
        tried(tmp_path / place)
    assert str(caught.value).endswith(".")
    assert below(tmp_path) == ["file", "folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_is_not_opened_to_be_tried(tmp_path):
    """To open it waits for its reader."""
    os.mkfifo(tmp_path / "pipe")
    tried = threading.Thread(target=require_file, args=(tmp_path / "pipe",), daemon=True)
    tried.start()
    tried.join(10)
    assert not tried.is_alive()
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_told_and_a_reader_that_left_is_passed_on():
    with (
        pytest.raises(OutputError, match=r"/dev/full cannot be written \(No space left on device\); free"),
        writing(Path("/dev/full")),
    ):
        Path("/dev/full").write_bytes(b"x")
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError), writing(Path("pipe")):
        os.write(writer, b"x")
    os.close(writer)


@EXAMPLES
@given(parts=st.lists(ANY_TEXT, max_size=3))
@example(parts=["../../etc/passwd", "..", "\0"])
@example(parts=["\ud800\udce9", "蚂蚁 🐝"])
def test_a_file_can_be_made_of_any_words(tmp_path, parts):
    stem = file_stem(*parts)
    path = tmp_path / f"0001_{stem}_cam.png"
    path.touch()
    assert path.parent == tmp_path
    assert not stem.startswith((".", "-"))
    assert list(tmp_path.iterdir()) == [path]
    path.name.encode()
    path.unlink()


@EXAMPLES
@given(text=ANY_TEXT)
@example(text="=HYPERLINK(1)")
@example(text="")
def test_no_text_is_a_formula_and_the_others_stay(text):
    found = inert(text)
    starts_one = text.startswith(("=", "+", "-", "@", "\t", "\r"))  # OWASP, CSV injection
    assert found == (f"'{text}" if starts_one else text)


def test_links_are_followed_to_where_a_file_would_be_written(tmp_path):
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "there.csv")
    require_file(tmp_path / "dangling.csv")
    assert below(tmp_path) == ["dangling.csv"]
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for path in (tmp_path / "circle", tmp_path / "circle" / "t.csv"):
        with pytest.raises(OutputError):
            require_file(path)
