"""Gradio's components where ours has to check what comes in, not theirs."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components.gallery import GalleryData, GalleryVideo
from gradio.data_classes import ImageData


class Photo(gr.Image):
    """A picture box that hands the file on as it came: no decoder runs before ours has looked at the header."""

    is_template = True  # Gradio draws it as its own Image

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The uploaded file's path."""
        return payload.path if payload else None


class Steps(gr.Slider):
    """A slider whose bounds the handlers check, with a sentence that has its place on the page."""

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        """What was set, whatever it is."""
        return payload


class Choice(gr.Dropdown):
    """A dropdown whose choices change with the model: what was picked a moment ago may be none of them any more.

    Gradio would refuse that with words of its own; the handlers know what to do with it.
    """

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        """What was picked, whatever it is."""
        return payload


class Photos(gr.Gallery):
    """A box of many pictures that hands the files on as they came."""

    is_template = True

    def preprocess(self, payload: GalleryData | None) -> Any:
        """The uploaded files' paths."""
        items = payload.root if payload else []
        paths = [item.video.path if isinstance(item, GalleryVideo) else item.image.path for item in items]
        return [path for path in paths if path]


def count(value: Any) -> int:
    """A count that came from a slider or a program; where it is none (2.5, "five"): 0, which every check refuses."""
    return int(value) if isinstance(value, int | float) and abs(value) < 1e9 and value == int(value) else 0
