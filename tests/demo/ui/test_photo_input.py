"""The page's one photo: each example's button stands for its own picture, and says what is on it."""

import base64
import io
import re

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
    names = [str(attributes["aria-label"]) for tag, attributes in shown.found if tag == "button"]
    drawn = [str(attributes["style"]) for tag, attributes in shown.found if tag == "button"]
    assert len(buttons) == len(PHOTOS)
    assert [ant in name for name in names] == [True] * 3 + [False] * 3
    assert [bee in name for name in names] == [False] * 3 + [True] * 3
    assert len(set(names)) == len(names)  # told apart by those who hear them
    pictures = dict(
        re.findall(r'(--example-\d): url\("data:image/jpeg;base64,([^"]+)"\);', photo_input.example_pictures())
    )
    assert len(pictures) == len(PHOTOS)
    for index, style in zip(buttons, drawn, strict=True):
        chosen = photo_input.pick_example(gr.EventData(None, {"index": int(str(index))}))
        (variable,) = re.findall(r"var\((--[\w-]+)\)", style)
        small = Image.open(io.BytesIO(base64.b64decode(pictures[variable])))
        assert small.size == (160, 160)
        with Image.open(chosen) as photo:
            difference = ImageChops.difference(small, photo.convert("RGB").resize((160, 160)))
        assert max(ImageStat.Stat(difference).mean) < 6
