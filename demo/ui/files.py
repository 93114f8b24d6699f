"""Files that the page makes for its visitor to save."""

from __future__ import annotations

import uuid
from pathlib import Path

from gradio.utils import get_upload_folder


def new_path(name: str) -> Path:
    """Where a file of that name is written: in Gradio's own folder, which serves it and removes what is a day old."""
    path = Path(get_upload_folder()) / uuid.uuid4().hex / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
