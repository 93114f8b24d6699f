"""What the page is made of: numbers, tables, drawings, figures; and that nothing from a file is taken for HTML."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
import torchvision

from demo.batch import view as batch_view
from demo.classify import view as classify_view
from demo.explain import view as maps_view
from demo.explore import charts, code_view, drawings
from demo.explore import view as explore_view
from demo.locales import LANGUAGES
from demo.sidebar import view as sidebar_view
from demo.teach import view as teach_view
from demo.ui import html
from demo.ui.heatmaps import Look
from resnet_app import resnet
from resnet_app.architecture import counting, torchinfo_counts
from resnet_app.architecture.published import classifiers
from resnet_app.explain import cam
from resnet_app.inference import predict
from resnet_app.inference.batch import Batch
from resnet_app.inference.models import Head, LoadedModel, choose, load
from resnet_app.registry import SPECS
from resnet_app.training import few_shot
from tests.paths import EXAMPLES

EVIL = "<img src=x onerror=alert(1)>\"'&"


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


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (25_557_032, "25.6 M"),
        (4.089e9, "4.09 G"),
        (9536, "9.54 k"),
        (512, "512"),
        (0, "–"),
        (999_999, "1000 k"),
        (1e6, "1.00 M"),
    ],
)
def test_amounts_have_three_figures(value: float, words: str) -> None:
    assert html.amount(value).replace("\u202f", " ") == words


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.931, "93.1 %"), (0.0004, "< 0.1 %"), (0.99996, "> 99.9 %"), (1.0, "> 99.9 %"), (0.001, "0.1 %")],
)
def test_probabilities_are_never_rounded_to_certainty(probability: float, words: str) -> None:
    assert html.percent(probability).replace("\u202f", " ") == words


def test_callout_puts_the_first_sentence_first_and_escapes() -> None:
    parts = Tags(html.callout(f"This {EVIL} is wrong. Do that instead."))
    assert ("div", {"class": "callout", "role": "alert"}) in parts.found
    assert "img" not in [tag for tag, _ in parts.found]
    assert parts.words == f"This {EVIL} is wrong.Do that instead."


@pytest.fixture(scope="module")
def hostile_model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A two-class checkpoint whose file and class names are HTML."""
    path = tmp_path_factory.mktemp("evil") / "a<b>&.pth"
    torch.manual_seed(0)
    torch.save({"model_state_dict": SPECS["resnet18"].build(num_classes=2).state_dict(), "classes": [EVIL, "ok"]}, path)
    return load(choose(checkpoint=path))


@pytest.fixture(scope="module")
def answered(hostile_model: LoadedModel) -> tuple[predict.Answer, list[cam.Heatmap]]:
    picture = EXAMPLES / "bee-daisy.jpg"
    answer = predict.classify(hostile_model, picture)
    indices = [prediction.index for prediction in answer.predictions]
    return answer, cam.heatmaps(hostile_model, answer, indices)


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_from_a_file_are_text_everywhere(
    language: str, hostile_model: LoadedModel, answered, tmp_path: Path
) -> None:
    answer, maps = answered
    shown = classify_view.answer(language, hostile_model, answer, maps, cam_ms=0, colours="viridis")
    signed = cam.signed_map(hostile_model, answer, 0, 1)
    two = classify_view.answer(language, hostile_model, answer, maps, cam_ms=0, colours="viridis", signed=signed)
    card = sidebar_view.status_ready(language, hostile_model, note=EVIL)
    photo = few_shot.Photo(EVIL, 0, answer.crop.resize((9, 9)), 0, 0.9)
    head = Head((EVIL, "ok"), hostile_model.network.fc.weight, hostile_model.network.fc.bias)
    taught = few_shot.Taught(replace(hostile_model.choice, head=head), (photo,), ((EVIL, "No."),), 1.0, 1.0)
    told = teach_view.outcome(language, hostile_model, taught)
    run = Batch(hostile_model)
    (tmp_path / "x.jpg").write_text("no picture")
    list(run.rows([tmp_path / "x.jpg"], names=[EVIL]))
    look = Look(answer.crop, None, False, "inferno")
    explained = maps_view.side_by_side(language, hostile_model, replace(answer, file=EVIL), maps, look, seconds=1)
    against = maps_view.contrast(language, (EVIL, "ok"), signed, look)
    for source in (shown, two, card, told, explained, against, batch_view.batch(language, run, 1)):
        parts = Tags(source)
        assert all("onerror" not in attributes for _, attributes in parts.found)
        assert EVIL in parts.words
        assert all(
            attributes.get("src", "data:").startswith("data:image/") for tag, attributes in parts.found if tag == "img"
        )


def test_answer_has_a_row_and_a_map_for_each_class_with_words(hostile_model: LoadedModel, answered) -> None:
    answer, maps = answered
    random = replace(hostile_model, choice=replace(hostile_model.choice, weights="random"))
    parts = Tags(classify_view.answer("en", random, answer, maps, cam_ms=0, colours="inferno"))
    buttons = [attributes for tag, attributes in parts.found if tag == "button"]
    assert [button["aria-pressed"] for button in buttons] == ["true", "false"]
    overlays = [a for _, a in parts.found if "overlay" in (a.get("class") or "")]
    assert [a["data-answer"] for a in overlays] == ["0", "1"]
    assert ["hidden" in a for a in overlays] == [False, True]
    assert "the answers mean nothing" in parts.words
    for attributes, heatmap in zip(overlays, maps, strict=True):
        if heatmap.has_evidence:
            across, down = heatmap.hottest
            assert ("left" in attributes["alt"]) == (across < 1 / 3)
            assert ("upper" in attributes["alt"]) == (down < 1 / 3)


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
    assert max(memory.x) == 100  # the stage with the peak
    tree = charts.parameter_treemap("en", network).data[0]
    stages = [i for i, parent in enumerate(tree.parents) if not parent]
    assert sum(tree.values[i] for i in stages) == SPECS[name].parameters
    for i in stages:
        inside = [v for v, parent in zip(tree.values, tree.parents, strict=True) if parent == tree.ids[i]]
        assert not inside or sum(inside) == tree.values[i]


def svg_of(page: str) -> str:
    return page[page.index("<svg") : page.index("</svg>") + 6]


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


def test_bytes_have_three_figures_and_a_unit() -> None:
    found = [explore_view.memory(count).replace("\u202f", " ") for count in (8, 1023, 2056, 400_000, 9_633_792, 2**30)]
    assert found == ["8 B", "1023 B", "2.01 KiB", "0.38 MiB", "9.19 MiB", "1024 MiB"]


def test_all_classifiers_stand_in_the_chart_and_this_one_is_marked() -> None:
    every = classifiers()
    traces = charts.standing("en", every, "resnet50").data
    assert sum(len(trace.x) for trace in traces) == 2 * len(every)
    this = [trace for trace in traces if trace.name == "this one"]
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
