"""Inference step by step: each step's code, what came of it on the page's photo, and what it is there for.

Nothing here imports torch when the module is imported (see ``demo.handlers``).
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from demo import html
from demo.loading import current
from demo.locales import text
from demo.problems import sentence

if TYPE_CHECKING:
    from resnet_app.models import LoadedModel, ModelChoice
    from resnet_app.walkthrough import Forgotten, Walk

CODE = {
    "open": 'image = Image.open("photo.jpg").convert("RGB")',
    "transform": "pixels = transform(image)",
    "batch": "batch = pixels.unsqueeze(0)",
    "forward": "model.eval()\nwith torch.no_grad():\n    logits = model(batch)",
    "largest": "probability, index = torch.max(logits.softmax(1), 1)",
}


def walk(choice: ModelChoice | None, model: str, weights: str, device: str, photo: str | None, language: str) -> str:
    """The steps with the loaded model on the page's photo, and the program that carries them out."""
    from resnet_app import walkthrough

    try:
        loaded = current(choice, model, weights, device)
        found = walkthrough.walk(loaded, photo) if photo else None
        program = walkthrough.snippet(loaded)
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        return html.callout(sentence(error, language))
    return steps(language, loaded, found) + _program(language, program)


def steps(language: str, model: LoadedModel, found: Walk | None) -> str:
    """The steps, with their results where there is a photo."""
    results = _results(language, found) if found else {}
    listed = "".join(
        f"<li><h3>{escape(text(language, f'step_{key}'))}</h3><pre><code>{escape(code)}</code></pre>"
        f"<p>{escape(text(language, f'step_{key}_why', resize=model.recipe.resize, crop=model.recipe.crop))}</p>"
        f"{results.get(key, '')}</li>"
        for key, code in CODE.items()
    )
    head = text(language, "steps_of" if found else "steps_no_photo", name=model.spec.title, weights=model.weights_name)
    return f'<p class="said">{escape(head)}</p><ol class="walk">{listed}</ol>'


def _results(language: str, found: Walk) -> dict[str, str]:
    logits = ", ".join(f"{value:.2f}" for value in found.logits) + (" ..." if found.classes > len(found.logits) else "")
    crop = f"3×{found.crop[1]}×{found.crop[0]}"
    came = {
        "open": f"{found.size[0]} × {found.size[1]} px, RGB",
        "transform": text(language, "step_range", shape=crop, low=f"{found.low:.2f}", high=f"{found.high:.2f}"),
        "batch": "×".join(map(str, found.batch)),
        "forward": text(language, "step_logits", shape=f"1×{found.classes}", logits=logits),
        "largest": f"{found.index} · {found.label} · {html.percent(found.probability)}",
    }
    forgotten = {
        "transform": [text(language, "forgot_normalize", answer=_answer(found.not_normalised))],
        "forward": [
            text(language, "forgot_eval", answer=_answer(found.in_training))
            if found.in_training
            else text(language, "forgot_eval_fails"),
            text(language, "forgot_no_grad", memory=f"{found.kept_bytes / 2**20:.0f}{html.NNBSP}MiB"),
        ],
    }
    return {
        key: f'<p class="came">→ {escape(value)}</p>'
        + "".join(f'<p class="note">{escape(words)}</p>' for words in forgotten.get(key, ()))
        for key, value in came.items()
    }


def _answer(forgotten: Forgotten) -> str:
    return f"{forgotten.label} {html.percent(forgotten.probability)}"


def _program(language: str, program: str) -> str:
    from demo import listing

    title = text(language, "steps_program")
    return html.heading(title) + listing.to_take_along(language, program, "answer.py", title)
