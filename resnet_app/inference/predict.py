"""A model and a picture -> its top-k answers, with the time that each step took."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from resnet_app.choices import DEFAULT_TOP_K, MAX_TOP_K
from resnet_app.device import Device, clock, on_device
from resnet_app.errors import ResNetAppError
from resnet_app.images import Recipe, crop_for, open_frame, read_picture, to_tensor
from resnet_app.inference.models import LoadedModel


@dataclass(frozen=True)
class Prediction:
    """One class and its softmax probability."""

    index: int
    label: str
    probability: float


@dataclass(frozen=True)
class Timing:
    """Milliseconds: file to tensor, the network, the maps (0 where none were made)."""

    decode: float = 0.0
    forward: float = 0.0
    cam: float = 0.0

    @property
    def total(self) -> float:
        """The sum of the steps."""
        return self.decode + self.forward + self.cam


@dataclass(frozen=True)
class Answer:
    """What the model says of one picture. Pickled, it holds arrays in the place of tensors: it may go to any process.

    Attributes:
        file: the picture's name.
        predictions: best first.
        crop: the square that the model saw.
        pixels: the same as the model's input, (1, 3, H, W), on its device.
        logits: (classes,) on the CPU.
        held: what the maps are made from: the outputs of the blocks that were asked for and of the last one, by path,
            (1, C, h, w) each, on the model's device.
        timing: of this picture.
        is_ood: whether the picture is unlike what the model was trained on or taught with, as far as it can tell.
        enlarged: by how much the picture was enlarged to be looked at; 1 or less where it was made smaller.
    """

    file: str
    predictions: tuple[Prediction, ...]
    crop: Image.Image = field(repr=False)
    pixels: Tensor = field(repr=False)
    logits: Tensor = field(repr=False)
    held: dict[str, Tensor] = field(repr=False)
    timing: Timing
    is_ood: bool = False
    enlarged: float = 1.0

    @property
    def features(self) -> Tensor:
        """Layer4's output, (1, C, h, w): the last in order."""
        return self.held[list(self.held)[-1]]

    def on(self, device: Device) -> Answer:
        """The same where another model is, to be worked on with it."""
        held = {path: maps.to(device.torch) for path, maps in self.held.items()}
        return replace(self, pixels=self.pixels.to(device.torch), held=held)

    def __getstate__(self) -> dict[str, Any]:
        return {name: _mapped(lambda tensor: tensor.cpu().numpy(), value) for name, value in vars(self).items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: _mapped(torch.from_numpy, value) for name, value in state.items()})


def _mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """A tensor or an array changed, alone or in a dict; anything else as it is."""
    if isinstance(value, dict):
        return {name: _mapped(change, each) for name, each in value.items()}
    return change(value) if isinstance(value, Tensor | np.ndarray) else value


@dataclass(frozen=True)
class Square:
    """A picture as the model sees it, before it is answered.

    Attributes:
        crop: RGB, of the recipe's size.
        enlarged: by how much the picture was enlarged for it; 1 or less where it was made smaller.
        decode_ms: milliseconds that reading it took.
    """

    crop: Image.Image = field(repr=False)
    enlarged: float
    decode_ms: float


def read_square(path: str | Path, recipe: Recipe) -> Square:
    """A file -> the square that the model sees; errors are those of ``images.read_picture``."""
    return _square(lambda: read_picture(path, recipe), recipe)


def read_frame(data: bytes, recipe: Recipe) -> Square:
    """A camera's frame -> the square that the model sees; errors are those of ``images.open_frame``."""
    return _square(lambda: open_frame(data), recipe)


def _square(read: Callable[[], Image.Image], recipe: Recipe) -> Square:
    started = time.perf_counter()
    picture = read()
    crop = crop_for(picture, recipe)
    return Square(crop, recipe.resize / min(picture.size), 1000 * (time.perf_counter() - started))


def check_top_k(top_k: int) -> int:
    """The number of answers to give.

    Raises:
        ResNetAppError: it is not between 1 and ``MAX_TOP_K``.
    """
    if not 1 <= top_k <= MAX_TOP_K:
        raise ResNetAppError(
            f"The number of answers is {top_k}; give 1 to {MAX_TOP_K}.",
            code="bad_answer_count",
            given=top_k,
            most=MAX_TOP_K,
        )
    return top_k


def require_numbers(probabilities: Tensor) -> None:
    """Refuse an answer that is none.

    Args:
        probabilities: of any shape.

    Raises:
        ResNetAppError: one of them is not finite.
    """
    if not torch.isfinite(probabilities).all():
        raise ResNetAppError(
            "These weights give an answer that is no number; their training broke down. Load others.",
            code="no_number",
        )


def classify(
    model: LoadedModel,
    path: str | Path,
    *,
    top_k: int = DEFAULT_TOP_K,
    name: str | None = None,
    keep: Collection[str] = (),
) -> Answer:
    """Read a picture and answer it; ``top_k`` is cut to the number of classes, ``keep`` names blocks for ``held``.

    Blocks before the last are kept for a gradient through what follows: then the pass is plain PyTorch's.

    Raises:
        PictureError: the file is not a picture we read.
        ResNetAppError: ``top_k`` is out of range, or the weights give no numbers.
    """
    check_top_k(top_k)
    return classify_square(model, read_square(path, model.recipe), top_k=top_k, name=name or Path(path).name, keep=keep)


def classify_square(
    model: LoadedModel, square: Square, *, top_k: int = DEFAULT_TOP_K, name: str = "", keep: Collection[str] = ()
) -> Answer:
    """Answer a picture that has been read, perhaps elsewhere; arguments and errors as ``classify_crop``."""
    return _or_raise(classify_squares(model, [square], names=[name], top_k=top_k, keep=keep)[0])


def classify_squares(
    model: LoadedModel,
    squares: Sequence[Square],
    *,
    names: Sequence[str],
    top_k: int = DEFAULT_TOP_K,
    keep: Collection[str] = (),
) -> list[Answer | ResNetAppError]:
    """Answer pictures that have been read, all in one pass; each one's time is its share of the pass.

    Args:
        model: what answers; ``model.for_many`` is the quicker one for several.
        squares: the pictures.
        names: of each.
        top_k, keep: as ``classify``.

    Returns:
        For each picture its answer, or the error that ``classify_crop`` would raise.
    """
    model.backbone.prepare(model.recipe.crop, model.recipe.crop)  # once; it is no part of a picture's time
    answers = _classify_crops(model, [square.crop for square in squares], names=names, top_k=top_k, keep=keep)
    return [
        answer if isinstance(answer, ResNetAppError) else _read_as(answer, square)
        for answer, square in zip(answers, squares, strict=True)
    ]


def _read_as(answer: Answer, square: Square) -> Answer:
    timing = replace(answer.timing, decode=square.decode_ms + answer.timing.decode)
    return replace(answer, enlarged=square.enlarged, timing=timing)


def _or_raise(found: Answer | ResNetAppError) -> Answer:
    if isinstance(found, ResNetAppError):
        raise found
    return found


def classify_crop(
    model: LoadedModel,
    crop: Image.Image,
    *,
    top_k: int = DEFAULT_TOP_K,
    name: str = "",
    keep: Collection[str] = (),
) -> Answer:
    """Answer the very square that is given, as ``classify`` does once it has cut it out.

    Args:
        model: what answers.
        crop: RGB, of the recipe's size.
        top_k, name, keep: as ``classify``.

    Raises:
        ResNetAppError: the weights give no numbers.
    """
    return _or_raise(_classify_crops(model, [crop], names=[name], top_k=top_k, keep=keep)[0])


def _classify_crops(
    model: LoadedModel, crops: Sequence[Image.Image], *, names: Sequence[str], top_k: int, keep: Collection[str]
) -> list[Answer | ResNetAppError]:
    started = clock(model.device)
    pixels = on_device(torch.cat([to_tensor(crop, model.recipe) for crop in crops]), model.device)
    decoded = clock(model.device)
    with torch.inference_mode():
        inner = set(keep) - {model.backbone.last}
        held = model.backbone.eager_outputs(pixels, keep) if inner else model.backbone.outputs(pixels, keep)
        logits = model.network.forward_head(held[model.backbone.last])
        apart = [(logits[i], {path: maps[i : i + 1] for path, maps in held.items()}) for i in range(len(crops))]
    timing = Timing((decoded - started) / len(crops), (clock(model.device) - decoded) / len(crops))
    return [
        _answer(model, Answer(name, (), crop, seen, own_logits, own_maps, timing), top_k)
        for name, crop, seen, (own_logits, own_maps) in zip(names, crops, torch.split(pixels, 1), apart, strict=True)
    ]


def _answer(model: LoadedModel, found: Answer, top_k: int) -> Answer | ResNetAppError:
    """The predictions from one picture's logits, or the error that they are no numbers."""
    with torch.inference_mode():
        probabilities = found.logits.softmax(0)
        is_ood = model.is_unlike(found.features, found.logits)
    try:
        require_numbers(probabilities)
    except ResNetAppError as error:
        return error
    top = probabilities.topk(min(top_k, len(model.class_names)))
    predictions = tuple(
        Prediction(index, model.class_names[index], probability)
        for index, probability in zip(top.indices.tolist(), top.values.tolist(), strict=True)
    )
    return replace(found, predictions=predictions, logits=found.logits.cpu(), is_ood=is_ood)


def hold(model: LoadedModel, answer: Answer, keep: Collection[str]) -> Answer:
    """The same answer with the output of other blocks in ``held``: another pass over its pixels, by plain PyTorch."""
    return replace(answer, held=model.backbone.eager_outputs(answer.pixels, keep))


def describe_model(model: LoadedModel) -> dict[str, Any]:
    """The ``model`` part of a record."""
    return {
        "name": model.spec.name,
        "weights": model.weights_name,
        "classes": len(model.class_names),
        "device": model.device.name,
    }


def json_object(
    model: LoadedModel, file: str, result: Answer | ResNetAppError, timing: Timing | None = None
) -> dict[str, Any]:
    """One picture's object in ``predict --json`` and of the HTTP endpoints; ``timing`` where maps were made too."""
    if isinstance(result, ResNetAppError):
        error, timing = str(result), Timing()
    else:
        error, timing = None, timing or result.timing
    predictions = result.predictions if isinstance(result, Answer) else ()
    return {
        "file": file,
        "error": error,
        "predictions": [asdict(prediction) for prediction in predictions],
        "model": describe_model(model),
        "ms": {
            "decode": round(timing.decode, 3),
            "forward": round(timing.forward, 3),
            "cam": round(timing.cam, 3),
            "total": round(timing.total, 3),
        },
    }
