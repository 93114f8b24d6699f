"""What the library calls things in English, in the page's words; JSON, CSV and the command line keep the English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.locales import ENGLISH, text

if TYPE_CHECKING:
    from resnet_app.device import Device

_OPERATORS = ("conv", "max_pool", "global_mean", "linear", "batch_norm", "group_norm", "groups")


def operator(language: str, words: str) -> str:
    """What a layer or a stage does, as ``architecture.records`` says it (``3×3 conv, 256, /2``), in a language."""
    if language == ENGLISH:
        return words
    for name in _OPERATORS:
        words = words.replace(text(ENGLISH, f"operator_{name}"), text(language, f"operator_{name}"))
    return words.replace(", ", "，")


def device_title(language: str, device: Device) -> str:
    """What a device is called; a GPU has one name everywhere."""
    if not device.threads:
        return device.title
    return text(language, "cpu_thread" if device.threads == 1 else "cpu_threads", count=device.threads)
