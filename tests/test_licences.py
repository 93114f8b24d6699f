"""What the app stands on may be used and passed on: each package's licence is of a kind that the page names."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, metadata

import pytest
from packaging.requirements import Requirement

from tests.paths import ROOT

PAGE = (ROOT / "docs" / "licences.md").read_text("utf-8")
OPEN = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|BSL|CC0|Zlib|0BSD|Unlicense|HPND)\b", re.I
)
CLOSED = re.compile(r"(?<!L)GPL|proprietary|commercial", re.I)
FROM_NVIDIA = re.compile(r"nvidia|cuda", re.I)  # the page says so


def required(*files: str) -> list[Requirement]:
    """What the files ask for where this runs."""
    lines = [line.split("#")[0].strip() for name in files for line in (ROOT / name).read_text("utf-8").splitlines()]
    every = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return [each for each in every if each.marker is None or each.marker.evaluate()]


def closure(todo: list[Requirement]) -> Iterator[str]:
    """These packages and what they need in turn, as far as they are installed."""
    seen: set[tuple[str, str]] = set()
    while todo:
        wanted = todo.pop()
        for extra in {"", *wanted.extras}:
            if (wanted.name.lower(), extra) in seen:
                continue
            seen.add((wanted.name.lower(), extra))
            try:
                needs = [Requirement(line) for line in distribution(wanted.name).requires or ()]
            except PackageNotFoundError:
                continue
            if not extra:
                yield wanted.name
            todo += [each for each in needs if each.marker is None or each.marker.evaluate({"extra": extra})]


def licence(package: str) -> str:
    """As the package's maker declares it."""
    found = metadata(package)
    classifiers = [line for line in found.get_all("Classifier") or () if line.startswith("License ::")]
    return found.get("License-Expression") or "; ".join(classifiers) or (found.get("License") or "")[:200]


def test_each_licence_is_of_a_kind_that_lets_it_be_passed_on() -> None:
    told = {name: licence(name) for name in closure(required("requirements.txt")) if not FROM_NVIDIA.search(name)}
    assert len(told) > 40
    assert {name: said for name, said in told.items() if not OPEN.search(said) or CLOSED.search(said)} == {}


PASSED_ON = {path.name for path in ROOT.glob("requirements*.txt")} - {"requirements-dev.txt"}  # that one with nothing


@pytest.mark.parametrize("file", sorted(PASSED_ON))
def test_each_requirement_is_in_the_table(file: str) -> None:
    assert [each.name for each in required(file) if not re.search(rf"\b{each.name}\b", PAGE)] == []


def test_each_picture_and_model_of_the_project_has_its_line() -> None:
    kept = {path.parent.name for path in ROOT.glob("assets/*/*") if path.suffix in (".jpg", ".webp", ".png", ".svg")}
    assert kept == {"examples", "screenshots"}
    assert [name for name in kept if f"`assets/{name}/" not in PAGE] == []
    drawn = [path for path in (ROOT / "demo").rglob("*") if path.suffix in (".svg", ".png", ".jpg", ".woff2", ".ttf")]
    assert [str(path.relative_to(ROOT)) for path in drawn] == ["demo/static/icon.svg"]
