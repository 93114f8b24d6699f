"""The network as Explore shows it: its table and charts, its drawings, and the code that makes it."""

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torchvision

from demo.compare import view as compare_view
from demo.explore import charts, code_view, drawings, misconceptions_view
from demo.explore import view as explore_view
from demo.locales import LANGUAGES
from demo.ui import html
from resnet_app import resnet
from resnet_app.architecture import counting, torchinfo_counts
from resnet_app.architecture.published import classifiers
from resnet_app.registry import SPECS
from tests.demo.helpers import Tags


def svg_of(page: str) -> str:
    return page[page.index("<svg") : page.index("</svg>") + 6]


@pytest.mark.parametrize("name", SPECS)
def test_the_stage_table_sums_to_the_published_numbers(name: str) -> None:
    network = counting.describe(name)
    figure = charts.stage_table("en", network)
    columns = figure.data[0].cells.values
    assert list(columns[0]) == [
        "conv1",
        "maxpool",
        "conv2_x",
        "conv3_x",
        "conv4_x",
        "conv5_x",
        "avgpool",
        "fc",
        "total",
    ]
    assert columns[3][-1] == html.amount(SPECS[name].parameters)
    assert columns[5][-1] == html.amount(SPECS[name].gmacs * 1e9)
    assert sum(float(share) for share in columns[4][:-1]) == pytest.approx(100, abs=0.3)
    assert figure.layout.height >= 32 * 10


@pytest.mark.parametrize("name", ["resnet18", "resnet152"])
def test_charts_show_the_shares(name: str) -> None:
    network = counting.describe(name)
    parameters, macs, memory = charts.cost_bars("en", network).data
    assert sum(parameters.x) == pytest.approx(100)
    assert sum(macs.x) == pytest.approx(100)
    assert max(memory.x) == network.peak_bytes / 2**20  # MiB: another measure, on an axis of its own
    assert (macs.xaxis, memory.xaxis) == ("x", "x2")
    tree = charts.parameter_treemap("en", network).data[0]
    stages = [i for i, parent in enumerate(tree.parents) if not parent]
    assert sum(tree.values[i] for i in stages) == SPECS[name].parameters
    for i in stages:
        inside = [v for v, parent in zip(tree.values, tree.parents, strict=True) if parent == tree.ids[i]]
        assert not inside or sum(inside) == tree.values[i]


def test_a_grouped_convolution_is_drawn_with_its_groups() -> None:
    for name, groups in (("resnext50_32x4d", 32), ("resnext101_64x4d", 64)):
        block = counting.describe(name).stages[3].blocks[1]
        path = re.search(r'class="groups" d="([^"]+)"', drawings.block_drawing("en", block))
        assert path
        assert path[1].count("M") == groups
    assert 'class="groups"' not in drawings.block_drawing("en", counting.describe("resnet50").stages[3].blocks[1])


def test_the_last_norm_says_where_it_starts() -> None:
    block = counting.describe("resnet50").stages[2].blocks[0]
    assert "γ starts at 0" in drawings.block_drawing("en", block, zero_init=True)
    assert "γ" not in drawings.block_drawing("en", block)


def test_all_classifiers_stand_in_the_chart_and_this_one_is_marked() -> None:
    every = classifiers()
    traces = charts.standing("en", every, "resnet50").data
    assert sum(len(trace.x) for trace in traces) == 2 * len(every)
    this = [trace for trace in traces if trace.name.startswith("this network")]
    assert [sorted(trace.y) for trace in this] == [sorted(SPECS["resnet50"].accuracy)] * 2
    assert this[0].x[0] == pytest.approx(SPECS["resnet50"].gmacs)
    assert this[1].x[0] == pytest.approx(SPECS["resnet50"].parameters / 1e6)


def test_the_code_room_marks_the_running_lines_and_lists_every_name() -> None:
    network = counting.describe("resnet18", classes=2)
    shown = code_view.excerpts("en", network, "conv3_x", 0)
    marked = re.findall(r'class="row marked"><i>(\d+)</i>(.*)', shown)
    lines = Path(resnet.__file__).read_text("utf-8").splitlines()
    assert marked
    for number, words in marked:
        assert unescape(re.sub("<[^>]+>", "", words)) == lines[int(number) - 1]
    tree = Tags(code_view.tree("en", network))
    paths = {a["data-copy"] for tag, a in tree.found if tag == "button"}
    theirs = torchvision.models.resnet18(num_classes=2)
    assert paths == {
        *dict(theirs.named_modules()), *dict(theirs.named_parameters()), *dict(theirs.named_buffers())
    }  # fmt: skip
    assert "num_classes" in code_view.snippet("en", network, None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "stem"), [("resnet18", "imagenet"), ("resnext101_32x8d", "imagenet"), ("resnet50", "cifar")]
)
def test_drawings_are_sound_and_tell_projection_from_identity(name: str, stem: str, language: str) -> None:
    network = counting.describe(name, stem=stem)
    Tags(explore_view.headline(language, network))
    Tags(explore_view.published(language, network, torchinfo_counts.counts(network)))
    ElementTree.fromstring(svg_of(drawings.whole(language, network)))
    ribbon = Tags(drawings.ribbon(language, network, 2))
    pressed = [a["aria-pressed"] for tag, a in ribbon.found if tag == "button"]
    assert pressed == ["true" if i == 2 else "false" for i in range(len(network.stages))]
    Tags(explore_view.stage_rows(language, network))
    for index, stage in enumerate(network.stages):
        Tags(explore_view.stage(language, network, index, 0))
        shown = Tags(explore_view.block(language, network, index, 0))
        layers = [a for tag, a in shown.found if tag == "button" and "data-layer" in a]
        assert len(layers) == len(stage.layers or stage.blocks[0].layers)
        assert [a["aria-pressed"] for a in layers].count("true") == 1
        for block in stage.blocks:
            drawn = drawings.block_drawing(language, block)
            ElementTree.fromstring(drawn.replace("&", "&amp;"))  # well-formed, as print and export want it
            assert ('class="wire dashed"' in drawn) == bool(block.shortcut)
            assert drawn.count('class="inside"') == len((SPECS[name].block == "BasicBlock" and "12") or "123") + bool(
                block.shortcut
            )


def test_a_logarithmic_axis_reads_whole_numbers_in_order() -> None:
    assert charts.log_ticks([150, 1100]) == [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]
    assert charts.log_ticks([0.002, 30]) == pytest.approx([0.001, 0.01, 0.1, 1, 10, 100])
    assert charts.log_ticks([]) == []


@pytest.mark.parametrize(("name", "norm"), [("resnet50", "batch"), ("resnext50_32x4d", "group"), ("resnet18", "batch")])
def test_a_chinese_page_names_no_operator_in_english(name: str, norm: str) -> None:
    network = counting.describe(name, norm=norm)
    shown = [
        drawings.ribbon("zh-CN", network, 0),
        drawings.whole("zh-CN", network),
        misconceptions_view.listed("zh-CN"),
    ]
    shown += [make("zh-CN", network, i, 0) for make in (explore_view.stage, explore_view.block) for i in range(8)]
    shown += [compare_view.stages("zh-CN", [network] * 2, "conv3_x"), compare_view.sides("zh-CN", [network] * 2, "fc")]
    cells = [cell for column in charts.stage_table("zh-CN", network).data[0].cells.values for cell in column]
    for page in [*shown, " ".join(cells), explore_view.stage_rows("zh-CN", network)]:
        tags = Tags(page)
        words = " ".join([tags.words, *(each.get("aria-label") or "" for _, each in tags.found)])
        assert not re.search(r"(?<![\w.])(conv|max pool|pool|mean|linear|norm|groups)(?![\w.])", words)
        assert re.search("[\u4e00-\u9fff]", words)
    assert "7×7 卷积，64，/2" in shown[0]
