"""Inference step by step: each step's code, what came of it on the page's photo, and what it is there for; pure."""

from __future__ import annotations

from markupsafe import Markup

from demo.explore import code_view
from demo.locales import text
from demo.ui import html
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.walkthrough import Forgotten, Walk

CODE = {
    "open": 'image = Image.open("photo.jpg").convert("RGB")',
    "transform": "pixels = transform(image)",
    "batch": "batch = pixels.unsqueeze(0)",
    "forward": "model.eval()\nwith torch.no_grad():\n    logits = model(batch)",
    "largest": "probability, index = torch.max(logits.softmax(1), 1)",
}
_show = html.template("explore/steps.html")


def steps_html(language: str, model: LoadedModel, found: Walk | None) -> Markup:
    """The steps, with their results where there is a photo."""
    head = text(language, "steps_of" if found else "steps_no_photo", name=model.spec.title, weights=model.weights_name)
    return _show(
        "steps", language, head=head, code=CODE, came=_came(language, found) if found else {},
        notes=_notes(language, found) if found else {}, sizes=model.recipe,
    )  # fmt: skip


def _came(language: str, found: Walk) -> dict[str, str]:
    """What came of each step."""
    logits = ", ".join(f"{value:.2f}" for value in found.logits) + (" ..." if found.classes > len(found.logits) else "")
    crop = f"3×{found.crop[1]}×{found.crop[0]}"
    return {
        "open": f"{found.size[0]} × {found.size[1]} px, RGB",
        "transform": text(language, "step_range", shape=crop, low=f"{found.low:.2f}", high=f"{found.high:.2f}"),
        "batch": "×".join(map(str, found.batch)),
        "forward": text(language, "step_logits", shape=f"1×{found.classes}", logits=logits),
        "largest": f"{found.index} · {found.label} · {html.percent(found.probability)}",
    }


def _notes(language: str, found: Walk) -> dict[str, list[str]]:
    """What would have come of it with a part of a step forgotten."""
    in_training = text(language, "forgot_eval_fails")
    if found.in_training:
        in_training = text(language, "forgot_eval", answer=_answer(found.in_training))
    kept = f"{found.kept_bytes / 2**20:.0f}{html.NNBSP}MiB"
    return {
        "transform": [text(language, "forgot_normalize", answer=_answer(found.not_normalised))],
        "forward": [in_training, text(language, "forgot_no_grad", memory=kept)],
    }


def _answer(forgotten: Forgotten) -> str:
    return f"{forgotten.label} {html.percent(forgotten.probability)}"


def program_html(language: str, program: str) -> Markup:
    """The same as a program in plain PyTorch, to take along."""
    title = text(language, "steps_program")
    return html.heading(title) + code_view.to_take_along(language, program, "answer.py", title)
