"""The README tells the truth: its table is the registry, its links lead somewhere, its commands exist."""

import re

import pytest
import yaml
from PIL import Image

from resnet_app import __version__
from resnet_app.cli import main
from resnet_app.registry import SPECS
from tests.paths import ROOT

README, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
COMMANDS = (ROOT / "docs" / "command-line.md").read_text("utf-8")


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_table_is_the_registry(spec) -> None:
    accuracy = " / ".join(f"{value:.3f}" for value in spec.accuracy)
    row = f"| `{spec.name}` | {spec.title} | {spec.depth} | {spec.parameters:,} | {spec.gmacs:.3f} | {accuracy} |"
    assert row in README
    assert row in CHINESE


def test_both_languages_have_the_same_parts() -> None:
    """Headings in number, and to the letter what is no prose: code, pictures, where links lead, rows of tables."""
    for pattern in (r"^#+ ", r"^\| ", r"^- "):
        assert len(re.findall(pattern, README, re.M)) == len(re.findall(pattern, CHINESE, re.M)), pattern
    for pattern in (r"```sh\n.*?```", r"!\[[^\]]*\]\(([^)]*)\)", r"\]\((https?://[^)]+)\)"):
        found = [each.replace(".zh-CN", "") for each in re.findall(pattern, CHINESE, re.S)]  # its pictures are its own
        assert re.findall(pattern, README, re.S) == found, pattern
    own = {"README.md", "README.zh-CN.md", "docs/lesson-sheet.zh-CN.md"}  # the sheet has no English twin in the README
    leads = [
        {link.replace(".zh-CN", "") for link in re.findall(r"\]\(([^)#:]+)\)", text)} for text in (README, CHINESE)
    ]
    assert leads[0] - own == leads[1] - own - {"docs/lesson-sheet.md"}


@pytest.mark.parametrize("name", ["visit.webp", "visit.zh-CN.webp"])
def test_the_moving_picture_is_small_and_moves(name: str) -> None:
    path = ROOT / "assets" / "screenshots" / name
    assert path.stat().st_size < 3 * 2**20
    with Image.open(path) as picture:
        assert picture.is_animated
        assert picture.n_frames >= 5


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README + CHINESE)
    assert len(links) >= 10
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []


def test_commands_take_the_options_that_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.findall(r"^python -m resnet_app (\w+)(.*?)(?:\s+#.*)?$", README + COMMANDS, flags=re.M)
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


def test_there_is_one_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    latest = re.findall(r"^## \[(\d[^\]]*)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)[0]
    assert (cited["version"], str(cited["date-released"])) == (__version__, latest[1])
    assert latest[0] == __version__
    assert 'attr = "resnet_app.__version__"' in (ROOT / "pyproject.toml").read_text("utf-8")
