"""Components whose words change with the language, and what a model is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.locales import text
from demo.ui import html
from resnet_app.naming import shown

if TYPE_CHECKING:
    from resnet_app.inference.models import LoadedModel, ModelChoice

Words = str | Callable[[str], Any]  # a key of the string table, or what gives a value for a language


class Labels:
    """Makes components in one language and remembers how to put them into another."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._entries: list[tuple[Any, dict[str, Words]]] = []

    def __call__(self, component: Callable[..., Any], *, words: dict[str, Words], **options: Any) -> Any:
        """A component with its words: ``words`` gives a key of the string table for each worded property."""
        made = component(**_in(self.language, words), **options)
        self._entries.append((made, words))
        return made

    @property
    def components(self) -> list[Any]:
        """All components with words, in the order of ``updates``."""
        return [component for component, _ in self._entries]

    def updates(self, language: str) -> list[Any]:
        """What puts each component into a language."""
        return [gr.update(**_in(language, words)) for _, words in self._entries]


def _in(language: str, words: dict[str, Words]) -> dict[str, Any]:
    return {name: word(language) if callable(word) else text(language, word) for name, word in words.items()}


def heading(key: str) -> Callable[[str], str]:
    """A small heading, in any language."""
    return lambda language: html.heading(text(language, key))


def note(key: str) -> Callable[[str], str]:
    """A line of small print, in any language."""
    return lambda language: html.note(text(language, key))


def choices(kind: str, *values: str) -> Callable[[str], list[tuple[str, Any]]]:
    """What a radio offers, in any language: each value by the words of the key ``kind_value``."""
    return lambda language: [(text(language, f"{kind}_{value}"), value) for value in values]


def class_choices(names: Sequence[str]) -> list[tuple[str, str]]:
    """The classes by name; where several have one name, with their number."""
    twice = {name for name, count in Counter(names).items() if count > 1}
    return [(f"{name} · {i}" if name in twice else name, str(i)) for i, name in enumerate(names)]


def weights_title(language: str, model: LoadedModel) -> str:
    """What the weights are called on the page."""
    return weights_of_choice(language, model.choice)


def weights_of_choice(language: str, choice: ModelChoice) -> str:
    """The same where no model is loaded."""
    if choice.head:
        return text(language, "weights_taught", names=", ".join(choice.head.class_names))
    if choice.checkpoint:
        return shown(choice.checkpoint.name)
    return text(language, f"weights_{choice.weights}", accuracy="").replace(" ·  %", "")


def model_title(language: str, model: LoadedModel) -> str:
    """What a model is called beside a result of it."""
    return f"{model.spec.title} · {weights_title(language, model)}"


def model_key(model: LoadedModel) -> str:
    """What a result and the status card have in common where both are of one model; the page compares them."""
    return f"{hash(model.choice):x}"
