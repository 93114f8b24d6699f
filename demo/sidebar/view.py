"""The status card: what is loaded, from where, how big, and what the doctor found in a file; pure."""

from __future__ import annotations

import json

from markupsafe import Markup

from demo.locales import text
from demo.locales.names import device_title
from demo.ui.html import NNBSP, amount, template
from demo.ui.labels import model_key, model_title, weights_title
from resnet_app import device
from resnet_app.checkpoints.read import Checkpoint
from resnet_app.choices import FLOAT32
from resnet_app.inference.models import BUNDLED_SURE, RANDOM_SEED, LoadedModel
from resnet_app.naming import shown
from resnet_app.registry import BUNDLED, BUNDLED_FILES, RANDOM

_show = template("sidebar.html")


def status_ready(language: str, model: LoadedModel, *, note: str = "", still: bool = False) -> Markup:
    """The status card: what is loaded, from where, how big, how long it took."""
    rows = [
        ("card_weights", weights_title(language, model)),
        ("card_from", text(language, _origin(model), seed=RANDOM_SEED)),
        *([("card_address", address)] if (address := _address(model)) else []),
        ("card_classes", f"{len(model.class_names):,}"),
        ("card_input", f"{model.recipe.resize} → {model.recipe.crop} × {model.recipe.crop}"),
        ("card_parameters", amount(model.parameters)),
        ("card_memory", _memory(language, model)),
        *([("card_sure", text(language, "card_sure_value", **BUNDLED_SURE))] if _is_bundled(model) else []),
        ("card_device", _place(language, model)),
        ("card_loaded", f"{model.load_ms / 1000:.2f}{NNBSP}s"),
    ]
    if model.choice.checkpoint and model.choice.head is None and model.checkpoint is not None:
        rows += diagnosis(model.checkpoint)
        told = [text(language, f"note_{each.code}", **each.values) for each in model.checkpoint.notes]
        note = " ".join([note, *told]).strip()
    note = " ".join([note, *(text(language, "device_failed", name=name) for name in device.failed())]).strip()
    return _show(
        "status", language, state=text(language, "still_using" if still else "ready"), is_ok=not still,
        title=model.spec.title, note=note, rows=rows, key=model_key(model),
        full=model_title(language, model), choice=_held(language, model),
    )  # fmt: skip


def _place(language: str, model: LoadedModel) -> str:
    """The device, and in how many bits it computes where these are not the usual ones."""
    title = device_title(language, model.device)
    return f"{title} · {model.choice.precision}" if model.choice.precision != FLOAT32 else title


def _memory(language: str, model: LoadedModel) -> str:
    """Of one copy or of two: parameters times four bytes are half of it where the fast pass has its own."""
    size = f"{model.memory_bytes / 2**20:.1f}{NNBSP}MiB"
    return f"{size} ({text(language, 'card_packed')})" if model.backbone.has_copy else size


def _is_bundled(model: LoadedModel) -> bool:
    """Whether these are the bundled weights as they are, with no head taught here."""
    choice = model.choice
    return choice.weights == BUNDLED and choice.checkpoint is None and choice.head is None


def _held(language: str, model: LoadedModel) -> str:
    """What the browser holds over a reload, as JSON: what to load again, or what is lost with the page."""
    choice = model.choice
    if choice.head is not None or choice.checkpoint is not None:
        return json.dumps({"model": choice.model, "lost": weights_title(language, model)}, ensure_ascii=False)
    return json.dumps({"model": choice.model, "weights": choice.weights})


def diagnosis(found: Checkpoint) -> list[tuple[str, str]]:
    """What the doctor found in a file: how it was packed, where the weights lay, and what it says of itself."""
    way = " → ".join([*found.unwrapped, *found.stripped_prefixes])
    told = {key: found.metadata.get(key) for key in ("epoch", "step", "best_acc", "accuracy", "acc")}
    rows = [("card_container", found.container), ("card_way", way), ("card_dtype", found.dtype)]
    rows += [("card_said", f"{key} {value}") for key, value in told.items() if isinstance(value, int | float)][:2]
    return [(key, shown(value)[:60]) for key, value in rows if value]


def _address(model: LoadedModel) -> str:
    """Where anybody can get the weights: torchvision's address of them, or the file in this repository."""
    choice = model.choice
    if choice.head is not None or choice.checkpoint is not None or choice.weights == RANDOM:
        return ""
    if file := BUNDLED_FILES.get(choice.weights):
        return f"{file.parent.name}/{file.name}"
    address: str = model.spec.published(choice.weights).url
    return address


def _origin(model: LoadedModel) -> str:
    if model.choice.head:
        return "from_lesson"
    if model.choice.checkpoint:
        return "from_upload"
    if model.choice.weights in BUNDLED_FILES:
        return "from_bundled"
    return "from_random" if model.choice.weights == RANDOM else "from_cache"
