"""Named shapes -> which of our networks they are: wrappers opened, prefixes taken off, the head found, strangers named.

Everything here works on names and shapes alone; no number has been read yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from resnet_app.checkpoints.heads import find_head, require_classes, require_one_head
from resnet_app.checkpoints.other_architectures import family_of
from resnet_app.checkpoints.pickle_reader import TENSOR_OF_ANOTHER_TYPE, Opaque, StoredTensor, numpy_values
from resnet_app.checkpoints.printed import printable
from resnet_app.checkpoints.transformers_names import torchvision_names
from resnet_app.errors import CheckpointError
from resnet_app.registry import SPECS, ModelSpec

# Where training scripts keep the weights, best first: an average of the weights is what its author meant to be used.
WRAPPERS = (
    "state_dict_ema", "model_ema", "ema_state_dict", "params_ema", "model_state_dict", "state_dict", "model_state",
    "model", "net", "network", "params", "module", "weights", "ema",
)  # fmt: skip
MAX_CLASSES = 25_000  # ImageNet-21k has 21,843; a file of a few bytes may claim any number
MAX_WRAPPERS = 8
MAX_KEY = 300  # characters of a name that is compared with the families' signs; search takes the square of its length
READS = "This app reads ResNet-18 to 152, ResNeXt and Wide ResNet"
COUNTER = "num_batches_tracked"  # BatchNorm's step counter; files older than 2018 have none, and inference needs none
OWN_PARTS = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc")
NO_RESNET = "These are not the weights of a ResNet (no layer1 to layer4)"
_NO_OBJECTS = ("torch.", "numpy.", "builtins.", "collections.", TENSOR_OF_ANOTHER_TYPE)  # tensors, arrays, values
SAVE = "Save torch.save(model.state_dict(), 'weights.pth') and give that file"


@dataclass(frozen=True)
class Note:
    """A sentence on what was done with a file; ``code`` and ``values`` say it in another language."""

    text: str
    code: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A network's tensors under torchvision's names.

    Attributes:
        tensors: as the file holds them, by the network's own keys.
        stripped: prefixes taken off every key, outermost first.
        head: where the file has the last layer, ``fc.`` or ``fc.1.`` inside a Sequential.
        notes: what was done with the rest.
        is_translated: whether the file's names are those of Hugging Face's transformers.
    """

    tensors: dict[str, Any]
    stripped: tuple[str, ...]
    head: str
    notes: tuple[Note, ...]
    is_translated: bool = False


def find_state_dict(root: Any) -> tuple[dict[str, StoredTensor], tuple[str, ...]]:
    """The dict of tensors in what a file holds, and the keys that led there.

    Raises:
        CheckpointError: there is none, or more than one and no telling which is meant.
    """
    path: list[str] = []
    known: dict[tuple[int, int], bool] = {}
    for _ in range(MAX_WRAPPERS):
        if not isinstance(root, dict):
            break
        tensors = {key: each for key, each in root.items() if isinstance(key, str) and isinstance(each, StoredTensor)}
        inside = [key for key, each in root.items() if isinstance(key, str) and _holds_tensors(each, known)]
        key = next((name for name in WRAPPERS if name in inside), None)
        if len(tensors) > 2 or not (key or inside):
            _require_ordinary(root)
            if not tensors:
                raise _nothing(root)
            return tensors, tuple(path)
        if key is None:
            others = [name for name in inside if "optim" not in name.lower()]
            if not others:
                raise _whole_object(_object_in(root)) if _object_in(root) else _optimizer_alone()
            if len({id(root[name]) for name in others}) != 1:  # one dict under two names is one set of weights
                names = ", ".join(map(printable, others[:4]))
                raise CheckpointError(
                    f"This file holds several sets of weights ({names}); save the one that you mean.",
                    code="several_weights",
                    names=names,
                )
            key = others[0]
        path.append(key)
        root = root[key]
    raise _nothing(root)


def _require_ordinary(root: dict[Any, Any]) -> None:
    """Refuse by name what is a tensor, but not an ordinary one."""
    for key, each in root.items():
        if isinstance(each, Opaque) and isinstance(key, str):
            if each.name.startswith("numpy."):
                raise numpy_values(key)
            is_packed = "._packed_params." in key  # as quantised layers keep their weights
            is_odd = each.name.startswith(("torch.", TENSOR_OF_ANOTHER_TYPE))
            if is_odd and (is_packed or key.rpartition(".")[2] in ("weight", "bias")):
                raise CheckpointError(
                    f"{printable(key)} is stored in a form that is not read here (sparse, quantised, nested or 8-bit). "
                    "Save the model's ordinary float weights.",
                    code="odd_tensor",
                    tensor=printable(key),
                )


def _nothing(root: Any) -> CheckpointError:
    """Why what a file holds is no state dict."""
    if isinstance(root, dict) and {"param_groups", "state"} <= root.keys():
        return _optimizer_alone()
    if isinstance(root, StoredTensor):
        return CheckpointError(f"This file holds one tensor, not a network's weights. {SAVE}.", code="one_tensor")
    if found := _object_in(root):
        return _whole_object(found)
    if isinstance(root, list | tuple) and any(_holds_tensors(each, {}) for each in root):
        return CheckpointError(
            f"This file holds a list or tuple with the weights in it, not the weights by themselves. {SAVE}.",
            code="weights_in_list",
        )
    return CheckpointError(f"This file holds no weights by name. {SAVE}.", code="no_named_weights")


def _object_in(root: Any) -> str:
    """What a whole pickled object is called, by itself or where a dict has its weights; empty where there is none."""
    held = [root.get(name) for name in WRAPPERS] if isinstance(root, dict) else [root]
    named = (each.name for each in held if isinstance(each, Opaque))
    return next((name for name in named if name.startswith("torch.nn.") or not name.startswith(_NO_OBJECTS)), "")


def _whole_object(name: str) -> CheckpointError:
    name = printable(name)
    return CheckpointError(
        f"This file holds a whole pickled object ({name}), which cannot be read without running it. {SAVE}.",
        code="whole_object",
        name=name,
    )


def _optimizer_alone() -> CheckpointError:
    return CheckpointError(f"This file holds an optimizer's state and no weights. {SAVE}.", code="optimizer_alone")


def _holds_tensors(value: Any, known: dict[tuple[int, int], bool], *, depth: int = 2) -> bool:
    """Whether it is a dict with tensors, or with a dict that has some.

    Each dict is looked into once for each depth that is left, however often the file names it: as a tree it may have
    more leaves than atoms. What is known of a dict holds for that depth alone: nearer the root one sees further.
    """
    if not isinstance(value, dict) or depth == 0:
        return False
    place = id(value), depth
    if place not in known:
        below = [each for key, each in value.items() if isinstance(key, str)]
        known[place] = any(
            isinstance(each, StoredTensor) or _holds_tensors(each, known, depth=depth - 1) for each in below
        )
    return known[place]


def find_network(tensors: dict[str, Any]) -> Found:
    """The tensors of the one ResNet in a state dict, whatever stands before or beside its names.

    Raises:
        CheckpointError: there is none, or there are two.
    """
    _require_unpruned(tensors)
    notes = []
    if (renamed := torchvision_names(tensors)) is not None:
        tensors = renamed
        notes.append(Note("The names in it are those of Hugging Face's transformers.", code="transformers"))
    first = "layer1.0.conv1.weight"
    prefixes = sorted(key.removesuffix(first) for key in tensors if key.endswith(first) and _is_prefix(key, first))
    if len(prefixes) > 1:
        raise _several_networks(prefixes)
    if not prefixes:
        raise _other_network(tensors)
    prefix = prefixes[0]
    own = {key.removeprefix(prefix): each for key, each in tensors.items() if key.startswith(prefix)}
    beside = [(key, each) for key, each in tensors.items() if not key.startswith(prefix)]
    beside += [(key, each) for key, each in own.items() if key.partition(".")[0] not in OWN_PARTS]
    others = [key for key, _ in beside]
    network = {key: each for key, each in own.items() if key.partition(".")[0] in OWN_PARTS}
    if others:
        some = ", ".join(printable(key) for key in others[:3]) + (", ..." if len(others) > 3 else "")
        notes.append(Note(f"Not part of the network and left out: {some}.", code="beside", values={"keys": some}))
    head = find_head(network)
    require_one_head(network, beside, head=head, prefix=prefix)
    plain = {f"fc.{key.removeprefix(head)}" if key.startswith(head) else key: each for key, each in network.items()}
    return Found(plain, _parts_of(prefix), head, tuple(notes), is_translated=renamed is not None)


def _require_unpruned(tensors: dict[str, Any]) -> None:
    """Refuse what lies as ``torch.nn.utils.prune`` keeps it: what the layer multiplies is nowhere in the file."""
    masked = next((key for key in tensors if key.endswith("_orig") and f"{key[:-5]}_mask" in tensors), None)
    if masked is not None:
        name = printable(masked.removesuffix("_orig"))
        raise CheckpointError(
            f"{name} is pruned, and the file has its numbers and a mask apart. Call "
            "torch.nn.utils.prune.remove(layer, 'weight') for each pruned layer, and save the state dict again.",
            code="pruned",
            tensor=name,
        )


def _several_networks(prefixes: list[str]) -> CheckpointError:
    """A refusal that names them; one without a prefix comes first, and is the rest."""
    names = ", ".join(printable(prefix.rstrip(".") or prefix) for prefix in prefixes[:4] if prefix)
    if not prefixes[0]:
        return CheckpointError(
            f"This file holds several networks (the rest, {names}); save the one that you mean.",
            code="several_networks_and_rest",
            names=names,
        )
    return CheckpointError(
        f"This file holds several networks ({names}); save the one that you mean.", code="several_networks", names=names
    )


def _is_prefix(key: str, name: str) -> bool:
    before = key.removesuffix(name)
    return not before or before.endswith(".")


def _parts_of(prefix: str) -> tuple[str, ...]:
    return tuple(f"{part}." for part in prefix.split(".")[:-1])


def _other_network(tensors: dict[str, Any]) -> CheckpointError:
    shapes = {key: tuple(getattr(each, "shape", ())) for key, each in tensors.items() if len(key) <= MAX_KEY}
    family = family_of(shapes)
    if family:
        return CheckpointError(f"These look like {family} weights. {READS}.", code="other_family", family=family)
    return CheckpointError(f"{NO_RESNET}. {READS}.", code="no_resnet")


def infer_architecture(shapes: dict[str, tuple[int, ...]]) -> tuple[ModelSpec, str, int]:
    """The variant, the stem and the class count that a state dict's shapes say.

    Raises:
        CheckpointError: they are of no variant in the registry.
    """
    depths = tuple(_block_count(shapes, stage) for stage in range(1, 5))
    conv = shapes.get("layer1.0.conv2.weight", ())
    head, stem = shapes.get("fc.weight", ()), shapes.get("conv1.weight", ())
    if 0 in depths or len(conv) != 4:
        raise CheckpointError(f"{NO_RESNET}. {READS}.", code="no_resnet")
    if not stem and "conv1.0.weight" in shapes:
        raise CheckpointError(
            "These weights have several convolutions as their stem (conv1.0.weight), as ResNet-C and ResNet-D have: "
            f"another network. {READS}.",
            code="deep_stem",
        )
    if len(head) != 2 or not 1 <= head[0] <= MAX_CLASSES:
        raise CheckpointError(
            "These weights have no classifier (fc.weight is missing or misshapen). Save the state dict of the "
            "whole model, with its last layer.",
            code="no_classifier",
        )
    require_classes(head[0])
    block = "Bottleneck" if "layer1.0.conv3.weight" in shapes else "BasicBlock"
    for spec in SPECS.values():
        width = 64 * spec.width_per_group // 64 * spec.groups
        if (spec.block, spec.depths, (width, width // spec.groups)) == (block, depths, conv[:2]):
            return spec, "cifar" if stem[2:] == (3, 3) else "imagenet", head[0]
    groups = conv[0] // max(conv[1], 1)
    raise CheckpointError(
        f"These are ResNet weights of a depth or width that is not offered ({block}, blocks {list(depths)}, "
        f"width {conv[0]}, {groups} groups). {READS}.",
        code="other_depth",
        block=block,
        depths=str(list(depths)),
        width=conv[0],
        groups=groups,
    )


def _block_count(shapes: dict[str, tuple[int, ...]], stage: int) -> int:
    found = {int(match[1]) for key in shapes if (match := re.match(rf"layer{stage}\.(\d{{1,3}})\.", key))}
    return len(found) if found == set(range(len(found))) else 0


@lru_cache(maxsize=64)
def expected_shapes(name: str, stem: str, classes: int) -> dict[str, tuple[int, ...]]:
    """What a variant's state dict has: every key with its shape."""
    network = SPECS[name].skeleton(num_classes=classes, stem=stem)
    return {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}


def require_fit(spec: ModelSpec, found: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]]) -> None:
    """Every key and shape, exactly; only step counters may be absent.

    Raises:
        CheckpointError: the first thing that does not fit.
    """
    for key, shape in expected.items():
        if key not in found:
            if not key.endswith(COUNTER):
                raise CheckpointError(
                    f"This looks like {spec.title}, but {key} is missing. Save the whole state dict.",
                    code="missing_key",
                    model=spec.title,
                    tensor=key,
                )
        elif tuple(found[key]) != shape:
            has, wanted = list(found[key]), list(shape)
            raise CheckpointError(
                f"This looks like {spec.title}, but {key} has the shape {has}, not {wanted}. {READS}.",
                code="other_shape",
                model=spec.title,
                tensor=key,
                found=str(has),
                wanted=str(wanted),
            )
    surplus = [key for key in found if key not in expected]
    if surplus:
        raise CheckpointError(
            f"This looks like {spec.title} with something added: {printable(surplus[0])} is not part of it. {READS}.",
            code="surplus",
            model=spec.title,
            tensor=printable(surplus[0]),
        )
