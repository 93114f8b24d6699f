"""What comes in: files handed on as they came, choices passed on whatever they are, counts that are none refused."""

import gradio as gr
import pytest
from gradio.components.gallery import GalleryData, GalleryImage, GalleryVideo
from gradio.data_classes import FileData, ImageData

from demo.ui.inputs import Choice, Photo, Photos, Steps, count


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (5, 5), (5.0, 5), (0, 0), (-3, -3), (None, 0), ("5", 0), ([5], 0), ({}, 0), (float("nan"), 0),
        (float("inf"), 0), (-float("inf"), 0), (1e12, 0), (10**30, 0), (b"5", 0), (5j, 0),
    ],
)  # fmt: skip
def test_a_count_is_a_whole_number_and_anything_else_is_none(value, wanted) -> None:
    assert count(value) == wanted
    assert type(count(value)) is int


def test_a_photo_is_handed_on_undecoded(tmp_path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"no picture")  # Gradio's own box would fail here, with a sentence of Pillow's
    assert Photo(type="filepath").preprocess(ImageData(path=str(file))) == str(file)
    assert Photo().preprocess(None) is None


def test_many_photos_are_handed_on_in_their_order_whatever_they_are() -> None:
    images = [GalleryImage(image=ImageData(path=f"/tmp/{name}")) for name in ("b.jpg", "a.png", "letter.txt")]
    video = GalleryVideo(video=FileData(path="/tmp/film.mp4"))
    linked = GalleryImage(image=ImageData(path=None, url="http://somewhere/x.jpg"))
    given = GalleryData(root=[images[0], video, linked, *images[1:]])
    assert Photos().preprocess(given) == ["/tmp/b.jpg", "/tmp/film.mp4", "/tmp/a.png", "/tmp/letter.txt"]
    assert Photos().preprocess(None) == Photos().preprocess(GalleryData(root=[])) == []


@pytest.mark.parametrize("value", ["resnet19", None, ["a", 3], -1, {"a": 1}])
def test_a_choice_that_is_none_of_those_on_offer_reaches_the_handler(value) -> None:
    box = Choice(choices=["resnet18", "resnet34"], value="resnet18")
    assert box.preprocess(value) == value
    assert Steps(minimum=1, maximum=10, value=5).preprocess(value) == value


@pytest.mark.parametrize(
    ("ours", "theirs"), [(Photo, gr.Image), (Steps, gr.Slider), (Choice, gr.Dropdown), (Photos, gr.Gallery)]
)
def test_gradio_draws_each_as_its_own(ours, theirs) -> None:
    assert ours().get_block_name() == theirs().get_block_name()
    assert ours().get_config().keys() == theirs().get_config().keys()
