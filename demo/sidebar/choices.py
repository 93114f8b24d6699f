"""What the sidebar's boxes offer, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.locales import text
from demo.locales.names import device_title
from demo.ui.session import OWN
from resnet_app.choices import BFLOAT16
from resnet_app.registry import TAUGHT, get_spec

if TYPE_CHECKING:
    from resnet_app.inference.models import ModelChoice


def weight_choices(
    language: str, model: str, own: str | None = None, taught: ModelChoice | None = None
) -> list[tuple[str, str]]:
    """The weights that a network has, in words; the person's own file, and the model that they taught."""
    spec = get_spec(model)
    accuracy = {f"imagenet-v{version}": top1 for version, top1 in enumerate(spec.accuracy, start=1)}
    named = [
        (text(language, f"weights_{weights}", accuracy=f"{accuracy.get(weights, 0):.1f}"), weights)
        for weights in spec.weights
    ]
    if own:
        named.append((text(language, "weights_own", name=own), OWN))
    if taught is not None and taught.head is not None:
        named.append((text(language, "weights_taught", names=", ".join(taught.head.class_names)), TAUGHT))
    return named


def device_choices(language: str) -> list[tuple[str, str]]:
    """The devices of this machine, each by its name, and once more where it is quicker in half the bits."""
    from resnet_app import device

    return [
        (text(language, "device_auto"), device.AUTO),
        *((device_title(language, d), d.name) for d in device.available()),
        *(
            (f"{device_title(language, d)} · {BFLOAT16}", f"{d.name} {BFLOAT16}")
            for d in device.available()
            if device.has_quick_bfloat16(d)
        ),
    ]
