"""The papers' figures beside networks built as the papers have them, and torchvision's own list."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck

from resnet_app.architecture.counting import describe
from resnet_app.architecture.published import classifiers, is_standard, paper_row
from resnet_app.registry import SPECS

# Deep Residual Learning for Image Recognition, Table 1, last row; the paper cuts 3.86 to 3.8.
TABLE_1 = {"resnet18": 1.8, "resnet34": 3.6, "resnet50": 3.8, "resnet101": 7.6, "resnet152": 11.3}


class OptionA(nn.Module):
    """A shortcut without parameters: every other position, and channels of zeros."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, x):
        x = x[:, :, ::2, ::2]
        return torch.cat([x, x.new_zeros(len(x), self.channels - x.shape[1], *x.shape[2:])], 1)


def as_in_the_paper(name):
    """torchvision's network with the paper's strides and shortcuts, on the meta device."""
    with torch.device("meta"):
        network = getattr(models, name)().eval()
    for block in list(network.modules()):
        if isinstance(block, Bottleneck) and block.downsample is not None:
            block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)
        if isinstance(block, BasicBlock) and block.downsample is not None:
            block.downsample = OptionA(block.conv1.out_channels)
    return network


@pytest.mark.parametrize("name", TABLE_1)
def test_the_papers_layout_counted_as_ours_gives_its_table(name):
    row = paper_row(describe(name))
    with FlopCounterMode(display=False) as counter:
        as_in_the_paper(name)(torch.empty(1, 3, 224, 224, device="meta"))
    assert 2 * row.counted * 1e9 == pytest.approx(counter.get_total_flops(), rel=1e-9)
    assert row.gmacs == TABLE_1[name]
    assert 0 <= row.counted - row.gmacs < 0.1 or abs(row.counted - row.gmacs) <= 0.05  # cut off, or rounded


def test_what_the_papers_do_not_say_is_not_said():
    assert paper_row(describe("wide_resnet50_2")) is None
    for options in ({"classes": 10}, {"input_size": (224, 225)}, {"stem": "cifar"}, {"dilated": ("conv5_x",)}):
        network = describe("resnet50", **options)
        assert not is_standard(network)
        assert paper_row(network) is None
    assert paper_row(describe("resnext50_32x4d")).counted == pytest.approx(4.2, abs=0.05)


def test_all_of_torchvisions_classifiers_are_there():
    found = {(each.model, each.weights): each for each in classifiers()}
    assert len(found) == len(classifiers())
    for name, spec in SPECS.items():
        ours = [each for each in found.values() if each.model == name]
        assert all(each.is_ours for each in ours)
        assert tuple(each.accuracy for each in sorted(ours, key=lambda each: each.weights)) == spec.accuracy
        assert {(each.gmacs, each.parameters) for each in ours} == {(spec.gmacs, spec.parameters)}
    for weights in (models.VGG16_Weights.IMAGENET1K_V1, models.ViT_H_14_Weights.IMAGENET1K_SWAG_E2E_V1):
        meta = weights.meta
        each = found[type(weights).__name__.removesuffix("_Weights").lower(), weights.name]
        assert (each.accuracy, each.gmacs) == (meta["_metrics"]["ImageNet-1K"]["acc@1"], meta["_ops"])
    assert found["vit_h_14", "IMAGENET1K_SWAG_E2E_V1"].side == 518
    assert {"alexnet", "vgg16", "efficientnet_b0", "swin_t", "convnext_tiny"} <= {name for name, _ in found}
    assert not any("segmentation" in name or "quantized" in name for name, _ in found)
