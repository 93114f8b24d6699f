"""docs/ lists each sentence of the doctor and each statement of the lesson; the plans use the page's words.

Links and paths that any page names lead to files, and each command that one shows is taken.
"""

import ast
import importlib
import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from demo import __main__ as app
from demo.lesson.choices import STEPS, Step
from demo.locales import LANGUAGES, text
from resnet_app.cli import main
from tests.paths import ROOT
from tools import lesson_sheet

DOCTORS = ("read", "state_dict", "heads", "torch_file", "pickle_reader", "class_names")
TOLD = ("DAMAGED", "READS", "NO_RESNET", "SAVE", "_STARTS")  # constants that sentences are made of
OF_METHODS = ("1806.07421", "1412.6572")  # where a method comes from, and no statement
DOCS = re.sub(r"[*`]", "", (ROOT / "docs" / "checkpoint-messages.md").read_text("utf-8"))


def sentences(module: str) -> list[str]:
    """The constant pieces of what a module raises, of what its reasons return, and of its notes."""
    tree = ast.parse((ROOT / "resnet_app" / "checkpoints" / f"{module}.py").read_text("utf-8"))
    told = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id in ("CheckpointError", "ClassNamesError", "Note"):
                told += [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
        elif isinstance(node, ast.FunctionDef) and node.name in ("_nothing", "_other_zip", "_other_network", "_guess"):
            told += [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)][1:]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in TOLD:
            told += [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return [text for text in told if isinstance(text, str) and " " in text.strip() and len(text) > 12]


@pytest.mark.parametrize("module", DOCTORS)
def test_every_sentence_is_listed(module: str) -> None:
    for words in sentences(module):
        for part in re.split(r"(?<=[.;]) ", words):
            assert part.strip(" ();,.")[:60] in DOCS, part


def test_every_step_of_the_lesson_has_its_sources_and_tests() -> None:
    page = (ROOT / "docs" / "lesson.md").read_text("utf-8")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("|")]
    assert {step.name for step in STEPS} <= set(rows)
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) > 8
    assert [name for name in named if f"def {name}(" not in tests] == []
    files = re.findall(r"`((?:tests|resnet_app)/[\w/.]+)", page)
    assert [name for name in files if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_source_of_the_lesson_is_in_the_table(step: Step) -> None:
    page = (ROOT / "docs" / "lesson.md").read_text("utf-8")
    for language in LANGUAGES:
        said = re.findall(r"arXiv (\d{4}\.\d{4,5})", text(language, f"lesson_{step.name}_source"))
        assert [number for number in said if number not in page and number not in OF_METHODS] == []


@pytest.mark.parametrize(("language", "name"), [("en", "lesson-plan.md"), ("zh-CN", "lesson-plan.zh-CN.md")])
def test_the_teachers_plan_speaks_the_pages_words_and_fits_two_pages(language: str, name: str) -> None:
    plan = (ROOT / "docs" / name).read_text("utf-8")
    keys = ("again", "reveal", "vote", "new")
    assert [key for key in keys if text(language, f"class_{key}").lower() not in plan.lower()] == []
    assert len(re.findall(r"^\| [1-8] ", plan, re.M)) == len(STEPS)
    assert len(plan.splitlines()) < 70
    assert len(plan) < 6000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_is_what_the_page_prints(language: str) -> None:
    assert lesson_sheet.path(language).read_text("utf-8") == lesson_sheet.sheet(language)


PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "assets").glob("*.md"),
    ROOT / "benchmarks" / "README.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    found = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in found if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["SECURITY.md", "docs/lesson.md"])
def test_paths_that_are_named_are_there(name: str) -> None:
    found = re.findall(r"`((?:tests|resnet_app|demo)/[\w./-]+)`", (ROOT / name).read_text("utf-8"))
    assert len(found) > 5
    assert [path for path in found if not (ROOT / path).exists()] == []


def test_each_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    assert [
        page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md" and page.name not in index
    ] == []


SCALE = (ROOT / "docs" / "scale.md").read_text("utf-8")


def test_the_costs_of_a_million_photographs_are_what_the_model_says() -> None:
    rows = re.findall(r"^\| (\d+) \| (`predict`|Ray) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", SCALE, re.M)
    assert [row[:2] for row in rows] == [("1", "`predict`"), ("1", "Ray"), ("4", "Ray"), ("16", "Ray")]
    for machines, way, hours, together, price in rows:
        start, rate = (60, 33) if way == "Ray" else (0, 40.5)
        expected = (start + 1_000_000 / (int(machines) * rate)) / 3600
        assert float(hours) == pytest.approx(expected, abs=0.05)
        assert float(together) == pytest.approx(int(machines) * expected, abs=0.05)
        assert float(price) == pytest.approx(int(machines) * expected * 0.10, abs=0.005)
    assert "| ours (`predict --csv`) | 40.5 |" in (ROOT / "benchmarks" / "README.md").read_text("utf-8")


def test_the_commands_for_many_pictures_are_taken() -> None:
    shown = re.findall(r"^python -m resnet_app (.*?)(?:\s+#.*)?$", SCALE, re.M)
    assert len(shown) >= 5
    for arguments in shown:
        options = main._parser().parse_args(arguments.split())
        assert options.csv is not None


def test_the_cluster_has_the_keys_that_ray_knows_and_installs_what_is_here() -> None:
    """By hand it was put through Ray's own check (ray.autoscaler._private.util.validate_config)."""
    cluster = yaml.safe_load((ROOT / "docs" / "scale" / "cluster.yaml").read_text("utf-8"))
    assert cluster["min_workers"] == cluster["max_workers"] == len(cluster["provider"]["worker_ips"])
    told = " ".join(cluster["setup_commands"])
    named = re.findall(r"~/resnet-explorer/([\w.-]+)", told)
    assert named == ["requirements-ray.txt"]
    assert (ROOT / named[0]).is_file()
    for start in ("head_start_ray_commands", "worker_start_ray_commands"):
        assert "RAY_AUTH_MODE=token" in cluster[start][1]
        assert "--disable-usage-stats" in cluster[start][1]


BLOCKS = {page: re.findall(r"```(\w+)\n(.*?)```", page.read_text("utf-8"), re.S) for page in PAGES}
OTHERS = {
    "cd",
    "curl",
    "cut",
    "export",
    "find",
    "grep",
    "head",
    "mktemp",
    "pip_audit",
    "ray",
    "rm",
    "source",
}  # not ours
OTHERS_OPTIONS = {"--index-url", "--now"}  # pip's, systemctl's


def commands(page: Path) -> list[list[str]]:
    """The commands in a page's blocks for a shell, as words: without comments, and each part of a pipe by itself."""
    found = []
    for script in (script for language, script in BLOCKS[page] if language == "sh"):
        for line in script.replace("\\\n", " ").splitlines():
            parts: list[list[str]] = [[]]
            lexer = shlex.shlex(re.sub(r"\w+=\$\((.*)\)", r"\1", line), posix=True, punctuation_chars="|&<>;")
            lexer.whitespace_split = True
            for word in lexer:
                parts.append([]) if set(word) <= set("|&;") else parts[-1].append(word)
            found += [part for part in parts if part and not re.fullmatch(r"\w+=\S*", part[0])]
    return found


def parsed(words: list[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """What one of our two programs makes of the words behind ``python -m``; a wrong one ends with SystemExit."""
    program, *rest = words
    if program == "resnet_app":
        return main._parser().parse_args(rest)
    monkeypatch.setattr(sys, "argv", ["python -m demo", *rest])
    return app._options()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```sh" in page.read_text("utf-8")], ids=lambda page: page.name
)
def test_each_command_that_a_page_shows_is_taken(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not run, but read by the program's own parser; what a page prints under a command is compared elsewhere."""
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    for command, *rest in commands(page):
        if "python" in command and rest[1] in ("resnet_app", "demo"):
            assert parsed(rest[1:], monkeypatch), rest
        elif "python" in command:
            assert rest[1] in OTHERS or importlib.util.find_spec(rest[1]), rest
        elif command == "make":
            assert rest[0] in targets, rest
        elif command.endswith("pip"):
            assert [name for name in rest if name.endswith(".txt") and not (ROOT / name).is_file()] == []
        else:
            assert command in OTHERS or command == ".venv/bin/pre-commit", (command, rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_in_a_sentence_is_taken(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole ones, such as `python -m demo --mcp`; and of single options that one of the programs knows them."""
    known = OTHERS_OPTIONS | {"--help", "--version"}
    folders = (ROOT / "resnet_app" / "cli", ROOT / "benchmarks")
    sources = [ROOT / "demo" / "__main__.py", *(path for folder in folders for path in folder.glob("*.py"))]
    known |= set(re.findall(r'"(--[\w-]+)"', "".join(path.read_text("utf-8") for path in sources)))
    for code in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)):
        if found := re.fullmatch(r"python -m (resnet_app|demo) (.*[^.])", code):
            assert parsed([found[1], *shlex.split(found[2])], monkeypatch), code
        elif found := re.match(r"python -m ([\w.]+)", code):
            assert found[1] in OTHERS or importlib.util.find_spec(found[1]), code
        assert [option for option in re.findall(r"(?<![\w(-])--[a-z][\w-]*", code) if option not in known] == [], code


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text("utf-8")], ids=lambda page: page.name
)
def test_a_snippet_compiles_and_what_it_imports_of_ours_is_there(page: Path) -> None:
    for code in (code for language, code in BLOCKS[page] if language == "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in ("resnet_app", "demo"):
                module = importlib.import_module(str(node.module))
                for name in node.names:
                    assert hasattr(module, name.name) or importlib.util.find_spec(f"{node.module}.{name.name}"), (
                        name.name
                    )
    assert all(json.loads(text) for language, text in BLOCKS[page] if language == "json")
