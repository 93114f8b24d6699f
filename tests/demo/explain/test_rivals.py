"""The methods side by side, without a browser: progress, every method with its figures, and errors in a sentence."""

from typing import Any

import pytest

from demo.explain import handlers, rivals_handlers
from demo.explain.rivals_handlers import NOT_COMPARED, Compared
from demo.ui.events import Turns
from demo.ui.session import Turn
from resnet_app.choices import METHODS, SLOW
from resnet_app.explain.worth import rivals
from resnet_app.explain.worth.arcc import Arcc
from tests.page import carry_out, last, visit
from tests.paths import EXAMPLES


def ask(**changes: Any) -> handlers.Asked:
    given = {
        "method": "gradcam", "layers": ["layer4"], "classes": ["1"], "view": "crop", "lines": "colours",
        "threshold": 20, "colours": "inferno", "first": None, "second": None, "turn": Turn(),
        "subject": Turn(), "kept": None, **changes,
    }  # fmt: skip
    return handlers.Asked(visit(photo=str(EXAMPLES / "bee-daisy.jpg")), **given)


@pytest.fixture
def looked_at() -> handlers.Asked:
    asked = ask()
    return asked._replace(kept=last(handlers.explain, asked, handlers.Shown, turns=Turns.TAKE).kept)


@pytest.mark.slow
def test_each_quick_method_has_a_picture_and_a_row(looked_at: handlers.Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals, "arcc", lambda *_, **__: Arcc(0.8, 0.7, 0.6))  # ROAD takes a second each
    *steps, end = carry_out(rivals_handlers.compare, looked_at, Compared, turns=Turns.WATCH)
    assert "0 of 49" in steps[0].rivals
    assert (steps[0].go["visible"], steps[0].stop["visible"]) == (False, True)
    quick = [title for name, title in METHODS.items() if name not in SLOW]
    assert end.rivals.count("<figure") == 1 + len(quick)
    assert end.rivals.count("<tr") == 1 + len(quick)
    assert all(f"<b>{title}</b>" in end.rivals for title in quick)
    assert f"{Arcc(0.8, 0.7, 0.6).score:.2f}" in end.rivals
    assert "Every quick method for bees, on layer4" in end.rivals
    assert (end.go["visible"], end.stop["visible"]) == (True, False)


def test_where_another_map_stands_nothing_of_them_is_shown(looked_at: handlers.Asked) -> None:
    shown = carry_out(rivals_handlers.compare, looked_at, Compared, turns=Turns.WATCH, stale=NOT_COMPARED)
    next(shown)
    looked_at.turn.take()
    assert list(shown) == [NOT_COMPARED]


def test_without_a_map_it_says_what_to_do() -> None:
    shown = last(rivals_handlers.compare, ask(), Compared, failed=NOT_COMPARED)
    assert "no map yet" in shown.problem["value"]
