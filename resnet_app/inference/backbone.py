"""The network's forward pass as fast as the CPU allows: the same weights, the same numbers to 1e-4, no dependency.

Three things make the eager pass slow at one picture: BatchNorm as a step of its own, weights that oneDNN brings into
its own blocked order at every call, and ReLU and the residual addition as further trips through memory. Here BatchNorm
is folded into the convolution before it, the weights are brought into order once, and the convolution does the rest in
the same step; several pictures at once get by with fewer multiplications, too (``winograd``). The ops are those that
inductor's freezing emits. They are private to torch: they are tried once against the eager pass, and where they are
missing or differ, the eager pass it is.

On an NVIDIA GPU the eager pass can be recorded instead, for pictures that come one by one (``replay``).
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Collection

import torch
from torch import Tensor, nn

from resnet_app.choices import LAYERS
from resnet_app.inference import replay
from resnet_app.inference.packed import Convolution, PackedBlock
from resnet_app.resnet import BasicBlock, Bottleneck, ResNet

# Of the largest number of the eager pass; bfloat16 keeps 8 bits of a number where float32 keeps 24.
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.05}
RECORD_AT = 10  # single pictures on a GPU: who asks for fewer would wait longer for the recording than it saves
log = logging.getLogger("resnet_explorer")

Step = Callable[[Tensor], Tensor]


def blocks(network: ResNet) -> dict[str, BasicBlock | Bottleneck]:
    """The residual blocks by their path (``layer3.1``), from the first to the last."""
    return {f"{layer}.{number}": block for layer in LAYERS for number, block in enumerate(getattr(network, layer))}


def channels_after(block: BasicBlock | Bottleneck) -> int:
    """How many maps a block puts out."""
    return (block.conv3 if isinstance(block, Bottleneck) else block.conv2).out_channels


class Backbone:
    """All of a network before its head, for one picture or several; safe to be shared between threads.

    The faster steps are made from the weights at the first picture, for its size (50 to 300 ms; for a group of eight
    0.7 to 5 s, most of it their trial); other sizes work too. Whatever the pass is computed in, what comes out is
    float32.

    Attributes:
        network: what it computes, in float32.
        group: how many pictures go through the faster steps at once.
    """

    def __init__(
        self,
        network: ResNet,
        device: torch.device,
        *,
        pack: bool = True,
        group: int = 1,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.network = network
        self.group = group
        self._dtype = dtype
        self._lock = threading.Lock()
        self._steps: dict[str, Step] | None = None
        self._may_pack = pack and device.type == "cpu"
        self._may_record = device.type == "cuda" and replay.is_wanted()
        self._alone = 0  # pictures that came one by one
        self._replay: replay.Replay | None = None

    @property
    def last(self) -> str:
        """The path of the last block."""
        return f"layer4.{len(self.network.layer4) - 1}"

    @property
    def is_packed(self) -> bool | None:
        """Whether the faster steps are used; None before the first picture."""
        return None if self._steps is None else any(isinstance(step, PackedBlock) for step in self._steps.values())

    @property
    def memory_bytes(self) -> int:
        """Bytes of the second copy of the weights in the faster steps, and of what a recorded pass puts out.

        For ``group`` > 1 some of the weights take four times as much (``winograd``), which is not counted here.
        """
        recorded = self._replay.memory_bytes if self._replay else 0
        if not self.has_copy:
            return recorded
        return recorded + sum(
            m.weight.numel() * self._dtype.itemsize for m in self.network.modules() if isinstance(m, nn.Conv2d)
        )

    @property
    def has_copy(self) -> bool:
        """Whether the faster steps hold the weights a second time."""
        return self._dtype != torch.float32 or (self._may_pack and self.is_packed is not False)

    def __call__(self, pixels: Tensor) -> Tensor:
        """(B, 3, H, W) -> layer4's maps, (B, C, h, w)."""
        return self.outputs(pixels, ())[self.last]

    def outputs(self, pixels: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """The maps after each of the named blocks and, last in order, after the last one."""
        steps = list(self.prepare(*pixels.shape[2:]).items())
        if self._may_record and len(pixels) == 1:
            self._record(steps, pixels)
        if self._replay and self._replay.takes(pixels):
            with torch.inference_mode():
                return self._replay(pixels, {*names, self.last})
        return self._run(steps, pixels, names)

    def _record(self, steps: list[tuple[str, Step]], x: Tensor) -> None:
        """Once enough of them have come one by one: their pass as a whole, where that pays."""
        with self._lock:
            self._alone += 1
            if self._alone == RECORD_AT:
                names = [name for name, _ in steps]
                given = x.to(self._dtype)
                self._replay = replay.recorded(lambda x: _through(steps, x, names), given, TOLERANCE[self._dtype])

    def eager_outputs(self, pixels: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """The same by plain PyTorch, for what hangs on the last figure of a map, as a gradient through ReLU does.

        Where a ReLU's input lies within rounding of 0, the faster steps may open or shut it otherwise than plain
        PyTorch: of the map itself that changes nothing, of its gradient a whole path.
        """
        with torch.inference_mode():
            return _through(list(_eager(self.network).items()), pixels, names)

    def exact_outputs(self, pixels: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """The same in float32, whatever the pass is computed in: for what is added up number by number."""
        if self._dtype == torch.float32:
            return self.outputs(pixels, names)
        return self.eager_outputs(pixels, names)

    def without(self, pixels: Tensor, left_out: Collection[str]) -> Tensor:
        """Layer4's maps where F(x) of the named blocks is left out, so that x goes on as it is.

        Only blocks whose shortcut is the identity can be: their input is not negative, so relu(0 + x) is x.
        """
        steps = self.prepare(*pixels.shape[2:])
        return self._run([step for step in steps.items() if step[0] not in left_out], pixels, ()).popitem()[1]

    def after(self, name: str, maps: Tensor) -> Tensor:
        """Go on from a block's output: its maps, (B, C, h, w) -> layer4's."""
        paths = list(blocks(self.network))
        rest = paths[paths.index(name) + 1 :]
        if not rest:
            return maps
        steps = self._steps or _eager(self.network)
        return self._run([(path, steps[path]) for path in rest], maps, ())[rest[-1]]

    def graph(self, name: str, maps: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """Go on from a block's output with a graph for autograd, by maps and no weights, in plain PyTorch.

        Args:
            name: the block whose output ``maps`` are.
            maps: (1, C, h, w) of ``eager_outputs``, requiring a gradient.
            names: later blocks whose output is wanted.

        Returns:
            The maps after each of ``names`` and, last in order, after the last block.
        """
        kept = {name: maps}
        found = blocks(self.network)
        for path in list(found)[list(found).index(name) + 1 :]:
            maps = found[path](maps)
            if path in names or path == self.last:
                kept[path] = maps
        return kept

    def _run(self, steps: list[tuple[str, Step]], x: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """Packed weights are in the order that suits ``group`` pictures, so many go in groups; fewer are filled up,
        because for one alone that order is three times as slow."""
        with torch.inference_mode():
            rows = torch.split(x, self.group) if self.is_packed else (x,)
            found = [self._at_once(steps, row, names) for row in rows]
        return found[0] if len(found) == 1 else {name: torch.cat([each[name] for each in found]) for name in found[0]}

    def _at_once(self, steps: list[tuple[str, Step]], x: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        count = len(x)
        x = x.to(self._dtype)
        if self.is_packed and count < self.group:
            x = torch.cat([x, x.new_zeros(self.group - count, *x.shape[1:])])
        return {name: maps[:count].float() for name, maps in _through(steps, x, names).items()}

    def prepare(self, height: int, width: int) -> dict[str, Step]:
        """Make the steps now, and not at the first picture, whose time this is not; nothing where they are made."""
        if self._steps is None:
            with self._lock:
                if self._steps is None:
                    self._steps = (self._packed(height, width) if self._may_pack else None) or self._plain()
        return self._steps

    def _plain(self) -> dict[str, Step]:
        """The network's own steps, in a copy with fewer bits where these are asked for."""
        if self._dtype == torch.float32:
            return _eager(self.network)
        return _eager(copy.deepcopy(self.network).to(self._dtype).to(memory_format=torch.channels_last))

    def _packed(self, height: int, width: int) -> dict[str, Step] | None:
        """The faster steps, or None where this torch or this CPU has none that give the same."""
        try:
            with torch.inference_mode():
                x = torch.randn(self.group, 3, height, width, generator=torch.Generator().manual_seed(0))
                ends = slice(None, None, max(1, self.group - 1))  # a group's first and last picture stand for it
                expected = _through(list(_eager(self.network).items()), x[ends], ()).popitem()[1]
                x = x.to(self._dtype)
                steps = self._pack(x)
                found = _through(list(steps.items()), x, ()).popitem()[1][ends].float()
                expected_logits, logits = map(self.network.forward_head, (expected, found))
            for ours, eager in ((found, expected), (logits, expected_logits)):
                if not bool((ours - eager).abs().max() <= TOLERANCE[self._dtype] * eager.abs().max().clamp(min=1)):
                    raise ArithmeticError("other numbers than the eager pass")
        except Exception as error:  # noqa: BLE001 (private ops may fail in any way; the eager pass is always right)
            log.info("eager forward pass: %s", error)
            return None
        return steps

    def _pack(self, x: Tensor) -> dict[str, Step]:
        network = self.network
        stem = Convolution(network.conv1, network.bn1, x)
        steps: dict[str, Step] = {"stem": lambda pixels: network.maxpool(stem(pixels))}
        x = steps["stem"](x)
        for path, block in blocks(network).items():
            steps[path] = packed = PackedBlock(block, x)
            x = packed(x)
        return steps


def _eager(network: ResNet) -> dict[str, Step]:
    """A network's own steps."""

    def stem(pixels: Tensor) -> Tensor:
        out: Tensor = network.maxpool(network.relu(network.bn1(network.conv1(pixels))))
        return out

    return {"stem": stem, **blocks(network)}


def _through(steps: list[tuple[str, Step]], x: Tensor, names: Collection[str]) -> dict[str, Tensor]:
    """Run the steps; keep the named outputs, and the last one."""
    kept = {}
    spare = False  # whether nobody needs x any more once the next step has read it
    for name, step in steps:
        x = step(x, spare) if isinstance(step, PackedBlock) else step(x)
        spare = name not in names
        if not spare or name == steps[-1][0]:
            kept[name] = x
    return kept
