"""docs/maps.md, counting.md, accessibility.md: figures are worked out anew, examples print what stands under them."""

import inspect
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from math import floor
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from demo import api
from resnet_app.architecture import formulas
from resnet_app.architecture.counting import describe
from resnet_app.architecture.published import paper_row
from resnet_app.architecture.records import Architecture
from resnet_app.architecture.torchinfo_counts import counts
from resnet_app.choices import IN_LOGITS, METHODS, OWN_WAY, SAME_ON_LAST, SLOW, THRESHOLDS, USUAL_THRESHOLD
from resnet_app.explain.cam import LAYERS, LIKE_CLASSES, MIN_TOTAL, choose, passes
from resnet_app.explain.heatmap import FLAT_ABOVE
from resnet_app.explain.overlay import CONTOURS, FULL_ALPHA_AT
from resnet_app.explain.worth.faithfulness import RANDOM_MAPS, ROAD_PERCENTILES, STEPS
from resnet_app.explain.worth.patches import GRID
from resnet_app.explain.worth.rivals import EACH
from resnet_app.registry import SPECS
from tests.paths import ROOT

MAPS, COUNTING, ACCESS = (
    (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("maps", "counting", "accessibility")
)
NUMBERS = dict(enumerate(["nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"], 9))
CHINESE = dict(enumerate(["九", "十", "十一", "十二", "十三", "十四", "十五"], 9))
BENCHMARKS = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"```(python|sh)\n(.*?)```\n\n```text\n(.*?)```", MAPS + COUNTING, flags=re.S)


@pytest.mark.slow
@pytest.mark.parametrize(("language", "code", "printed"), EXAMPLES, ids=[code.split()[2] for _, code, _ in EXAMPLES])
def test_an_example_prints_what_stands_under_it(language: str, code: str, printed: str) -> None:
    run = [sys.executable, "-c"] if language == "python" else ["bash", "-eu", "-c"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*run, code],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert (lines, done.returncode) == (printed.splitlines(), 0), done.stderr


def test_every_block_of_code_is_one_of_those_examples() -> None:
    assert len(EXAMPLES) == len(re.findall("```(?:python|sh)\n", MAPS + COUNTING + ACCESS)) == 3


# Maps


def rows_of(page: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]


def test_the_methods_are_those_that_are_offered() -> None:
    listed = {name.strip("`"): title for name, title, *_ in rows_of(MAPS) if name.startswith("`")}
    assert listed == METHODS
    assert list(listed) == list(METHODS)
    differ = MAPS.partition("on purpose:")[2].partition("How the map")[0]
    assert set(re.findall(r"^- `(\S+)`:", differ, re.M)) == set(OWN_WAY)


def test_the_papers_are_those_that_the_code_names() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "resnet_app" / "explain").rglob("*.py"))
    named = re.findall(r"arXiv (\d{4}\.\d{5})", MAPS)
    assert len(named) > 12
    assert [number for number in named if number not in code] == []


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_the_passes_of_the_slow_methods(name: str) -> None:
    network = SPECS[name].skeleton()
    for method in SLOW:
        found = [str(passes(network, choose(network, [layer], method))) for layer in LAYERS]
        assert re.search(rf"{', '.join(found)}( passes)? in {SPECS[name].title}", MAPS)
    assert set(SLOW) == {"scorecam", "ablationcam"}


def test_what_is_said_of_maps_are_the_codes_own_figures() -> None:
    low, high = THRESHOLDS
    levels = ("low", "high") if CONTOURS != (0.25, 0.5, 0.75) else ("a quarter", "a half and three quarters")
    areas = (STEPS + 1) * (RANDOM_MAPS + 2)  # of the map, the random ones, and the blob
    field = describe("resnet18").stages[-3].receptive_field
    for words in (
        f"above the {LIKE_CLASSES} other classes", f"no more than {MIN_TOTAL:.0e}".replace("e-05", "e-5"),
        f"Below {FULL_ALPHA_AT} of the peak they fade", f"{levels[0]}, {levels[1]} of the peak",
        f"above {USUAL_THRESHOLD} % of the peak ({low} to {high} can be chosen)", f"above {FLAT_ABOVE} of its peak",
        f"up to {field} pixels across in ResNet-18", f"{100 // STEPS} % at a time",
        f"low | {areas} |", f"high | {areas} |", f"{', '.join(map(str, ROAD_PERCENTILES))} % of the pixels",
        f"above 0 | {2 * len(ROAD_PERCENTILES)} |", f"near 1 | {GRID**2} |", f"near 1 | {EACH} |",
        f"{GRID} × {GRID} parts", "three random maps", f"{', '.join(METHODS[m] for m in IN_LOGITS[:-1])} and FinerCAM",
        f"{METHODS[SAME_ON_LAST[0]]}, {METHODS[SAME_ON_LAST[1]]} and {METHODS[SAME_ON_LAST[2]]} after the last block",
    ):  # fmt: skip
        assert words in MAPS, words
    assert RANDOM_MAPS == 3


def test_every_page_that_lists_the_methods_lists_all() -> None:
    """A new one is easily forgotten in prose."""
    told = inspect.getdoc(api.explain) or ""
    listed = re.search(r"method: ([^.]*)\.", told)
    assert listed is not None
    assert re.findall(r"[\w+]+", re.sub(r"\bor\b", "", listed[1])) == list(METHODS)
    features = (ROOT / "docs" / "features.md").read_text("utf-8")
    assert [title for title in METHODS.values() if title not in features] == []
    counted = {
        "README.md": f"| {NUMBERS[len(METHODS)]} methods,",
        "README.zh-CN.md": f"| {CHINESE[len(METHODS)]}种方法",
    }
    assert [name for name, words in counted.items() if words not in (ROOT / name).read_text("utf-8")] == []


def test_measured_figures_are_those_of_the_benchmarks() -> None:
    theirs = BENCHMARKS.partition("## What a map is worth")[2].partition("\n## ")[0]
    lines = [line for line in theirs.splitlines() if line.startswith("|")]
    assert len(lines) > 8
    assert "\n".join(lines) in MAPS
    assert "The 80 validation photographs, the first bundled model" in theirs
    (first,) = (row for row in rows_of(theirs) if row[0] == "gradcam, layer4")
    assert f"on {first[3]} and {first[4]} of 80" in MAPS
    (ratio,) = re.findall(r"^\| layer4, 5 classes: ours over our forward pass alone \| ([\d.]+) ", BENCHMARKS, re.M)
    assert f"five maps of `layer4` takes {ratio} times the pass alone" in MAPS


# Counting


@dataclass(frozen=True)
class Sum:
    """``6 × 7 = 42`` as it stands on the page."""

    left: str
    right: str


PROSE = re.sub(r"```.*?```|`[^`\n]*`", "", COUNTING, flags=re.S)
SUMS = [Sum(*each) for each in re.findall(r"((?:floor)?[\d(][\d,+×/()− ]*[+×/−][\d,+×/()− ]*) = ([\d,]*\d)", PROSE)]


def worked_out(text: str) -> float:
    plain = text.replace(",", "").replace("×", "*").replace("−", "-")
    assert re.fullmatch(r"[\d+*/() .-]+|floor\([\d+*/() .-]+", plain), plain
    return float(eval(plain, {"floor": floor}))


@pytest.mark.parametrize("each", SUMS, ids=lambda each: f"{each.left} = {each.right}")
def test_each_sum_adds_up(each: Sum) -> None:
    assert worked_out(each.left) == int(each.right.replace(",", ""))


def test_the_block_by_hand_is_the_librarys() -> None:
    results = {each.right for each in SUMS}
    (block,) = (each for stage in describe("resnet50").stages for each in stage.blocks if each.path == "layer2.0")
    convolutions = [layer for layer in block.layers if layer.kind == "conv"]
    counted = [block, *convolutions]
    wanted = {f"{count:,}" for each in counted for count in (each.parameters, each.macs)}
    wanted |= {f"{block.peak_bytes:,}", f"{block.peak_bytes // 4:,}", f"{block.branch[-1].field}"}
    wanted |= {f"{sum(each.parameters for each in block.layers if each.kind == 'norm'):,}"}
    assert wanted <= results
    assert f"Its input is {' × '.join(map(str, block.input_shape))}, its output " in COUNTING
    assert f"its output {' × '.join(map(str, block.output_shape))}." in COUNTING


CHANGES: dict[str, Architecture] = {
    "none": describe("resnet50"),
    "2 classes": describe("resnet50", classes=2),
    "448 × 448 pixels": describe("resnet50", input_size=(448, 448)),
    "CIFAR stem, 32 × 32 pixels": describe("resnet50", stem="cifar", input_size=(32, 32)),
    "`conv5_x` dilated": describe("resnet50", dilated=("conv5_x",)),
    "`conv4_x` and `conv5_x` dilated": describe("resnet50", dilated=("conv4_x", "conv5_x")),
    "32 groups, 4 channels in each": describe("resnet50", groups=32, width_per_group=4),
    "128 channels in a group": describe("resnet50", width_per_group=128),
    "GroupNorm": describe("resnet50", norm="group"),
    "no norm": describe("resnet50", norm="none"),
}


def test_the_table_of_variants_is_counted() -> None:
    listed = {row[0]: row[1:] for row in rows_of(COUNTING.partition("## Other networks")[2]) if row[0] != "change"}
    assert list(listed) == list(CHANGES)
    for change, network in CHANGES.items():
        shape = " × ".join(map(str, network.stages[-3].output_shape))
        assert listed[change] == [f"{network.parameters:,}", f"{network.macs / 1e9:.3f}", shape], change
    assert CHANGES["32 groups, 4 channels in each"].macs == describe("resnext50_32x4d").macs
    assert CHANGES["128 channels in a group"].parameters == SPECS["wide_resnet50_2"].parameters


def test_every_other_figure_is_counted_by_us_or_by_the_tool_that_is_named() -> None:
    """All of four digits, and all with a decimal point, but for the examples, whose output is compared whole."""
    network, spec = describe("resnet50"), SPECS["resnet50"]
    found, paper = counts(network), paper_row(network)
    assert paper is not None
    basic = paper_row(describe("resnet18"))
    assert basic is not None
    with FlopCounterMode(display=False) as counter:
        spec.skeleton().eval()(torch.empty(1, 3, 224, 224, device="meta"))
    for row in (
        f"| here | {network.macs:,} MACs |", f"| torchvision's metadata | {spec.gmacs} |",
        f"| torch's `FlopCounterMode` | {counter.get_total_flops():,} |",
        f'| torchinfo, "mult-adds" | {found.all_macs:,} |',
        f"| {paper.paper}, Table 1 | {paper.gmacs} | another layout:", f"So built, it has {paper.counted:.3f}",
        f"{basic.counted:.3f} GMACs so built, {SPECS['resnet18'].gmacs} here, {basic.gmacs} in its table",
        f"Parameters are {found.parameters:,}", f"{network.stages[-3].receptive_field} after `conv5_x`",
        f"ResNet-50 has {' with the weights V1 and '.join(f'{each:.3f}' for each in spec.accuracy)} with V2",
        formulas.depth(spec).replace("×", " × "),
    ):  # fmt: skip
        assert row in COUNTING, row
    norms = sum(row.parameters for stage in network.stages for row in stage.every_layer if row.kind == "norm")
    assert found.all_macs - network.macs == norms + network.classes  # as the sum in torchinfo's row has it
    assert f" + {norms:,} + {network.classes:,} = {found.all_macs:,}" in COUNTING
    told = re.sub(r"arXiv \d{4}\.\d+|https?://\S+|\b(?:19|20)\d\d\b|v1\.5", "", PROSE)
    known = {text for each in SUMS for text in re.findall(r"[\d,]*\d", f"{each.left} {each.right}")}
    known |= {text for row in rows_of(COUNTING) for cell in row for text in re.findall(r"[\d,.]*\d", cell)}
    known |= {f"{value:.3f}" for value in (*spec.accuracy, basic.counted, SPECS["resnet18"].gmacs)}
    known |= {f"{basic.gmacs}", f"{network.classes}", f"{network.parameters:,}"}
    figures = re.findall(r"\d[\d,]*,\d{3}|\d+\.\d+|\d{4,}", told)
    assert len(figures) > 60
    assert [figure for figure in figures if figure not in known] == []


# Accessibility


def test_each_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", ACCESS + COUNTING + MAPS)
    assert len(named) > 25
    for path, name in named:
        assert f"def {name}" in (ROOT / path).read_text("utf-8"), (path, name)
    for path in re.findall(r"`(demo/[\w./]+)`", ACCESS):
        assert (ROOT / path).is_file(), path


def test_no_rule_of_axe_is_switched_off_and_the_tests_that_ask_it_are_listed() -> None:
    checks = (ROOT / "tests" / "e2e" / "checks.py").read_text("utf-8")
    assert '"resultTypes": ["violations"]' in checks  # what is to be reviewed is not looked at, as the page says
    assert re.findall(r'"(\w+)": (?:\[|\{)', checks) == ["runOnly", "resultTypes"]  # in the dark the rule of contrast
    asking = set()
    for path in (ROOT / "tests" / "e2e").glob("test_*.py"):
        for test in re.split(r"^(?=def )", path.read_text("utf-8"), flags=re.M):
            if "expect_no_violations(" in test and (name := re.match(r"def (test_\w+)", test)):
                asking.add(f"tests/e2e/{path.name}::{name[1]}")
    listed = re.findall(r"`(tests/\S+)`", ACCESS.partition("## By machine")[2].partition("\n## ")[0])
    assert set(listed) - {"tests/e2e/checks.py"} == asking
