"""What a person takes along of an explanation: pictures, raw maps, a table, and a manifest of how they came about."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from resnet_app import __version__
from resnet_app.choices import OWN_WAY
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.overlay import contours, draw, over
from resnet_app.explain.region import Region, region
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer, describe_model
from resnet_app.outputs import file_stem, inert, line_of, sha256

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "grad-cam")
MADE_BY = "ResNet Explorer "
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the same explanation gives the same bytes


def png(image: Image.Image) -> bytes:
    """A picture as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def npy(heatmap: Heatmap) -> bytes:
    """A raw map, (h, w) float32, as ``numpy.load`` reads it."""
    buffer = io.BytesIO()
    np.save(buffer, heatmap.raw)
    return buffer.getvalue()


def predictions_csv(model: LoadedModel, answered: Iterable[tuple[str, Tensor]]) -> str:
    """A line for each class of each picture (its name and its logits), best first."""
    lines = [line_of(["file", "rank", "index", "label", "probability", "logit"])]
    for file, logits in answered:
        probabilities = logits.softmax(0)
        for rank, index in enumerate(logits.argsort(descending=True).tolist(), start=1):
            figures = (f"{float(probabilities[index]):.6f}", f"{float(logits[index]):.6f}")
            lines.append(line_of([inert(file), str(rank), str(index), inert(model.class_names[index]), *figures]))
    return "".join(lines)


def manifest(model: LoadedModel, pictures: Sequence[dict[str, Any]], *, layer: str, method: str) -> dict[str, Any]:
    """How the maps came about: versions, model, weights, layer, method, and each picture with its SHA-256."""
    return {
        "made_by": f"{MADE_BY}{__version__}",
        "versions": versions(),
        "model": {
            **describe_model(model),
            "class_names": list(model.class_names),
            "preprocessing": model.recipe.as_dict(),
            "forward": "oneDNN, packed" if model.backbone.is_packed else "eager",
        },
        "weights": weights_record(model),
        "layer": layer,
        "method": method,
        "unlike_pytorch_grad_cam": OWN_WAY.get(method),
        "pictures": list(pictures),
    }


def picture_record(
    model: LoadedModel, answer: Answer, digest: str, maps: Sequence[tuple[Heatmap, list[str], Region | None]]
) -> dict[str, Any]:
    """One picture in a manifest: its file's SHA-256, each of its maps with the files that show it, and its box."""
    probabilities = answer.logits.softmax(0)
    return {
        "file": answer.file,
        "sha256": digest,
        "maps": [
            {
                "index": heatmap.index,
                "class": model.class_names[heatmap.index],
                "probability": float(probabilities[heatmap.index]),
                "layer": heatmap.layer,
                "method": heatmap.method,
                "raw_peak": heatmap.peak,
                "raw_unit": "logits per position" if heatmap.in_logits else "the method's own",
                "evidence": heatmap.has_evidence,
                **({"threshold_percent_of_peak": found.threshold, "box": list(found.box)} if found else {}),
                "files": files,
            }
            for heatmap, files, found in maps
        ],
    }


def bundle(
    model: LoadedModel, answer: Answer, path: Path, heatmaps: Sequence[Heatmap], *, colours: str, threshold: int = 0
) -> bytes:
    """One zip: the crop, each map over it in colours and in lines, the raw maps, the answers, the manifest.

    Args:
        model: what answered.
        answer: to the picture.
        path: the picture's file.
        heatmaps: one or more of one layer and method.
        colours: one of ``colours.COLOUR_MAPS``.
        threshold: per cent of a map's peak: each map's mask and box too; 0 for none.

    Raises:
        ResNetAppError: the threshold is none.
    """
    files: dict[str, bytes] = {"crop.png": png(answer.crop)}
    listed = []
    for number, heatmap in enumerate(heatmaps, start=1):
        stem = file_stem(str(number), model.class_names[heatmap.index], heatmap.layer, heatmap.method)
        lines = over(answer.crop, contours(heatmap.on_scale(heatmap.peak)), opacity=1)
        own = {
            f"{stem}.png": png(draw(answer.crop, heatmap, colours=colours)),
            f"{stem}_contours.png": png(lines),
            f"{stem}.npy": npy(heatmap),
        }
        found = region(heatmap, threshold) if threshold else None
        if found:
            own[f"{stem}_mask.png"] = png(Image.fromarray(found.mask))
        files |= own
        listed.append((heatmap, list(own), found))
    files["predictions.csv"] = predictions_csv(model, [(answer.file, answer.logits)]).encode("utf-8-sig")
    told = manifest(
        model,
        [picture_record(model, answer, sha256(path), listed)],
        layer=heatmaps[0].layer,
        method=heatmaps[0].method,
    )
    files["manifest.json"] = as_json(told).encode()
    return zipped(files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files by name as one zip; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content)
    return buffer.getvalue()


def as_json(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def weights_record(model: LoadedModel) -> dict[str, str]:
    """The SHA-256 of the float32 tensors (name, then bytes, in the state dict's order), and of the file, if any."""
    digest = hashlib.sha256()
    for name, tensor in model.network.state_dict().items():
        if tensor.is_floating_point():  # num_batches_tracked counts, and says nothing of what the network answers
            digest.update(name.encode())
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
    found = {"name": model.weights_name, "tensors_sha256": digest.hexdigest()}
    path = model.file
    if path is not None and path.is_file() and model.choice.head is None:
        found["file_sha256"] = sha256(path)
    return found


def versions() -> dict[str, str]:
    """Python's version, and those of the packages that figures depend on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
