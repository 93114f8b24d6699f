"""The anatomy taken along: the contract's record, CSV and JSON with the same figures, and the terminal's table."""

import csv
import io
import json

import pytest

from resnet_app.architecture import summary
from resnet_app.architecture.counting import describe


def test_rows_hold_what_the_network_holds_and_come_back_from_csv():
    network = describe("resnext50_32x4d", classes=10, input_size=(64, 96))
    blocks = [block for stage in network.stages for block in stage.blocks]
    layers = [layer for stage in network.stages for layer in stage.every_layer]
    for rows, count in (
        (summary.stage_rows(network), 8), (summary.block_rows(blocks), 16), (summary.layer_rows(layers), len(layers)),
    ):  # fmt: skip
        assert len(rows) == count
        back = list(csv.DictReader(io.StringIO(summary.as_csv(rows))))
        assert back == [{key: str(value) for key, value in row.items()} for row in rows]
        assert json.loads(json.dumps(rows)) == rows
        for total in ("parameters", "macs"):
            expected = getattr(network, total)
            outside = sum(getattr(s, total) for s in network.stages if not s.blocks) if rows[0].get("block") else 0
            assert sum(row[total] for row in rows) == expected - outside
    stage = summary.stage_rows(network)[4]
    assert (stage["channels"], stage["height"], stage["width"]) == (1024, 4, 6)
    assert summary.block_rows(blocks)[3]["shortcut"] == "projection"
    assert summary.as_csv([]) == "\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("resnet18", ["18 = 1 + 4×4 + 1", "Table 1: 1.8", "no parameters; as built there: 1.79"]),
        ("resnet50", ["Table 1: 3.8", "first 1x1, not in the 3x3; as built there: 3.86", "4.089 GMACs", "9.19"]),
        ("resnext50_32x4d", ["Xie et al. 2016, Table 1: 4.2", "the same layout, rounded"]),
        ("wide_resnet101_2", ["22.753 GMACs"]),
    ],
)
def test_the_terminal_shows_published_figures_beside_ours(name, says):
    text = summary.as_text(describe(name))
    assert [words for words in says if words not in text] == []
    assert max(map(len, text.splitlines())) <= 120


def test_no_published_figures_of_another_network():
    text = summary.as_text(describe("resnet50", stem="cifar", input_size=(32, 32), dilated=("conv5_x",)))
    assert "cifar stem, conv5_x dilated" in text
    assert "torchvision" not in text
    assert "Table 1" not in text
