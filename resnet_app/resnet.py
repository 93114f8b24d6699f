"""The residual network, in one file that reads like the papers.

Sources:
    [He15]    He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2015 (arXiv 1512.03385).
    [Xie16]   Xie, Girshick, Dollar, Tu, He: Aggregated Residual Transformations, 2016 (arXiv 1611.05431).
    [Zag16]   Zagoruyko, Komodakis: Wide Residual Networks, 2016 (arXiv 1605.07146).
    [Goyal17] Goyal et al.: Accurate, Large Minibatch SGD, 2017 (arXiv 1706.02677), for zero-init.

Attribute names and the order in which layers are made are torchvision's, so every published checkpoint loads
unchanged and the same seed gives the same weights, bit for bit (tests/resnet_app/test_resnet.py proves both).

Shapes are (B, C, H, W): pictures in the batch, channels, height, width.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

NormLayer = Callable[..., nn.Module]
Stem = Literal["imagenet", "cifar"]


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """3x3 convolution; padding = dilation keeps H and W at stride 1 and halves them (rounded up) at stride 2."""
    return nn.Conv2d(
        in_planes, out_planes, 3, stride=stride, padding=dilation, groups=groups, dilation=dilation, bias=False
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """1x1 convolution: changes the number of channels and, with a stride, the size."""
    return nn.Conv2d(in_planes, out_planes, 1, stride=stride, bias=False)


class ResidualBlock(nn.Module):
    """relu(F(x) + shortcut(x)), [He15] Eq. 1 and Fig. 2; the two kinds of block below differ in F(x) only."""

    relu: nn.Module
    downsample: nn.Module | None  # the projection of [He15] Eq. 2, where x and F(x) differ in shape

    def residual(self, x: Tensor) -> Tensor:
        """F(x): (B, inplanes, H, W) -> (B, planes * expansion, H/stride, W/stride)."""
        raise NotImplementedError

    def shortcut(self, x: Tensor) -> Tensor:
        """x itself, or its 1x1 projection to the shape of F(x)."""
        if self.downsample is None:
            return x
        projected: Tensor = self.downsample(x)
        return projected

    def forward(self, x: Tensor) -> Tensor:
        """(B, inplanes, H, W) -> (B, planes * expansion, H/stride, W/stride)."""
        out = self.residual(x)
        out += self.shortcut(x)
        activated: Tensor = self.relu(out)
        return activated


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions and a shortcut ([He15] Fig. 5 left); ResNet-18 and 34.

    ``planes`` is the stage's base width; the block puts out ``planes * expansion`` channels.
    """

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: NormLayer | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)  # used twice: after bn1 and after the addition
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def residual(self, x: Tensor) -> Tensor:
        """F(x): (B, inplanes, H, W) -> (B, planes, H/stride, W/stride)."""
        out = self.relu(self.bn1(self.conv1(x)))  # (B, planes, H/stride, W/stride)
        residual: Tensor = self.bn2(self.conv2(out))  # same shape
        return residual


class Bottleneck(ResidualBlock):
    """1x1 reduce, 3x3, 1x1 widen, and a shortcut ([He15] Fig. 5 right); ResNet-50 and deeper.

    The stride sits in the 3x3 ("v1.5", as torchvision trains it), not in the first 1x1 as in the paper.
    ``groups`` and ``base_width`` make it a ResNeXt block ([Xie16] Fig. 3c) or a wide one ([Zag16]).
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: NormLayer | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups  # channels of the 3x3; planes where groups=1, base_width=64
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)  # used three times
        self.downsample = downsample
        self.stride = stride

    def residual(self, x: Tensor) -> Tensor:
        """F(x): (B, inplanes, H, W) -> (B, 4 * planes, H/stride, W/stride)."""
        out = self.relu(self.bn1(self.conv1(x)))  # (B, width, H, W)
        out = self.relu(self.bn2(self.conv2(out)))  # (B, width, H/stride, W/stride)
        residual: Tensor = self.bn3(self.conv3(out))  # (B, 4 * planes, H/stride, W/stride)
        return residual


class ResNet(nn.Module):
    """Stem, four stages of residual blocks, global average pooling, one linear layer ([He15] Table 1).

    Args:
        block: ``BasicBlock`` or ``Bottleneck``.
        layers: blocks in each of the four stages, e.g. ``[2, 2, 2, 2]``.
        num_classes: outputs of ``fc``.
        zero_init_residual: start the last norm of each block at 0, so that each block starts as the identity
            ([Goyal17] section 5.1; +0.2 to 0.3 % accuracy).
        groups: groups of the 3x3 in a bottleneck (cardinality in [Xie16]).
        width_per_group: channels in a group at ``planes`` = 64.
        replace_stride_with_dilation: for layer2, layer3, layer4: keep the size and dilate instead of striding.
        norm_layer: makes a norm from a channel count; BatchNorm2d where not given.
        stem: ``"imagenet"`` (7x7 stride 2, max pool) or ``"cifar"`` (3x3 stride 1, no pool; [He15] section 4.2).

    Raises:
        ValueError: ``replace_stride_with_dilation`` is not three long, a stem is unknown, or a BasicBlock is asked
            for groups or another width.
        NotImplementedError: a BasicBlock is asked to dilate.
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: NormLayer | None = None,
        stem: Stem = "imagenet",
    ) -> None:
        super().__init__()
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64  # channels going into the next block; grows as the stages are made
        self.dilation = 1
        if replace_stride_with_dilation is None:
            replace_stride_with_dilation = [False, False, False]
        if len(replace_stride_with_dilation) != 3:
            raise ValueError(
                f"replace_stride_with_dilation should be None or a 3-element tuple, got {replace_stride_with_dilation}"
            )
        self.groups = groups
        self.base_width = width_per_group
        if stem == "imagenet":
            self.conv1 = nn.Conv2d(3, self.inplanes, 7, stride=2, padding=3, bias=False)
        elif stem == "cifar":
            self.conv1 = conv3x3(3, self.inplanes)
        else:
            raise ValueError(f"stem should be 'imagenet' or 'cifar', got {stem!r}")
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if stem == "imagenet" else nn.Identity()
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2, dilate=replace_stride_with_dilation[0])
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2, dilate=replace_stride_with_dilation[1])
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2, dilate=replace_stride_with_dilation[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._init_weights(zero_init_residual)

    def _make_layer(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        planes: int,
        blocks: int,
        stride: int = 1,
        dilate: bool = False,
    ) -> nn.Sequential:
        """One stage: the first block gets the stride and the projection, the others neither."""
        first_dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        out_planes = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != out_planes:  # x and F(x) differ in shape: project x ([He15] Eq. 2)
            downsample = nn.Sequential(conv1x1(self.inplanes, out_planes, stride), self._norm_layer(out_planes))

        same: dict[str, Any] = {"groups": self.groups, "base_width": self.base_width, "norm_layer": self._norm_layer}
        stage = [block(self.inplanes, planes, stride, downsample, dilation=first_dilation, **same)]
        self.inplanes = out_planes
        stage += [block(out_planes, planes, dilation=self.dilation, **same) for _ in range(1, blocks)]
        return nn.Sequential(*stage)

    def _init_weights(self, zero_init_residual: bool) -> None:
        """Kaiming normal (fan-out) for convolutions, 1 and 0 for norms."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, BasicBlock | Bottleneck):
                    last_norm: Any = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                    if last_norm.weight is not None:
                        nn.init.constant_(last_norm.weight, 0)

    def forward_features(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> layer4's maps, (B, 512 * expansion, H/32, W/32) with the ImageNet stem."""
        x = self.relu(self.bn1(self.conv1(x)))  # (B, 64, H/2, W/2)      conv1
        x = self.maxpool(x)  #                    (B, 64, H/4, W/4)      maxpool
        x = self.layer1(x)  #                     (B, 64 e, H/4, W/4)    conv2_x   (e: the block's expansion)
        x = self.layer2(x)  #                     (B, 128 e, H/8, W/8)   conv3_x
        x = self.layer3(x)  #                     (B, 256 e, H/16, W/16) conv4_x
        x = self.layer4(x)  #                     (B, 512 e, H/32, W/32) conv5_x
        return x

    def forward_head(self, features: Tensor) -> Tensor:
        """layer4's maps (B, 512 * expansion, h, w) -> logits (B, num_classes)."""
        pooled = torch.flatten(self.avgpool(features), 1)  # (B, 512 * expansion)
        logits: Tensor = self.fc(pooled)
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> logits (B, num_classes)."""
        return self.forward_head(self.forward_features(x))


def _fixed(options: dict[str, Any], **values: int) -> dict[str, Any]:
    """Options with the values that make the variant what it is; another value for one of them is an error."""
    for name, value in values.items():
        if options.get(name, value) != value:
            raise ValueError(f"The parameter '{name}' expected value {value} but got {options[name]} instead.")
    return {**options, **values}


def resnet18(**options: Any) -> ResNet:
    """ResNet-18 ([He15] Table 1): 18 = conv1 + 4 stages x 2 blocks x 2 convolutions + fc."""
    return ResNet(BasicBlock, [2, 2, 2, 2], **options)


def resnet34(**options: Any) -> ResNet:
    """ResNet-34 ([He15] Table 1)."""
    return ResNet(BasicBlock, [3, 4, 6, 3], **options)


def resnet50(**options: Any) -> ResNet:
    """ResNet-50 ([He15] Table 1)."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **options)


def resnet101(**options: Any) -> ResNet:
    """ResNet-101 ([He15] Table 1)."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **options)


def resnet152(**options: Any) -> ResNet:
    """ResNet-152 ([He15] Table 1)."""
    return ResNet(Bottleneck, [3, 8, 36, 3], **options)


def resnext50_32x4d(**options: Any) -> ResNet:
    """ResNeXt-50, 32 groups of width 4 ([Xie16] Table 1)."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **_fixed(options, groups=32, width_per_group=4))


def resnext101_32x8d(**options: Any) -> ResNet:
    """ResNeXt-101, 32 groups of width 8."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **_fixed(options, groups=32, width_per_group=8))


def resnext101_64x4d(**options: Any) -> ResNet:
    """ResNeXt-101, 64 groups of width 4 ([Xie16] Table 4)."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **_fixed(options, groups=64, width_per_group=4))


def wide_resnet50_2(**options: Any) -> ResNet:
    """Wide ResNet-50: the 3x3 of each bottleneck is twice as wide ([Zag16])."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **_fixed(options, width_per_group=128))


def wide_resnet101_2(**options: Any) -> ResNet:
    """Wide ResNet-101: the 3x3 of each bottleneck is twice as wide ([Zag16])."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **_fixed(options, width_per_group=128))
