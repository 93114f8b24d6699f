"""What the page's tests share: a visitor's work on a tab or in the sidebar, files to bring, and HTML taken apart."""

import base64
import re
from collections.abc import Iterable
from functools import partial
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import torch
import torchvision

from demo.classify import handlers as classify_handlers
from demo.explore.handlers import Plan
from demo.sidebar import handlers as sidebar_handlers
from demo.teach import handlers as teach_handlers
from demo.teach.layout import MAX_CLASSES
from demo.ui.events import Turns
from demo.ui.session import PageInputs, Turn
from tests.page import carry_out, split, visit
from tests.paths import EXAMPLES

BEE, ANT = EXAMPLES / "bee-daisy.jpg", EXAMPLES / "ant-sand.jpg"
PHOTOS = sorted(EXAMPLES.glob("*.jpg"))  # three of ants, then three of bees
EVIL = "<img src=x onerror=alert(1)>\"'&"


def pick(changed, model, weights, checkpoint, names, device, choice, taught=None, turn=None):
    """A load of a session that does one thing, in English."""
    page = visit(model=model, weights=weights, device=device, choice=choice)
    asked = sidebar_handlers.Asked(page, checkpoint, names, taught, turn or Turn())
    failed = partial(sidebar_handlers.load_failed, changed)
    load = partial(sidebar_handlers.load, changed)
    return carry_out(load, asked, sidebar_handlers.Shown, turns=Turns.TAKE, failed=failed)


def look(**changes):
    """What the Classify tab shows of a photo."""
    page, own = split(changes)
    asked = classify_handlers.Asked(page, **{"top_k": 5, "colours": "inferno", "scale": "shared", "classes": 0, **own})
    (shown,) = carry_out(classify_handlers.answer, asked, classify_handlers.Shown)
    return shown


def plan_of(page: PageInputs, **changes: Any) -> Plan:
    """What Explore's controls say, where nothing was changed."""
    usual = {
        "classes": 2, "input_size": "224x224", "stem": "imagenet", "dilated": [], "zero_init": False, "groups": "",
        "width_per_group": "", "norm": "batch", "chart": "bars", "place": ("conv4_x", 0),
    }  # fmt: skip
    return Plan(page, **{**usual, **changes})


def final(steps: Iterable[Any]) -> Any:
    """What stands in the end."""
    *_, shown = steps
    return shown


def two_classes(path: Path, *, classes: int = 2) -> Path:
    torch.save({"model_state_dict": torchvision.models.resnet18(num_classes=classes).state_dict()}, path)
    return path


def taught_by(files: list[list[Path]], *, names: tuple[str, ...] = ("ants", "bees"), **page) -> list:
    empty = MAX_CLASSES - len(names)  # boxes that are not shown
    photos = [[str(path) for path in each] for each in files]
    asked = teach_handlers.Asked(visit(**page), str(len(names)), (*names, *[""] * empty), (*photos, *[[]] * empty))
    failed = teach_handlers.teach_failed
    return list(carry_out(teach_handlers.teach, asked, teach_handlers.Shown, failed=failed))


class Tags(HTMLParser):
    """Collects every tag with its attributes, and checks that what is opened is closed."""

    VOID = frozenset({"img", "i", "br", "input", "path", "rect", "circle"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(str(source))  # Markup would escape what the parser takes apart
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def downloaded(page: str, name: str) -> bytes:
    """What the link that saves a file of that name holds."""
    (link,) = [attributes for tag, attributes in Tags(page).found if tag == "a" and attributes.get("download") == name]
    return base64.b64decode(str(link["href"]).partition(";base64,")[2], validate=True)


def rows_of(page: str) -> list[list[str]]:
    """The cells of every table's rows, without their tags."""
    rows = re.findall(r"<tr>(<td>.*?)</tr>", page, re.DOTALL)
    return [[unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall("<td>(.*?)</td>", row)] for row in rows]


def cells_of(page: str, kind: str) -> list[list[str]]:
    """The same of the bodies of the tables of one kind, whose cells have attributes, or are heads of their rows."""
    bodies = re.findall(rf'<table class="plain {kind}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    rows = [row for body in bodies for row in re.findall("<tr>(.*?)</tr>", body, re.DOTALL)]
    found = [re.findall(r"<(?:td|th)\b[^>]*>(.*?)</(?:td|th)>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub("<[^>]+>", "", cell)) for cell in cells] for cells in found]
