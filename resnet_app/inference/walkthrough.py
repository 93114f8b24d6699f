"""Inference step by step, as every script does it: open, transform, a batch of one, the forward pass, the largest.

The steps are carried out on a picture, each with what came of it and what the answer would be had it been forgotten;
and written down as plain PyTorch for the very model that is loaded.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from resnet_app.architecture.counting import describe
from resnet_app.architecture.source import assembled
from resnet_app.images import Recipe, crop_for, open_picture, to_tensor
from resnet_app.inference.models import RANDOM_SEED, LoadedModel
from resnet_app.registry import BUNDLED_FILES, RANDOM
from resnet_app.resnet import ResNet

SHOWN = 4  # logits
TYPED_OUT = 40  # class names; more are read from where they are kept
PHOTO = "photo.jpg"


@dataclass(frozen=True)
class Forgotten:
    """The best answer where a step was left out.

    Attributes:
        label: of the class.
        probability: that it gets.
    """

    label: str
    probability: float


@dataclass(frozen=True)
class Walk:
    """What came of each step.

    Attributes:
        size: (width, height) of the upright picture, in pixels.
        crop: (width, height) of the square that is cut out of it.
        low, high: the smallest and the largest number of the normalised pixels.
        batch: (1, 3, H, W).
        logits: of the first ``SHOWN`` classes.
        classes: how many there are.
        index, label, probability: of the largest.
        not_normalised: the answer without ``Normalize``.
        in_training: the answer without ``eval()``; None where BatchNorm refuses, with one number a channel.
        kept_bytes: what autograd would keep without ``no_grad()``.
    """

    size: tuple[int, int]
    crop: tuple[int, int]
    low: float
    high: float
    batch: tuple[int, ...]
    logits: tuple[float, ...]
    classes: int
    index: int
    label: str
    probability: float
    not_normalised: Forgotten
    in_training: Forgotten | None
    kept_bytes: int


def walk(model: LoadedModel, path: str | Path) -> Walk:
    """Go through the steps with a picture; the model is left as it is.

    Raises:
        PictureError: the file is not a picture we read.
    """
    picture = open_picture(path)
    crop = crop_for(picture, model.recipe)
    pixels = to_tensor(crop, model.recipe).to(model.device.torch)
    plain = Recipe(model.recipe.resize, model.recipe.crop, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    with torch.inference_mode():
        logits = model.network(pixels)[0].cpu()
        without = model.network(to_tensor(crop, plain).to(model.device.torch))[0].cpu()
    best, other = _best(model, logits), copy.deepcopy(model.network)  # what follows changes a network
    trained = _in_training(other, pixels)
    return Walk(
        size=picture.size,
        crop=crop.size,
        low=float(pixels.min()),
        high=float(pixels.max()),
        batch=tuple(pixels.shape),
        logits=tuple(logits[:SHOWN].tolist()),
        classes=len(logits),
        index=int(logits.argmax()),
        label=best.label,
        probability=best.probability,
        not_normalised=_best(model, without),
        in_training=None if trained is None else _best(model, trained),
        kept_bytes=_kept_bytes(other, pixels),
    )


def _best(model: LoadedModel, logits: Tensor) -> Forgotten:
    probability, index = torch.max(logits.softmax(0), 0)
    return Forgotten(model.class_names[int(index)], float(probability))


def _in_training(network: ResNet, pixels: Tensor) -> Tensor | None:
    """Logits where BatchNorm takes this picture's own mean and variance; it moves the network's running statistics."""
    try:
        with torch.no_grad():
            logits = network.train()(pixels)[0].cpu()
    except ValueError:  # "Expected more than 1 value per channel when training"
        return None
    return logits if torch.isfinite(logits).all() else None


def _kept_bytes(network: ResNet, pixels: Tensor) -> int:
    """The activations that autograd saves for the way back, each storage once."""
    network.eval().requires_grad_(True)
    weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    sizes: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.inference_mode(False), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = network(pixels.clone())
    total = sum(size for place, size in sizes.items() if place not in weights)
    del logits  # until here it held what was counted
    return total


def snippet(model: LoadedModel) -> str:
    """The same in plain PyTorch, ready to run, for the model that is loaded."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: LoadedModel) -> Iterator[str]:
    yield from _network_lines(model)
    yield "model.eval()"
    yield ""
    yield "# 1. Open."
    yield f'image = ImageOps.exif_transpose(Image.open("{PHOTO}")).convert("RGB")'
    yield ""
    yield from _transform_lines(model.recipe)
    yield ""
    yield "# 3. A batch of one."
    yield f"batch = pixels.unsqueeze(0)  # (1, 3, {model.recipe.crop}, {model.recipe.crop})"
    yield ""
    yield "# 4. Forward, without gradients; the largest is the answer."
    yield "with torch.no_grad():"
    yield f"    logits = model(batch)  # (1, {len(model.class_names)})"
    yield "probability, index = torch.max(logits.softmax(1), 1)"
    yield f"classes = {_classes(model)}"
    yield "print(classes[index], float(probability))"


def _network_lines(model: LoadedModel) -> Iterator[str]:
    """The imports, and the network with its weights."""
    published, file = _published(model), _weights_file(model)
    network = describe(model.spec.name, classes=len(model.class_names), stem=model.stem)
    is_safe = file.endswith(".safetensors")
    yield "import torch"
    yield "import torchvision"
    yield "from PIL import Image, ImageOps"
    if is_safe:
        yield "from safetensors.torch import load_file"
    yield "from torchvision import transforms"
    yield ""
    yield "# The network with its weights. eval(): BatchNorm takes its running statistics, not this picture's."
    if not published and not file:
        yield f"torch.manual_seed({RANDOM_SEED})"
    yield from assembled(network, published)
    if file:
        yield from _loading(model, is_safe)


def _transform_lines(recipe: Recipe) -> Iterator[str]:
    yield "# 2. Transform: the very steps that it was trained with."
    yield "transform = transforms.Compose(["
    filter_ = "" if recipe.interpolation == "bilinear" else f', transforms.InterpolationMode("{recipe.interpolation}")'
    yield f"    transforms.Resize({recipe.resize}{filter_}),"
    yield f"    transforms.CenterCrop({recipe.crop}),"
    yield "    transforms.ToTensor(),"
    yield f"    transforms.Normalize({list(recipe.mean)}, {list(recipe.std)}),"
    yield "])"
    yield f"pixels = transform(image)  # (3, {recipe.crop}, {recipe.crop})"


def _published(model: LoadedModel) -> str | None:
    """The ImageNet weights that torchvision loads by name; None for others."""
    choice = model.choice
    own = choice.checkpoint is not None or choice.head is not None or choice.weights in (*BUNDLED_FILES, RANDOM)
    return None if own else choice.weights


def _weights_file(model: LoadedModel) -> str:
    """The file that the weights are read from; empty where there is none."""
    if model.choice.head is not None:
        return "taught.safetensors"  # what the Teach tab saves
    return model.file.name if model.file else ""


_TRANSLATING = (  # the names of Hugging Face's transformers into torchvision's
    "renamed = {",
    "    'resnet.': '', 'embedder.embedder.convolution': 'conv1', 'embedder.embedder.normalization': 'bn1',",
    "    'shortcut.convolution': 'downsample.0', 'shortcut.normalization': 'downsample.1', 'classifier.1': 'fc',",
    "    **{f'encoder.stages.{i}.layers': f'layer{i + 1}' for i in range(4)},",
    "    **{f'layer.{i}.convolution': f'conv{i + 1}' for i in range(3)},",
    "    **{f'layer.{i}.normalization': f'bn{i + 1}' for i in range(3)},",
    "}",
    "for theirs, own in renamed.items():",
    "    state_dict = {k.replace(theirs, own): v for k, v in state_dict.items()}",
)


def _loading(model: LoadedModel, is_safe: bool) -> Iterator[str]:
    """Through the wrappers and prefixes that the file has."""
    name, found = _weights_file(model), model.checkpoint if model.choice.head is None else None
    yield f"state_dict = {'load_file' if is_safe else 'torch.load'}({name!r}{'' if is_safe else ', weights_only=True'})"
    if found is None:
        yield "model.load_state_dict(state_dict)"
        return
    for key in found.unwrapped:
        yield f"state_dict = state_dict[{key!r}]"
    if found.is_translated:
        yield from _TRANSLATING
    prefix = "".join(found.stripped_prefixes)
    if prefix:
        yield f"prefix = {prefix!r}"
        yield "state_dict = {k.removeprefix(prefix): v for k, v in state_dict.items() if k.startswith(prefix)}"
    if found.head != "fc.":
        yield f"state_dict = {{k.replace({found.head!r}, 'fc.'): v for k, v in state_dict.items()}}"
    if found.is_exact:
        yield "model.load_state_dict(state_dict)"
    else:  # step counters are missing, or something stands beside the network
        yield "print(model.load_state_dict(state_dict, strict=False))"


def _classes(model: LoadedModel) -> str:
    if len(model.class_names) <= TYPED_OUT:
        return repr(list(model.class_names))
    if model.class_names == tuple(model.spec.published("imagenet").meta["categories"]):
        return f'torchvision.models.get_model_weights("{model.spec.name}").DEFAULT.meta["categories"]'
    return f"[f'class {{i}}' for i in range({len(model.class_names)})]  # type your own"
