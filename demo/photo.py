"""The picture box."""

import gradio as gr
from gradio.data_classes import ImageData


class Photo(gr.Image):
    """A picture box that hands the file on as it came: no decoder runs before ours has looked at the header."""

    is_template = True  # Gradio draws it as its own Image

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The uploaded file's path."""
        return payload.path if payload else None
