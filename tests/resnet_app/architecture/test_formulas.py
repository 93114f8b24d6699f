"""Every formula, worked out by Python, gives the figure that stands behind its equals sign."""

import math
import re

import pytest

from resnet_app.architecture import formulas
from resnet_app.architecture.counting import describe
from resnet_app.registry import SPECS

CASES = [
    ("resnet18", {}),
    ("resnet50", {"input_size": (97, 131), "dilated": ("conv4_x", "conv5_x"), "classes": 7}),
    ("resnext101_64x4d", {"stem": "cifar", "input_size": (32, 48), "classes": 10}),
    ("wide_resnet50_2", {"input_size": (1, 300)}),
]


def worked_out(formula):
    left, right = formula.rsplit(" = ", 1)
    assert re.fullmatch(r"[0-9+\-×/(). a-z]*", left), left
    return eval(left.replace("×", "*"), {"floor": math.floor, "int": int}), int(right.replace(",", ""))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_formulas_of_layers(name, options):
    network = describe(name, **options)
    for layer in [layer for stage in network.stages for layer in stage.every_layer]:
        sizes = formulas.output_size(layer)
        if layer.kind in ("conv", "pool"):
            found = [worked_out(size) for size in sizes]
            assert all(left == right for left, right in found)
            assert {right for _, right in found} == set(layer.output_shape[1:])
        else:
            assert sizes == ()
        for formula, figure in (
            (formulas.parameters(layer), layer.parameters), (formulas.macs(layer), layer.macs),
            (formulas.receptive_field(layer), layer.field),
        ):  # fmt: skip
            if formula:
                assert worked_out(formula) == (figure, figure), formula
        assert bool(formulas.parameters(layer)) == bool(layer.parameters)
        assert bool(formulas.macs(layer)) == bool(layer.macs)


@pytest.mark.parametrize("name", SPECS)
def test_depth_width_and_channels(name):
    network = describe(name)
    _, counted = formulas.depth(SPECS[name]).split(" = ")
    assert eval(counted.replace("×", "*")) == SPECS[name].depth == int(re.search(r"\d+", SPECS[name].title)[0])
    for stage in network.stages:
        for block in stage.blocks:
            formula = formulas.output_channels(network, block).removeprefix("planes × expansion = ")
            assert worked_out(formula) == (block.output_shape[0],) * 2
            if network.spec.block == "Bottleneck":
                assert worked_out(formulas.width(network, block)) == (block.branch[0].output_shape[0],) * 2


def test_as_the_teachers_write_it():
    assert formulas.depth(SPECS["resnet18"]) == "18 = 1 + 4×4 + 1"
    assert formulas.depth(SPECS["resnet50"]) == "50 = 1 + (3 + 4 + 6 + 3)×3 + 1"
    conv = describe("resnet18").stages[3].blocks[0].branch[0]
    assert formulas.output_size(conv) == ("floor((56 + 2×1 - 3)/2) + 1 = 28",)
    assert formulas.macs(describe("resnet18").stages[0].layers[0]) == "64 × 3 × 7 × 7 × 112 × 112 = 118,013,952"
    assert formulas.width(describe("resnext50_32x4d"), describe("resnext50_32x4d").stages[4].blocks[0]) == (
        "int(256 × 4/64) × 32 = 512"
    )
