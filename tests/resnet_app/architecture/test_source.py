"""The code beside the picture: real lines, real names, and a snippet that does what it says."""

from pathlib import Path

import pytest
import torch
import torchvision

from resnet_app import resnet
from resnet_app.architecture import source
from resnet_app.architecture.counting import describe

LINES = Path(resnet.__file__).read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", ["resnet18", "resnext50_32x4d"])
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_excerpts_are_the_lines_of_the_file(name, stem):
    network = describe(name, stem=stem)
    for stage in network.stages:
        for block in range(len(stage.blocks)) or [None]:
            found = source.excerpts(network, stage.name, block=block)
            assert found
            assert all(excerpt.marked for excerpt in found)
            for excerpt in found:
                last = excerpt.first + excerpt.text.count("\n")
                assert excerpt.text == "\n".join(LINES[excerpt.first - 1 : last])
                assert all(excerpt.first <= number <= last for number in excerpt.marked)


def marked(network, stage, block=None):
    found = source.excerpts(network, stage, block=block)
    return "\n".join(LINES[number - 1].strip() for excerpt in found for number in sorted(excerpt.marked))


def test_the_marked_lines_are_those_that_make_and_run_it():
    network = describe("resnet50")
    assert "self.layer3 = self._make_layer(block, 256" in marked(network, "conv4_x", 0)
    assert "x = self.layer3(x)" in marked(network, "conv4_x", 0)
    assert "self.conv2 = conv3x3(width, width, stride, groups, dilation)" in marked(network, "conv4_x", 0)
    assert "projected: Tensor = self.downsample(x)" in marked(network, "conv4_x", 0)
    assert "projected" not in marked(network, "conv4_x", 1)
    assert "return x" in marked(network, "conv4_x", 1)
    assert "out += self.shortcut(x)" in marked(network, "conv4_x", 1)
    assert "self.downsample = downsample" in marked(network, "conv4_x", 0)
    assert "self.downsample = downsample" not in marked(network, "conv4_x", 1)
    assert "for _ in range(1, blocks)" in marked(network, "conv4_x", 1)
    assert "for _ in range(1, blocks)" not in marked(network, "conv4_x", 0)
    assert "layer2" not in marked(network, "conv4_x", 0)
    assert "nn.Conv2d(3, self.inplanes, 7" in marked(network, "conv1")
    assert "conv3x3(3, self.inplanes)" not in marked(network, "conv1")
    assert "conv3x3(3, self.inplanes)" in marked(describe("resnet50", stem="cifar"), "conv1")
    assert "self.fc(pooled)" in marked(network, "fc")
    assert "BasicBlock" in {e.title.split(".")[0] for e in source.excerpts(describe("resnet18"), "conv2_x", block=0)}


def test_modules_have_the_names_and_shapes_of_torchvision():
    rows = source.modules(describe("resnext50_32x4d", classes=7))
    theirs = torchvision.models.resnext50_32x4d(num_classes=7)
    assert [row.path for row in rows] == [path for path, _ in theirs.named_modules()]
    assert [row.kind for row in rows] == [type(module).__name__ for module in theirs.modules()]
    assert [each for row in rows for each in row.parameters] == [
        (path, tuple(value.shape)) for path, value in theirs.named_parameters()
    ]
    assert [each for row in rows for each in row.buffers] == [
        (path, tuple(value.shape)) for path, value in theirs.named_buffers()
    ]


CASES = [
    ("resnet18", {}),
    ("resnet18", {"classes": 2, "input_size": (64, 96), "zero_init": True}),
    ("resnet50", {"stem": "cifar", "input_size": (32, 40), "classes": 10, "dilated": ("conv5_x",)}),
    ("resnext50_32x4d", {"dilated": ("conv4_x", "conv5_x"), "classes": 21}),
    ("wide_resnet50_2", {"zero_init": True}),
    ("resnet50", {"groups": 8, "width_per_group": 16, "classes": 5, "stem": "cifar", "input_size": (32, 32)}),
    ("resnext50_32x4d", {"groups": 4, "dilated": ("conv5_x",), "norm": "group"}),
    ("resnet18", {"norm": "none"}),
    ("resnet34", {"norm": "group", "zero_init": True}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_snippet_rebuilds_this_very_network(name, options):
    network = describe(name, **options)
    code = source.in_torchvision(network)
    assert "resnet_app" not in code
    scope = {}
    torch.manual_seed(0)
    exec(code, scope)
    model, logits = scope["model"], scope["logits"]
    assert logits.shape == (1, network.classes)
    assert sum(parameter.numel() for parameter in model.parameters()) == network.parameters
    with torch.device("meta"):
        ours = network.spec.build(
            num_classes=network.classes, stem=network.stem, norm_layer=source.norm_layer(network.norm),
            replace_stride_with_dilation=[stage in network.dilated for stage in source.DILATABLE],
        )  # fmt: skip
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in model.state_dict().items()}
    ours = ours.to_empty(device="cpu").eval()
    ours.load_state_dict(model.state_dict())
    pixels = torch.randn(1, 3, *network.input_size)
    with torch.inference_mode():
        assert torch.equal(ours(pixels), model(pixels))
    last = model.layer4[-1].bn2 if network.spec.block == "BasicBlock" else model.layer4[-1].bn3
    assert network.norm == "none" or (last.weight == 0).all() == network.zero_init


def test_with_the_cifar_stem_the_snippet_starts_conv1_as_we_do():
    """Kaiming normal by fan-out ([He15b]): a spread of sqrt(2 / (64 * 9)); PyTorch's own start has 0.11."""
    scope = {}
    torch.manual_seed(1)
    exec(source.in_torchvision(describe("resnet18", stem="cifar", input_size=(32, 32))), scope)
    ours = describe("resnet18", stem="cifar").spec.build(stem="cifar")
    for network in (scope["model"], ours):
        assert float(network.conv1.weight.detach().std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.06)


def test_the_snippet_names_published_weights_that_exist():
    for weights, expected in (
        ("imagenet", "DEFAULT"),
        ("imagenet-v1", "IMAGENET1K_V1"),
        ("imagenet-v2", "IMAGENET1K_V2"),
    ):
        code = source.in_torchvision(describe("resnet50"), weights)
        assert f'torchvision.models.resnet50(weights="{expected}")' in code
        assert expected == "DEFAULT" or expected in torchvision.models.ResNet50_Weights.__members__
    code = source.in_torchvision(describe("resnet50", classes=2), "imagenet")
    assert "model.fc = torch.nn.Linear(model.fc.in_features, 2)" in code
    code = source.in_torchvision(describe("resnet50", stem="cifar"), "imagenet")  # they do not fit a 3x3 conv1
    assert "weights" not in code
    assert "Identity" in code
