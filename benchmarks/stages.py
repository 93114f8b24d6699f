"""Where the packed pass and ONNX Runtime spend their time: stage by stage, milliseconds a photograph.

Ours is timed step by step; ONNX Runtime by its own profile, node by node, which adds a little to each. Both run in one
process, one after the other, so no thread of the one is awake while the other works.

Run: pip install -r benchmarks/requirements.txt; python -m benchmarks.stages [repeats]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.explain import exported
from resnet_app.choices import LAYERS
from resnet_app.inference import models
from resnet_app.inference.packed import PackedBlock

NETWORKS = ("resnet18", "resnet50")
STAGES = ("stem", *LAYERS, "rest")  # the rest: the mean, fc, and what brings numbers into another order
WARM_UP = 5


def ours(name: str, photos: int, repeats: int) -> dict[str, float]:
    """The packed pass, with the weights in the order that suits so many photographs."""
    model = models.load(models.choose(name, "random", device="cpu"))
    backbone = (model if photos == 1 else model.for_many(2 * photos)).backbone
    assert backbone.group == photos
    steps = backbone.prepare(224, 224)
    took: dict[str, list[float]] = defaultdict(list)

    def timed(step: str, work: Callable[[], torch.Tensor]) -> torch.Tensor:
        started = time.perf_counter()
        made = work()
        took[step].append(time.perf_counter() - started)
        return made

    with torch.inference_mode():
        for _ in range(WARM_UP + repeats):
            x = torch.randn(photos, 3, 224, 224)
            for path, step in steps.items():
                spare = {"spare": True} if isinstance(step, PackedBlock) else {}
                x = timed(path, lambda step=step, x=x, spare=spare: step(x, **spare))
            timed("rest", lambda x=x: model.network.forward_head(x))
    return _by_stage({path: each[WARM_UP:] for path, each in took.items()}, photos)


def onnx_runtime(name: str, photos: int, repeats: int) -> dict[str, float]:
    """ONNX Runtime's profile of the same network."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(exported(name, folder), options, providers=["CPUExecutionProvider"])
        given = torch.randn(photos, 3, 224, 224).numpy()
        for _ in range(WARM_UP + repeats):
            session.run(None, {"x": given})
        events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    took: dict[str, list[float]] = defaultdict(list)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            took[event["name"]].append(event["dur"] / 1e6)
    return _by_stage({node: each[WARM_UP:] for node, each in took.items()}, photos)


def _by_stage(took: dict[str, list[float]], photos: int) -> dict[str, float]:
    """Milliseconds a photograph: each step's or node's median, added up."""
    found = dict.fromkeys(STAGES, 0.0)
    for name, seconds in took.items():
        parts = name.replace(".", "/").split("/")
        stage = next((part for part in parts if part in LAYERS), "")
        if not stage:
            stage = "stem" if any(word in name for word in ("stem", "conv1", "maxpool", "MaxPool")) else "rest"
        found[stage] += 1000 * statistics.median(seconds) / photos
    return found


def main() -> None:
    """Print a table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    print("| network, photographs at once | side |", " | ".join(STAGES), "| together |")
    print("|---" * (len(STAGES) + 3) + "|")
    for name in NETWORKS:
        for photos in (1, 8):
            for title, side in (("ours", ours), ("ONNX Runtime", onnx_runtime)):
                found = side(name, photos, repeats)
                cells = " | ".join(f"{found[stage]:.2f}" for stage in STAGES)
                print(f"| {name}, {photos} | {title} | {cells} | {sum(found.values()):.2f} |", flush=True)


if __name__ == "__main__":
    main()
