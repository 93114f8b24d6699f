"""Inference step by step: each step's code, what came of it on the page's photo, and what it is there for; pure."""

from __future__ import annotations

from html import escape

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


def steps_html(language: str, model: LoadedModel, found: Walk | None) -> str:
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


def program_html(language: str, program: str) -> str:
    """The same as a program in plain PyTorch, to take along."""
    title = text(language, "steps_program")
    return html.heading(title) + code_view.to_take_along(language, program, "answer.py", title)
