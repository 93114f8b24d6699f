"""torchinfo's counts of a network, beside ours: its table as learners know it, and whether the two agree.

``torchinfo.summary(model, (1, 3, 224, 224))`` runs the network once (here on the meta device: shapes, no numbers) and
adds up what its hooks see. It counts a bias as a multiply-add of each output and a norm's parameters as one each; ours
are the multiply-adds of convolutions and the linear layer alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from resnet_app.architecture.records import Architecture
from resnet_app.architecture.source import skeleton

COLUMNS = ("input_size", "output_size", "num_params", "mult_adds")
COLUMN = 18  # characters
DEEPEST = 4  # modules within modules: layer1, its block, the block's downsample, that one's convolution


@dataclass(frozen=True)
class TorchinfoCounts:
    """What torchinfo counts.

    Attributes:
        version: torchinfo's.
        parameters: learned numbers.
        macs: multiply-adds of convolutions and the linear layer, without the bias's additions.
        all_macs: all that it calls mult-adds.
    """

    version: str
    parameters: int
    macs: int
    all_macs: int

    def agrees(self, architecture: Architecture) -> bool:
        """Whether ours are the same, to the last parameter and multiply-add."""
        return (self.parameters, self.macs) == (architecture.parameters, architecture.macs)


def counts(architecture: Architecture) -> TorchinfoCounts:
    """Have torchinfo count a network, now."""
    found = _summary(architecture)
    layers = {each.layer_id: each for each in found.summary_list if each.class_name in ("Conv2d", "Linear")}
    macs = sum(each.macs for each in layers.values()) - architecture.classes  # fc's bias
    return TorchinfoCounts(version("torchinfo"), found.total_params, macs, found.total_mult_adds)


def table(architecture: Architecture) -> str:
    """torchinfo's table of a network, every layer a line."""
    return str(_summary(architecture))


def _summary(architecture: Architecture) -> Any:
    import torchinfo

    return torchinfo.summary(
        skeleton(architecture).eval(), (1, 3, *architecture.input_size), device="meta", verbose=0, depth=DEEPEST,
        col_names=COLUMNS, col_width=COLUMN,
        row_settings=("depth", "var_names"),
    )  # fmt: skip
