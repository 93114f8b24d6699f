"""Gradio's components where ours has to check what comes in, not theirs."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.components.gallery import GalleryData, GalleryVideo
from gradio.data_classes import FileData, GradioRootModel, ImageData, ListFiles

from demo.locales import ENGLISH, text


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


class OpenChoice(gr.Radio):
    """The same with every choice in sight, for choices that change while a hand is on its way to them.

    A dropdown of Gradio's that is open while its choices get fewer breaks the page.
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


class _Given(GradioRootModel):
    root: list[FileData | str]


class Files(gr.File):
    """A box of many files for programs, MCP's among them, which Gradio has no list of files for.

    Their clients are shown a schema that names a part of itself by the wrong path, and what they give stays the text
    that it is: an address of the web, or the file itself as ``data:...``.
    """

    is_template = True

    def __init__(self, **options: Any) -> None:
        super().__init__(file_count="multiple", **options)
        self.data_model = _Given

    def api_info(self) -> dict[str, Any]:
        """A list of files."""
        schema = ListFiles.model_json_schema()
        return {**schema, "items": schema["$defs"]["FileData"], "additional_description": None}

    def preprocess(self, payload: Any) -> Any:
        """The files' paths, as a list; none where nothing was given."""
        return [self._path(each) for each in payload.root] if payload else None

    def _path(self, given: FileData | str) -> str:
        if isinstance(given, FileData):
            return given.path
        if given.startswith("data:"):
            return processing_utils.save_base64_to_cache(given, self.GRADIO_CACHE)
        if given.startswith(("http://", "https://")):
            return processing_utils.ssrf_protected_download(given, self.GRADIO_CACHE)
        raise gr.Error(text(ENGLISH, "api_no_file"), print_exception=False)


def count(value: Any) -> int:
    """A count that came from a slider or a program; where it is none (2.5, "five"): 0, which every check refuses."""
    return int(value) if isinstance(value, int | float) and abs(value) < 1e9 and value == int(value) else 0
