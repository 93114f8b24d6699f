"""A ResNet as Hugging Face's transformers builds it, in its structure and names."""

from collections import OrderedDict

import torch
from torch import nn


def step(inside, outside, side, stride=1, is_last=False):
    """A convolution, its normalization and, but at the end of a branch, ReLU."""
    parts = {"convolution": nn.Conv2d(inside, outside, side, stride, side // 2, bias=False)}
    parts["normalization"] = nn.BatchNorm2d(outside)
    if not is_last:
        parts["activation"] = nn.ReLU()
    return nn.Sequential(OrderedDict(parts))


class Layer(nn.Module):
    """A residual block of theirs."""

    def __init__(self, inside, outside, stride, is_deep):
        super().__init__()
        has_shortcut = inside != outside or stride != 1
        self.shortcut = step(inside, outside, 1, stride, is_last=True) if has_shortcut else nn.Identity()
        if is_deep:
            narrow = outside // 4
            steps = [step(inside, narrow, 1), step(narrow, narrow, 3, stride), step(narrow, outside, 1, is_last=True)]
        else:
            steps = [step(inside, outside, 3, stride), step(outside, outside, 3, is_last=True)]
        self.layer = nn.Sequential(*steps)

    def forward(self, x):
        return torch.relu(self.layer(x) + self.shortcut(x))


class Theirs(nn.Module):
    """``ResNetForImageClassification``: ``resnet.embedder``, ``resnet.encoder``, ``classifier``."""

    def __init__(self, depths, widths, is_deep, classes=3):
        super().__init__()
        stages = nn.ModuleList()
        for number, (depth, width) in enumerate(zip(depths, widths, strict=True)):
            inside = widths[number - 1] if number else 64
            layers = [Layer(inside, width, 1 + (number > 0), is_deep)]
            layers += [Layer(width, width, 1, is_deep) for _ in range(depth - 1)]
            stages.append(nn.Module())
            stages[-1].layers = nn.Sequential(*layers)
        self.resnet = nn.Module()
        self.resnet.embedder, self.resnet.encoder = nn.Module(), nn.Module()
        self.resnet.embedder.embedder = step(3, 64, 7, 2)
        self.resnet.encoder.stages = stages
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(widths[-1], classes))

    def forward(self, pixels):
        x = nn.functional.max_pool2d(self.resnet.embedder.embedder(pixels), 3, 2, 1)
        for stage in self.resnet.encoder.stages:
            x = stage.layers(x)
        return self.classifier(x.mean((2, 3)))


NETWORKS = {
    "resnet18": ((2, 2, 2, 2), (64, 128, 256, 512), False),
    "resnet50": ((3, 4, 6, 3), (256, 512, 1024, 2048), True),
}


def theirs(name):
    torch.manual_seed(1)
    network = Theirs(*NETWORKS[name])
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    return network.eval()
