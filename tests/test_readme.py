"""The README tells the truth: its table is the registry, its links lead somewhere, its commands exist."""

import re

import pytest

from resnet_app.cli import main
from resnet_app.registry import SPECS
from tests.paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_table_is_the_registry(spec) -> None:
    accuracy = " / ".join(f"{value:.3f}" for value in spec.accuracy)
    row = f"| `{spec.name}` | {spec.title} | {spec.depth} | {spec.parameters:,} | {spec.gmacs:.3f} | {accuracy} |"
    assert row in README


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) >= 5
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []


def test_commands_take_the_options_that_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.findall(r"^python -m resnet_app (\w+)(.*?)(?:\s+#.*)?$", README, flags=re.M)
    assert {command for command, _ in shown} == {
        "predict",
        "summary",
        "inspect",
        "download",
        "train",
        "evaluate",
        "depth",
        "robustness",
    }
    for command, rest in shown:
        with pytest.raises(SystemExit):
            main.main([command, "--help"])
        told = capsys.readouterr().out
        assert all(option in told for option in re.findall(r"--[\w-]+", rest)), command
