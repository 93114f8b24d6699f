"""What fooled the model, kept for the visit, and as a zip.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.fool.trial_handlers import Asked, Shown, Tried
from demo.locales import text
from demo.ui.errors import no_problem
from demo.ui.files import new_path
from resnet_app.errors import ResNetAppError


class Saved(NamedTuple):
    """The zip, for the page to save."""

    file: Any = gr.skip()
    problem: Any = gr.skip()


NOT_SAVED = Saved(file=None)  # and not the last one's file


def gallery_parts(language: str, gallery: Any) -> dict[str, Any]:
    """What was kept, and the button that saves it."""
    from demo.fool import view

    return {"gallery": view.gallery(language, gallery or ()), "save": gr.update(visible=bool(gallery))}


def keep(asked: Asked) -> Shown:
    """Keep what is shown; where there are too many, the oldest goes."""
    from resnet_app.robustness import gallery

    shown: Tried | None = asked.tried
    if shown is None or not shown.trial.is_fooled:
        raise ResNetAppError("There is no changed picture to keep. Fool the model first.", code="fool_gone")
    new = gallery.kept(shown.looked.model, shown.trial, shown.change)
    kept = (*(asked.gallery or ()), new)[-gallery.MOST :]
    button = gr.update(interactive=False, value=text(asked.page.language, "fool_kept"))
    return Shown(kept=kept, keep=button, problem=no_problem(), **gallery_parts(asked.page.language, kept))


def write_zip(asked: Asked) -> Saved:
    """The gallery as one file to save."""
    from resnet_app.robustness import gallery

    if not asked.gallery:
        raise ResNetAppError("The gallery is empty. Keep a picture first.", code="gallery_empty")
    path = new_path("fooled.zip")
    path.write_bytes(gallery.bundle(asked.gallery))
    return Saved(str(path), no_problem())
