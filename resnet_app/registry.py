"""Every network variant in one record: structure, weights and published numbers.

Importing this module imports neither torch nor torchvision, so that a page or a ``--help`` can list the variants at
once. Published figures are torchvision's metadata; tests/resnet_app/test_registry.py compares each with it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_app.errors import UnknownChoiceError, WeightsError

if TYPE_CHECKING:
    from resnet_app.resnet import ResNet

BUNDLED, IMAGENET, IMAGENET_V1, IMAGENET_V2, RANDOM = "ants-bees", "imagenet", "imagenet-v1", "imagenet-v2", "random"
TAUGHT = "taught"  # the weights of a model whose head was taught in a session
BUNDLED_V1 = "ants-bees-v1"  # the first bundled model, kept as the example of one that goes by the surroundings
WEIGHTS = (BUNDLED, BUNDLED_V1, IMAGENET, IMAGENET_V1, IMAGENET_V2, RANDOM)
BUNDLED_MODEL = "resnet18"
_HERE = Path(__file__).parent  # in a checkout assets/ lies beside the packages; a wheel has it inside (setup.py)
ASSETS = next((each for each in (_HERE / "assets", _HERE.parent / "assets") if each.is_dir()), _HERE / "assets")
BUNDLED_FILES = {name: ASSETS / f"{name}.safetensors" for name in (BUNDLED, BUNDLED_V1)}
BUNDLED_FILE = BUNDLED_FILES[BUNDLED]
EXAMPLES = tuple(sorted((ASSETS / "examples").glob("*.jpg")))  # pictures that come with the app
STEMS = ("imagenet", "cifar")
STAGES = (
    "conv1",
    "maxpool",
    "conv2_x",
    "conv3_x",
    "conv4_x",
    "conv5_x",
    "avgpool",
    "fc",
)  # the CIFAR stem has no maxpool
STAGE_OF_LAYER = {"layer1": "conv2_x", "layer2": "conv3_x", "layer3": "conv4_x", "layer4": "conv5_x"}
LAYER_OF_STAGE = {stage: layer for layer, stage in STAGE_OF_LAYER.items()}
BATCH, GROUP, NO_NORM = "batch", "group", "none"
NORMS = (BATCH, GROUP, NO_NORM)  # BatchNorm as published; GroupNorm (Wu and He 2018, arXiv 1803.08494); none at all
NORM_GROUPS = 32  # of GroupNorm, as in its paper; fewer where the channels are no multiple of that
EXPANSION = {"BasicBlock": 1, "Bottleneck": 4}
CONVS_PER_BLOCK = {"BasicBlock": 2, "Bottleneck": 3}


@dataclass(frozen=True)
class ModelSpec:
    """One variant.

    Attributes:
        name: the builder in ``resnet_app.resnet`` (and in torchvision).
        title: the name as people write it.
        block: ``BasicBlock`` or ``Bottleneck``.
        depths: residual blocks in conv2_x .. conv5_x.
        groups: groups of the 3x3 convolutions.
        width_per_group: channels in a group at planes = 64.
        enum: torchvision's weights enum.
        parameters: published count with 1000 classes.
        gmacs: published multiply-adds at 224 x 224, in 10^9.
        accuracy: published ImageNet top-1 in %, one per set of weights (V1, then V2 where there is one).
    """

    name: str
    title: str
    block: str
    depths: tuple[int, int, int, int]
    groups: int
    width_per_group: int
    enum: str
    parameters: int
    gmacs: float
    accuracy: tuple[float, ...]

    @property
    def depth(self) -> int:
        """Layers as the papers count them: conv1, the convolutions of all blocks, fc."""
        return 2 + CONVS_PER_BLOCK[self.block] * sum(self.depths)

    @property
    def weights(self) -> tuple[str, ...]:
        """The choices of weights that exist for this variant."""
        own = tuple(BUNDLED_FILES) if self.name == BUNDLED_MODEL else ()
        versions = (IMAGENET_V1, IMAGENET_V2)[: len(self.accuracy)]
        return (*own, IMAGENET, *versions, RANDOM)

    @property
    def default_weights(self) -> str:
        """The bundled weights where they fit, else torchvision's best."""
        return BUNDLED if self.name == BUNDLED_MODEL else IMAGENET

    def with_groups(self, groups: int | None, width_per_group: int | None) -> ModelSpec:
        """The network of this depth with other groups in its 3x3 convolutions; itself where nothing is other.

        Its published figures are another network's, then.
        """
        groups, width = groups or self.groups, width_per_group or self.width_per_group
        if (groups, width) == (self.groups, self.width_per_group):
            return self
        title = f"ResNet-{self.depth} {groups}×{width}d"
        return replace(self, title=title, groups=groups, width_per_group=width)

    def build(self, **options: Any) -> ResNet:
        """A new network of this variant; options are those of ``resnet_app.resnet.ResNet``."""
        resnet = importlib.import_module("resnet_app.resnet")
        network: ResNet = resnet.ResNet(
            getattr(resnet, self.block), self.depths, groups=self.groups, width_per_group=self.width_per_group,
            **options,
        )  # fmt: skip
        return network

    def skeleton(self, **options: Any) -> ResNet:
        """A network of this variant that has shapes but no numbers (on the meta device)."""
        import torch
        from torch.overrides import TorchFunctionMode

        fills = {torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.fill_, torch.Tensor.zero_}

        class WithoutFilling(TorchFunctionMode):
            """Skips the initialisation: there is nothing to fill, and trying imports a second's worth of compiler."""

            def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                return args[0] if func in fills else func(*args, **(kwargs or {}))

        with torch.device("meta"), WithoutFilling():
            return self.build(**options)

    def no_such_weights(self, weights: str) -> WeightsError:
        """What is said where this variant does not have the weights that were asked for."""
        offered = ", ".join(self.weights)
        return WeightsError(
            f"There are no {weights} weights for {self.name}; choose one of {offered}.",
            code="no_such_weights",
            weights=weights,
            model=self.name,
            offered=offered,
        )

    def published(self, weights: str) -> Any:
        """torchvision's record (url, transforms, categories) for a choice of ImageNet weights.

        Raises:
            WeightsError: torchvision publishes no such weights for this variant.
        """
        if weights not in self.weights:
            raise self.no_such_weights(weights)
        version = {IMAGENET_V1: 1, IMAGENET_V2: 2}.get(weights, len(self.accuracy))
        from torchvision.models import get_weight  # a second of import time, so only where it is needed

        return get_weight(f"{self.enum}.IMAGENET1K_V{version}")


_BASIC, _BOTTLENECK = "BasicBlock", "Bottleneck"
SPECS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        ModelSpec("resnet18", "ResNet-18", _BASIC, (2, 2, 2, 2), 1, 64, "ResNet18_Weights",
                  11_689_512, 1.814, (69.758,)),
        ModelSpec("resnet34", "ResNet-34", _BASIC, (3, 4, 6, 3), 1, 64, "ResNet34_Weights",
                  21_797_672, 3.664, (73.314,)),
        ModelSpec("resnet50", "ResNet-50", _BOTTLENECK, (3, 4, 6, 3), 1, 64, "ResNet50_Weights",
                  25_557_032, 4.089, (76.130, 80.858)),
        ModelSpec("resnet101", "ResNet-101", _BOTTLENECK, (3, 4, 23, 3), 1, 64, "ResNet101_Weights",
                  44_549_160, 7.801, (77.374, 81.886)),
        ModelSpec("resnet152", "ResNet-152", _BOTTLENECK, (3, 8, 36, 3), 1, 64, "ResNet152_Weights",
                  60_192_808, 11.514, (78.312, 82.284)),
        ModelSpec("resnext50_32x4d", "ResNeXt-50 32×4d", _BOTTLENECK, (3, 4, 6, 3), 32, 4, "ResNeXt50_32X4D_Weights",
                  25_028_904, 4.230, (77.618, 81.198)),
        ModelSpec("resnext101_32x8d", "ResNeXt-101 32×8d", _BOTTLENECK, (3, 4, 23, 3), 32, 8,
                  "ResNeXt101_32X8D_Weights", 88_791_336, 16.414, (79.312, 82.834)),
        ModelSpec("resnext101_64x4d", "ResNeXt-101 64×4d", _BOTTLENECK, (3, 4, 23, 3), 64, 4,
                  "ResNeXt101_64X4D_Weights", 83_455_272, 15.460, (83.246,)),
        ModelSpec("wide_resnet50_2", "Wide ResNet-50-2", _BOTTLENECK, (3, 4, 6, 3), 1, 128, "Wide_ResNet50_2_Weights",
                  68_883_240, 11.398, (78.468, 81.602)),
        ModelSpec("wide_resnet101_2", "Wide ResNet-101-2", _BOTTLENECK, (3, 4, 23, 3), 1, 128,
                  "Wide_ResNet101_2_Weights", 126_886_696, 22.753, (78.848, 82.510)),
    )
}  # fmt: skip


def get_spec(name: str) -> ModelSpec:
    """The variant of that name.

    Raises:
        UnknownChoiceError: there is none.
    """
    if name not in SPECS:
        raise UnknownChoiceError("model", name, list(SPECS))
    return SPECS[name]


MODEL_CHOICES = [(spec.title, name) for name, spec in SPECS.items()]  # for boxes to choose from: title, name
