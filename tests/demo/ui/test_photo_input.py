"""The page's one photo: each example's button stands for its own picture, and says what is on it."""

import base64
import io

import gradio as gr
import pytest
from PIL import Image, ImageChops, ImageStat

from demo.ui import photo_input
from demo.ui.labels import Labels
from tests.demo.helpers import PHOTOS, Tags


@pytest.mark.parametrize(("language", "ant", "bee"), [("en", "An ant", "A bee"), ("zh-CN", "蚂蚁", "蜜蜂")])
def test_each_button_shows_the_picture_that_it_chooses(language: str, ant: str, bee: str) -> None:
    with gr.Blocks():
        shown = Tags(photo_input.example_buttons(Labels(language), "examples").value)
    buttons = [attributes["data-index"] for tag, attributes in shown.found if tag == "button"]
    images = [attributes for tag, attributes in shown.found if tag == "img"]
    assert len(buttons) == len(images) == len(PHOTOS)
    assert [ant in str(image["alt"]) for image in images] == [True] * 3 + [False] * 3
    assert [bee in str(image["alt"]) for image in images] == [False] * 3 + [True] * 3
    assert len({image["alt"] for image in images}) == len(images)  # told apart by those who hear them
    for index, image in zip(buttons, images, strict=True):
        chosen = photo_input.pick_example(gr.EventData(None, {"index": int(str(index))}))
        small = Image.open(io.BytesIO(base64.b64decode(str(image["src"]).partition(",")[2])))
        assert small.size == (160, 160)
        with Image.open(chosen) as photo:
            difference = ImageChops.difference(small, photo.convert("RGB").resize((160, 160)))
        assert max(ImageStat.Stat(difference).mean) < 6
