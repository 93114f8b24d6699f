"""The stages against published numbers, real forward passes, torch's counter, and gradients."""

import json
import operator
from heapq import heappop, heappush
from itertools import count, pairwise
from math import inf

import pytest
import torch
import torchinfo
from torch import nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models
from torchvision.models import get_model_weights

from resnet_app.architecture.counting import DILATABLE, describe, parse_size
from resnet_app.architecture.summary import as_text, json_object
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.registry import SPECS

LAYERS = {
    "conv1": "bn1", "maxpool": "maxpool", "conv2_x": "layer1", "conv3_x": "layer2", "conv4_x": "layer3",
    "conv5_x": "layer4", "avgpool": "avgpool", "fc": "fc",
}  # fmt: skip  # stage -> the module whose output it is
CASES = [
    ("resnet18", (224, 224), "imagenet", 1000),
    ("resnet18", (97, 131), "imagenet", 2),
    ("resnet50", (1, 1), "imagenet", 5),
    ("resnext50_32x4d", (64, 320), "imagenet", 10),
    ("resnext50_32x4d", (231, 33), "imagenet", 1),
    ("wide_resnet50_2", (75, 75), "imagenet", 1000),
    ("resnet18", (32, 32), "cifar", 10),
    ("resnet50", (29, 41), "cifar", 100),
    ("resnet18", (224, 225), "cifar", 10),
]
# Derived for the v1.5 layout (stride in the 3x3) by Araujo et al. 2019 (Distill), r += (k - 1) * jump.
RECEPTIVE_FIELDS = {
    "resnet18": 435, "resnet34": 899, "resnet50": 427, "resnet101": 971, "resnet152": 1451, "resnext50_32x4d": 427,
    "resnext101_32x8d": 971, "resnext101_64x4d": 971, "wide_resnet50_2": 427, "wide_resnet101_2": 971,
}  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
def test_published_numbers(name):
    published = next(iter(get_model_weights(name))).meta
    network = describe(name)
    assert network.parameters == published["num_params"]
    assert network.macs / 1e9 == pytest.approx(published["_ops"], rel=1e-3)
    fields = {stage.name: stage.receptive_field for stage in network.stages}
    assert fields["conv5_x"] == RECEPTIVE_FIELDS[name]
    assert (fields["conv1"], fields["maxpool"]) == (7, 11)


def walked(case):
    """Our table of a case, the network itself on the meta device, and the outputs of its modules."""
    name, size, stem, classes = case
    with torch.device("meta"):
        network = SPECS[name].build(num_classes=classes, stem=stem).eval()
    outputs = {}
    for path, module in network.named_modules():
        module.register_forward_hook(
            lambda _module, _inputs, output, path=path: outputs.__setitem__(path, tuple(output.shape[1:]))
        )
    return describe(name, classes=classes, input_size=size, stem=stem), network, outputs


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_shapes_parameters_and_macs_of_a_real_pass(case):
    table, network, outputs = walked(case)
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, *case[1], device="meta"))
    assert 2 * table.macs == counter.get_total_flops()
    assert table.parameters == sum(parameter.numel() for parameter in network.parameters())
    modules = dict(network.named_modules())
    for stage in table.stages:
        shape = outputs[LAYERS[stage.name]]
        assert stage.output_shape == (*shape, 1, 1)[:3], stage.name
        assert stage.activation_bytes == 4 * torch.Size(shape).numel()
        for block in stage.blocks:
            assert block.output_shape == outputs[block.path]
            assert block.parameters == sum(parameter.numel() for parameter in modules[block.path].parameters())
            for row in (*block.branch, *block.shortcut):
                assert row.output_shape == outputs[row.path], row.path
                assert row.parameters == sum(parameter.numel() for parameter in modules[row.path].parameters())
        rows = [row for block in stage.blocks for row in (*block.branch, *block.shortcut)] + list(stage.layers)
        assert stage.parameters == sum(row.parameters for row in rows)
        assert stage.macs == sum(row.macs for row in rows)
    listed = {row.path for stage in table.stages for row in stage.layers} | {
        row.path for stage in table.stages for block in stage.blocks for row in (*block.branch, *block.shortcut)
    }
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear, nn.MaxPool2d)
    assert {path for path, module in modules.items() if isinstance(module, kinds)} <= listed


@pytest.mark.parametrize("size", [(224, 224), (97, 131), (64, 320)], ids=str)
@pytest.mark.parametrize("name", ["resnet34", "resnet152", "resnext101_64x4d", "wide_resnet101_2"])
def test_torchinfo_counts_the_same(name, size):
    """Convolutions and the linear layer are compared; torchinfo counts norms and the additions of a bias as well."""
    table = describe(name, input_size=size)
    with torch.device("meta"):
        network = SPECS[name].build()
    found = torchinfo.summary(network, (1, 3, *size), device="meta", verbose=0)
    assert found.total_params == table.parameters
    counted = {info.layer_id: info for info in found.summary_list if info.class_name in ("Conv2d", "Linear")}
    assert sum(info.macs for info in counted.values()) == table.macs + table.classes
    assert len(counted) == 1 + sum(layer.kind == "conv" for stage in table.stages for layer in stage.every_layer)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "dilated"),
    [
        *((name, ()) for name in SPECS),
        *((name, d) for name in ("resnet50", "resnext101_32x8d")
          for d in (("conv5_x",), ("conv4_x", "conv5_x"), DILATABLE, ("conv3_x",))),
    ],
    ids=str,
)  # fmt: skip
def test_every_window_is_torchvisions(name, dilated):
    table = describe(name, input_size=(96, 129), dilated=dilated)
    with torch.device("meta"):
        theirs = getattr(models, name)(replace_stride_with_dilation=[stage in dilated for stage in DILATABLE]).eval()
    shapes = {}
    for path, module in theirs.named_modules():
        module.register_forward_hook(lambda _m, _i, out, path=path: shapes.__setitem__(path, tuple(out.shape[1:])))
    with FlopCounterMode(display=False) as counter:
        theirs(torch.empty(1, 3, 96, 129, device="meta"))
    assert 2 * table.macs == counter.get_total_flops()
    modules = dict(theirs.named_modules())
    for layer in [layer for stage in table.stages for layer in stage.every_layer if layer.kind == "conv"]:
        module = modules[layer.path]
        assert layer.output_shape == shapes[layer.path]
        assert (layer.kernel, layer.stride, layer.padding) == (
            module.kernel_size[0], module.stride[0], module.padding[0],
        )  # fmt: skip
        assert (layer.dilation, layer.groups) == (module.dilation[0], module.groups)
    assert table.dilated == dilated
    convs = {path for path, module in modules.items() if isinstance(module, nn.Conv2d)}
    assert convs == {layer.path for stage in table.stages for layer in stage.every_layer if layer.kind == "conv"}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("resnet50", {"groups": 8, "width_per_group": 16}),
        ("resnet101", {"groups": 32, "width_per_group": 4, "norm": "group"}),
        ("wide_resnet50_2", {"norm": "none"}),
        ("resnet34", {"norm": "group"}),
    ],
)
def test_other_groups_and_norms_are_counted_as_torchvisions(name, options):
    table = describe(name, input_size=(64, 96), **options)
    norm = {"group": lambda c: nn.GroupNorm(32, c), "none": nn.Identity}.get(options.get("norm"))
    with torch.device("meta"):
        theirs = getattr(models, name)(
            norm_layer=norm, **{key: value for key, value in options.items() if key != "norm"}
        ).eval()
    with FlopCounterMode(display=False) as counter:
        theirs(torch.empty(1, 3, 64, 96, device="meta"))
    assert 2 * table.macs == counter.get_total_flops()
    assert table.parameters == sum(parameter.numel() for parameter in theirs.parameters())
    learning = {path for path, module in theirs.named_modules() if list(module.parameters(recurse=False))}
    layers = [layer for stage in table.stages for layer in stage.every_layer]
    assert {layer.path for layer in layers if layer.parameters} == learning
    assert all(sum(p.numel() for p in theirs.get_submodule(row.path).parameters()) == row.parameters for row in layers)
    assert not table.is_as_published
    kept = json_object(table)
    assert (kept["groups"], kept["norm"]) == (table.spec.groups, table.norm)


def test_groups_as_in_resnext_make_a_resnext():
    by_hand, by_name = describe("resnet50", groups=32, width_per_group=4), describe("resnext50_32x4d")
    assert (by_hand.parameters, by_hand.macs) == (by_name.parameters, by_name.macs)
    assert by_hand.title == "ResNet-50 32×4d"


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("resnet18", {"groups": 2}, "BasicBlocks, which know no groups"),
        ("resnet50", {"groups": 0}, "number of groups is 0; give 1 to 256"),
        ("resnet50", {"width_per_group": 1000}, "number of channels per group is 1000"),
        ("resnet50", {"norm": "layer"}, "Unknown norm 'layer'; choose one of batch, group, none"),
        ("resnet50", {"norm": "none", "zero_init": True}, "Without a norm"),
    ],
)
def test_what_no_network_has_is_refused(name, options, says):
    with pytest.raises(ResNetAppError, match=says):
        describe(name, **options)


PEAKS = [
    ("resnet18", (224, 224), "imagenet", ()),
    ("resnet50", (224, 224), "imagenet", ()),
    ("resnet50", (97, 131), "imagenet", ("conv5_x",)),
    ("resnext50_32x4d", (224, 224), "imagenet", ()),
    ("resnext101_32x8d", (224, 224), "imagenet", ()),
    ("resnext101_32x8d", (64, 96), "cifar", ()),
    ("wide_resnet50_2", (33, 200), "imagenet", ("conv4_x", "conv5_x")),
]


def least_peak(traced):
    """The least memory, in numbers, that any order of a traced graph's steps needs: minimax over what has been done.

    A tensor lives from the step that writes it to the last that reads it; the picture is not counted after conv1.
    """
    nodes = [node for node in traced.graph.nodes if node.op != "output"]
    modules = dict(traced.named_modules())
    memory_of = {}  # node -> the node whose memory it writes to
    for node in nodes:
        in_place = (
            node.target is operator.iadd
            or node.target is torch.flatten  # a view
            or isinstance(modules.get(node.target), nn.ReLU | nn.Identity)
        )
        memory_of[node] = memory_of[node.all_input_nodes[0]] if in_place else node
    size = {node: node.meta["tensor_meta"].shape.numel() for node in nodes}

    def alive(done):
        return {memory_of[node] for node in done if any(user not in done for user in node.users)}

    tie = count()
    queue, best = [(0, next(tie), frozenset())], {}
    while True:
        peak, _, done = heappop(queue)
        if len(done) == len(nodes):
            return peak
        for node in nodes:
            if node not in done and all(read in done for read in node.all_input_nodes):
                needed = sum(size[each] for each in alive(done) | {memory_of[node]})
                after = done | {node}
                if max(peak, needed) < best.get(after, inf):
                    best[after] = max(peak, needed)
                    heappush(queue, (best[after], next(tie), after))


@pytest.mark.parametrize(("name", "size", "stem", "dilated"), PEAKS)
def test_peak_memory_is_the_least_that_the_traced_graph_needs(name, size, stem, dilated):
    replaced = [stage in dilated for stage in DILATABLE]
    network = SPECS[name].build(stem=stem, replace_stride_with_dilation=replaced).to("meta").eval()
    traced = torch.fx.symbolic_trace(network)
    with torch.no_grad():
        ShapeProp(traced).propagate(torch.empty(1, 3, *size, device="meta"))
    assert describe(name, input_size=size, stem=stem, dilated=dilated).peak_bytes == 4 * least_peak(traced)


def test_what_comes_behind_the_mean_stands_for_the_whole_picture():
    behind = describe("resnet18", input_size=(200, 333)).stages[-2:]
    assert [stage.stride for stage in behind] == [333, 333]
    assert [stage.stride for stage in describe("resnet18").stages[-2:]] == [224, 224]


def test_blocks_are_chained_and_the_first_projects():
    blocks = [block for stage in describe("resnet50").stages for block in stage.blocks]
    assert len(blocks) == 3 + 4 + 6 + 3
    assert all(before.output_shape == after.input_shape for before, after in pairwise(blocks))
    projecting = {block.path for block in blocks if block.shortcut}
    assert projecting == {"layer1.0", "layer2.0", "layer3.0", "layer4.0"}
    assert "3×3 conv, 128, /2" in {row.operator for block in blocks for row in block.branch}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "stem", "size", "dilated"),
    [
        ("resnet18", "imagenet", (33, 640), ()),
        ("resnet18", "cifar", (9, 256), ()),
        ("resnet50", "imagenet", (33, 640), ()),
        ("resnet50", "imagenet", (9, 800), ("conv4_x", "conv5_x")),
    ],
)
def test_receptive_field_and_stride_by_the_support_of_gradients(name, stem, size, dilated):
    """With positive weights everywhere, a pixel counts where the gradient of a position in the middle is not 0."""
    replaced = [stage in dilated for stage in DILATABLE]
    network = SPECS[name].build(num_classes=2, stem=stem, replace_stride_with_dilation=replaced)
    network = network.eval().double().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.fill_(1 / module.weight[0].numel())
    if stem == "imagenet":
        network.maxpool = nn.AvgPool2d(3, 2, 1)  # a maximum has a gradient at one pixel only; the window is the same
    x = pixels = torch.ones(1, 3, *size, dtype=torch.float64, requires_grad=True)
    stages = {stage.name: stage for stage in describe(name, stem=stem, input_size=size, dilated=dilated).stages}
    x = network.relu(network.bn1(network.conv1(x)))
    for stage, layer in LAYERS.items():
        if layer not in ("bn1", "avgpool", "fc") and stage in stages:
            x = getattr(network, layer)(x)
        if stage in stages and layer not in ("avgpool", "fc"):
            middle = x.shape[3] // 2
            supports = [
                torch.autograd.grad(x[0, 0, 0, at], pixels, retain_graph=True)[0].abs().sum((0, 1, 2)).nonzero()
                for at in (middle, middle + 1)
            ]
            assert len(supports[0]) == stages[stage].receptive_field, stage
            assert (supports[1].min() - supports[0].min()).item() == stages[stage].stride, stage


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("224", (224, 224)),
        ("224x320", (224, 320)),
        (" 97 X 131 ", (97, 131)),
        ("32×64", (32, 64)),
        ("8192x1", (8192, 1)),
    ],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "0", "x", "224x", "-3x3", "1.5", "9000", "224x224x3", "99999999999999999999", "²x²", "a" * 99, None]
)
def test_what_is_no_size(text, is_plain):
    with pytest.raises(ResNetAppError, match="HEIGHTxWIDTH such as 224x224") as caught:
        parse_size(text)
    assert is_plain(caught.value)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"classes": 0}, ResNetAppError, "number of classes from 1 to"),
        ({"classes": 10**9}, ResNetAppError, "from 1 to 100000"),
        ({"input_size": (0, 224)}, ResNetAppError, "0x224"),
        ({"input_size": (224, 10**6)}, ResNetAppError, "sides of 1 to 8192"),
        ({"stem": "mnist"}, UnknownChoiceError, "choose one of imagenet, cifar"),
        ({"dilated": ("conv2_x",)}, UnknownChoiceError, "choose one of conv3_x, conv4_x, conv5_x"),
        ({"dilated": ("conv5_x",)}, ResNetAppError, "BasicBlocks, which cannot dilate"),
    ],
)
def test_bad_options_are_refused(options, error, says):
    with pytest.raises(error, match=says):
        describe("resnet18", **options)
    with pytest.raises(UnknownChoiceError, match="'vgg'"):
        describe("vgg")


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_the_record_is_the_contracts(stem):
    found = json_object(describe("resnet50", classes=10, input_size=(64, 96), stem=stem))
    keys = ["name", "input_size", "classes", "stem", "dilated", "parameters", "macs", "depth", "stages"]
    assert list(found) == keys
    assert (found["name"], found["input_size"], found["classes"], found["depth"]) == ("resnet50", [64, 96], 10, 50)
    names = ["conv1", "maxpool", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "avgpool", "fc"]
    assert [stage["name"] for stage in found["stages"]] == [n for n in names if stem == "imagenet" or n != "maxpool"]
    stage_keys = [
        "name",
        "operator",
        "blocks",
        "output_shape",
        "parameters",
        "macs",
        "activation_bytes",
        "stride",
        "receptive_field",
    ]
    assert all(list(stage) == stage_keys for stage in found["stages"])
    assert [stage["blocks"] for stage in found["stages"] if stage["blocks"]] == [3, 4, 6, 3]
    for total in ("parameters", "macs"):
        assert sum(stage[total] for stage in found["stages"]) == found[total]
    assert json.loads(json.dumps(found)) == found


def test_the_table_names_every_stage_and_the_totals():
    text = as_text(describe("resnet18"))
    for word in ("ResNet-18", "conv5_x", "11,689,512", "512×7×7", "435"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 120
