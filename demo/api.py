"""The public endpoints, for programs (Gradio's API and MCP): the words and records of the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.explore.handlers import take_apart
from demo.hosting.zero_gpu import carried_out
from demo.locales import ENGLISH
from demo.ui.errors import for_programs
from demo.ui.files import brought, new_path
from demo.ui.inputs import Files, Photo, count
from demo.ui.queues import EXPLAIN_WORK, MODEL_WORK
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.registry import BUNDLED_MODEL, STEMS

if TYPE_CHECKING:
    from resnet_app.inference.models import LoadedModel

MOST_PASSES = 4096  # of Score-CAM and Ablation-CAM: the widest two blocks


def build() -> None:
    """Declare /classify, /explain, /architecture, /inspect_checkpoint and /batch."""
    with gr.Row(visible=False):
        image = Photo(label="image", type="filepath", image_mode=None)
        model = gr.Textbox(label="model")
        weights = gr.Textbox(label="weights")
        top_k = gr.Number(5, label="top_k", precision=0)
        device = gr.Textbox("auto", label="device")
        checkpoint = gr.File(label="checkpoint")
        class_names = gr.Textbox(label="class_names")
        class_name = gr.Textbox(label="class_name")
        layer = gr.Textbox("layer4", label="layer")
        method = gr.Textbox("gradcam", label="method")
        name = gr.Textbox(BUNDLED_MODEL, label="model")
        classes = gr.Number(1000, label="classes", precision=0)
        input_size = gr.Textbox("224x224", label="input_size")
        stem = gr.Textbox(STEMS[0], label="stem")
        file = gr.File(label="file")
        files = Files(label="files")
        record = gr.JSON(label="record")
        overlay = gr.Image(label="overlay", format="png")
    chosen, own = [model, weights], [checkpoint, class_names]
    _declare(classify, [image, *chosen, top_k, device, *own], record, **MODEL_WORK)
    _declare(
        explain, [image, class_name, layer, method, *chosen, device, *own], [record, overlay],
        **EXPLAIN_WORK,
    )  # fmt: skip
    _declare(architecture, [name, classes, input_size, stem], record)
    _declare(inspect_checkpoint, [file], record)
    _declare(batch, [files, *chosen, top_k, device, *own], record, **MODEL_WORK)


def _declare(function: Callable[..., Any], inputs: list[Any], outputs: Any, **work: Any) -> None:
    """Under its own name: Gradio's API goes by the name that is given here, MCP by the function's."""
    # A load event would run at every visit; a hidden button's click runs for nobody but a program.
    gr.Button(visible=False).click(
        for_programs(function), inputs, outputs, api_name=function.__name__, show_progress="hidden", **work
    )


def classify(
    image: str | None,
    model: str | None = None,
    weights: str | None = None,
    top_k: float = 5,
    device: str = "auto",
    checkpoint: str | None = None,
    class_names: str | None = None,
) -> dict[str, Any]:
    """Answer one picture with its top-k classes.

    Args:
        image: a picture file (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF).
        model: the network, such as resnet18; resnet18 where not given.
        weights: ants-bees, ants-bees-v1, imagenet, imagenet-v1, imagenet-v2 or random; ants-bees for resnet18 where not
            given.
        top_k: how many classes, 1 to 10.
        device: auto, cpu, cuda, cuda:N or mps.
        checkpoint: a .safetensors or torch.save file of your own, in place of weights.
        class_names: names of the classes in the order of the outputs: ants,bees.

    Returns:
        The record of `predict --json`: file, error, predictions, model, ms.
    """
    from resnet_app.inference import predict

    loaded = _model(model, weights, device, checkpoint, class_names)
    return predict.json_object(loaded, _name(image), predict.classify(loaded, _given(image), top_k=count(top_k)))


def explain(
    image: str | None,
    class_name: str | None = None,
    layer: str = "layer4",
    method: str = "gradcam",
    model: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    checkpoint: str | None = None,
    class_names: str | None = None,
) -> tuple[dict[str, Any], Any]:
    """Show where one class's score was raised in a picture.

    Args:
        image: a picture file.
        class_name: the class to explain; the best answer where not given.
        layer: layer1 to layer4, a block such as layer3.0, or several to be fused: layer2+layer3.
        method: gradcam, gradcam++, hirescam, xgradcam, layercam, eigencam, finercam, refinecam, scorecam or
            ablationcam.
        model: the network; resnet18 where not given.
        weights: ants-bees, ants-bees-v1, imagenet, imagenet-v1, imagenet-v2 or random.
        device: auto, cpu, cuda, cuda:N or mps.
        checkpoint: a .safetensors or torch.save file of your own, in place of weights.
        class_names: names of the classes in the order of the outputs: ants,bees.

    Returns:
        The record of `predict --json`, and the picture with the map over it.
    """
    from resnet_app.device import clock
    from resnet_app.explain import cam, overlay
    from resnet_app.inference import predict
    from resnet_app.progress import finish

    loaded = _model(model, weights, device, checkpoint, class_names)
    layers = cam.parse_layers(layer)
    chosen = cam.choose(loaded.network, layers, method)
    passes = cam.passes(loaded.network, chosen)
    if passes > MOST_PASSES:
        raise ResNetAppError(f"This takes {passes} passes; a program gets at most {MOST_PASSES}. Take fewer layers.")
    result = predict.classify(loaded, _given(image), keep=chosen.paths)
    index = _class_index(loaded.class_names, class_name) if class_name else result.predictions[0].index
    started = clock(loaded.device)
    work = carried_out(
        cam.heatmaps_in_steps, loaded, result, [index], chosen, passes=cam.cost(loaded.network, chosen, 1)
    )
    (heatmap,) = finish(work)
    timing = replace(result.timing, cam=clock(loaded.device) - started)
    overlaid = overlay.draw(result.crop, heatmap)
    return predict.json_object(loaded, _name(image), result, timing), overlaid


def _class_index(class_names: Sequence[str], class_name: str) -> int:
    if class_name not in class_names:
        some = [*class_names[:10], "..."] if len(class_names) > 10 else list(class_names)
        raise UnknownChoiceError("class", class_name, some)
    return class_names.index(class_name)


def architecture(
    model: str = BUNDLED_MODEL, classes: float = 1000, input_size: str = "224x224", stem: str = STEMS[0]
) -> dict[str, Any]:
    """A network's stages: shapes, parameters, MACs, stride, receptive field.

    Args:
        model: the network, such as resnet50.
        classes: outputs of the last layer.
        input_size: HEIGHTxWIDTH.
        stem: imagenet or cifar.

    Returns:
        The record of `summary --json`.
    """
    from resnet_app.architecture import summary

    return summary.json_object(take_apart(model, classes, input_size, stem))


def inspect_checkpoint(file: str | None) -> dict[str, Any]:
    """Say what a checkpoint file holds, without running anything in it.

    Args:
        file: a .safetensors file, or one written by torch.save.

    Returns:
        The record of `inspect --json`.
    """
    from resnet_app.checkpoints import inspect

    found = inspect.inspect(_given(file, "checkpoint"))
    return dict(json.loads(json.dumps(found, default=str)))  # metadata may hold what JSON does not


def batch(
    files: list[str] | None,
    model: str | None = None,
    weights: str | None = None,
    top_k: float = 5,
    device: str = "auto",
    checkpoint: str | None = None,
    class_names: str | None = None,
) -> list[dict[str, Any]]:
    """Answer many pictures; a broken one gets its error and the rest go on.

    Args:
        files: picture files, or zips of them.
        model: the network; resnet18 where not given.
        weights: ants-bees, ants-bees-v1, imagenet, imagenet-v1, imagenet-v2 or random.
        top_k: how many classes each, 1 to 10.
        device: auto, cpu, cuda, cuda:N or mps.
        checkpoint: a .safetensors or torch.save file of your own, in place of weights.
        class_names: names of the classes in the order of the outputs: ants,bees.

    Returns:
        The array of `predict --json`, in the order of the files.
    """
    from resnet_app.many import batch as batch_inference

    pictures = brought(ENGLISH, files or [], new_path("unpacked"))
    loaded = _model(model, weights, device, checkpoint, class_names)
    names = [each.name for each in pictures]
    photos = batch_inference.Photos([each.file for each in pictures], loaded.recipe)
    rows = carried_out(batch_inference.answered, loaded, photos, names, passes=len(names), top_k=count(top_k))
    return [row.json_object for row in rows]


def _model(
    model: str | None, weights: str | None, device: str, checkpoint: str | None, class_names: str | None
) -> LoadedModel:
    """The model that a program asks for, as the command line's options of the same names would."""
    from resnet_app.checkpoints.class_names import parse_class_names
    from resnet_app.inference import models
    from resnet_app.inference.cache import shared_cache

    names = parse_class_names(class_names or "") or None
    return shared_cache().get(
        models.choose(model or None, weights or None, device=device, checkpoint=checkpoint or None, class_names=names)
    )


def _given(path: str | None, what: str = "picture") -> str:
    if not path:
        raise ResNetAppError(f"No {what} was given; send a file.")
    return path


def _name(path: str | None) -> str:
    return Path(path).name if path else ""
