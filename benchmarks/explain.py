"""Forward passes and heat maps against their peers, in one run, taken in turn: medians, spread, ratios.

Peers: eager torchvision; ``pytorch_grad_cam.GradCAM`` as its README uses it; TorchCAM (where Python is 3.11 or newer);
ONNX Runtime and OpenVINO where they are installed (``pip install -r benchmarks/requirements.txt``). The peak is
measured by peak.c where there is a compiler. Random weights: they take no other time than trained ones.

Each runtime lives in a process of its own and works when it is its turn: in one process, the threads that one leaves
spinning or bound to a core would be another's loss.

Run: python -m benchmarks.explain [repeats] [network ...]
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

NETWORKS = ("resnet18", "resnet50", "resnet152", "resnext50_32x4d")
FIVE = [1, 7, 281, 340, 999]
MANY = 8  # photos of a pass, whose time is told for each
AT_ONCE, ON_EACH = ", 8 at once", ", 8 on each core"
PAUSE_S = 0.05  # for the threads of the side before to go to sleep
Work = Callable[[], object]


def ours(name: str) -> dict[str, Work]:
    """This project: from the model's input to the logits, or to the maps."""
    import torch
    from PIL import Image

    from resnet_app.device import has_quick_bfloat16
    from resnet_app.explain import cam
    from resnet_app.inference import models
    from resnet_app.inference.predict import Answer, Timing

    model = models.load(models.choose(name, "random", device="cpu"))
    pixels, crop = torch.randn(1, 3, 224, 224), Image.new("RGB", (224, 224))
    third = cam.choose(model.network, ["layer3"]).paths[0]

    def answer(*keep: str) -> Answer:
        with torch.inference_mode():
            held = (model.backbone.eager_outputs if keep else model.backbone.outputs)(pixels, keep)
            logits = model.network.forward_head(held[model.backbone.last])[0]
        return Answer("made up", (), crop, pixels, logits, held, Timing())

    def passes(through: models.LoadedModel, given: torch.Tensor) -> Work:
        def work() -> None:
            with torch.inference_mode():
                through.network.forward_head(through.backbone(given))

        return work

    eight = torch.randn(MANY, 3, 224, 224)
    at_once = passes(model.for_many(2 * MANY), eight)
    sides = {"ours" + AT_ONCE: at_once, "ours" + ON_EACH: on_each_core([at_once] * torch.get_num_threads())}
    if has_quick_bfloat16(model.device):
        half = models.load(models.choose(name, "random", device="cpu", precision="bfloat16"))
        sides["ours, bfloat16"] = passes(half, pixels)
        sides["ours, bfloat16" + AT_ONCE] = passes(half.for_many(2 * MANY), eight)
    return {
        **sides,
        "ours": answer,
        "ours, layer4, 1 class": lambda: cam.heatmaps(model, answer(), FIVE[:1]),
        "ours, layer4, 5 classes": lambda: cam.heatmaps(model, answer(), FIVE),
        "ours, layer3, 1 class": lambda: cam.heatmaps(model, answer(third), FIVE[:1], layers=["layer3"]),
    }


def on_each_core(works: list[Work]) -> Work:
    """All of them at the same time, each in a thread that computes on one core: as many as there are cores."""
    from resnet_app.device import take_cores

    pool = ThreadPoolExecutor(len(works), initializer=take_cores, initargs=(1,))
    return lambda: list(pool.map(lambda work: work(), works))


def torch_peers(name: str) -> dict[str, Work]:
    """Eager torchvision, and the two libraries on it."""
    import torch
    import torchvision
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network, pixels = torchvision.models.get_model(name).eval(), torch.randn(1, 3, 224, 224)

    eight = torch.randn(MANY, 3, 224, 224)

    def eager(given: torch.Tensor = pixels) -> None:
        with torch.inference_mode():
            network(given)

    def library(layer: torch.nn.Module, classes: list[int]) -> None:
        with GradCAM(model=network, target_layers=[layer]) as cam:
            for index in classes:
                cam(input_tensor=pixels, targets=[ClassifierOutputTarget(index)])

    sides: dict[str, Work] = {
        "eager": eager,
        "eager" + AT_ONCE: lambda: eager(eight),
        "library, layer4, 1 class": lambda: library(network.layer4[-1], FIVE[:1]),
        "library, layer4, 5 classes": lambda: library(network.layer4[-1], FIVE),
        "library, layer3, 1 class": lambda: library(network.layer3[-1], FIVE[:1]),
    }
    try:
        import torchcam.methods
    except ImportError:
        return sides

    def torch_cam() -> None:
        with torchcam.methods.GradCAM(network, target_layer=network.layer4) as cam:
            cam(FIVE[0], network(pixels))

    return {**sides, "TorchCAM, layer4, 1 class": torch_cam}


def exported(name: str, folder: str) -> Path:
    """The network as an ONNX file."""
    import torch
    import torchvision

    path = Path(folder) / f"{name}.onnx"
    network = torchvision.models.get_model(name).eval()
    any_number = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
    torch.onnx.export(network, (torch.randn(1, 3, 224, 224),), path, dynamo=False, **any_number)
    return path


def onnx_runtime(name: str) -> dict[str, Work]:
    """ONNX Runtime, as many threads as torch takes."""
    import numpy as np
    import onnxruntime
    import torch

    def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    cores = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = exported(name, folder)
        on_all, on_one = session(path, cores), session(path, 1)
    given = np.random.default_rng(0).random((MANY, 3, 224, 224), np.float32)
    return {
        "ONNX Runtime": lambda: on_all.run(None, {"x": given[:1]}),
        "ONNX Runtime" + AT_ONCE: lambda: on_all.run(None, {"x": given}),
        "ONNX Runtime" + ON_EACH: on_each_core([lambda: on_one.run(None, {"x": given})] * cores),
    }


def openvino(name: str) -> dict[str, Work]:
    """OpenVINO in float32 and, where this CPU has it, bfloat16; as many threads as torch takes."""
    import numpy as np
    import openvino as library
    import torch

    from resnet_app.device import Device, has_quick_bfloat16

    given = np.random.default_rng(0).random((MANY, 3, 224, 224), np.float32)
    kinds = [("OpenVINO", "f32", 1), ("OpenVINO" + AT_ONCE, "f32", MANY)]
    if has_quick_bfloat16(Device("cpu", "CPU")):
        kinds.append(("OpenVINO, bfloat16", "bf16", 1))
    with tempfile.TemporaryDirectory() as folder:
        path, sides = exported(name, folder), {}
        for title, precision, count in kinds:
            settings = {
                "INFERENCE_NUM_THREADS": torch.get_num_threads(), "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": precision,
            }  # fmt: skip
            read = library.Core().read_model(path)
            read.reshape([count, 3, 224, 224])
            compiled = library.Core().compile_model(read, "CPU", settings).create_infer_request()
            sides[title] = lambda compiled=compiled, count=count: compiled.infer([given[:count]])
        cores = torch.get_num_threads()
        settings = {"INFERENCE_NUM_THREADS": cores, "NUM_STREAMS": cores, "INFERENCE_PRECISION_HINT": "f32"}
        read.reshape([MANY, 3, 224, 224])
        compiled = library.Core().compile_model(read, "CPU", settings)
        requests = [compiled.create_infer_request() for _ in range(cores)]
        sides["OpenVINO" + ON_EACH] = on_each_core([lambda each=each: each.infer([given]) for each in requests])
    return sides


KINDS = {"ours": ours, "torch_peers": torch_peers, "onnx_runtime": onnx_runtime, "openvino": openvino}


def work(kind: str, name: str) -> None:
    """A runtime's process: say what it can do, then time one pass of what is asked for, the one before it untimed.

    What it answers with are milliseconds for each photo.
    """
    import torch

    warnings.simplefilter("ignore")  # of the peers' own imports
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    try:
        sides = KINDS[kind](name)
    except ImportError:
        sides = {}
    print("|".join(sides), file=answers, flush=True)
    for line in sys.stdin:
        sides[line.strip()]()
        started = time.perf_counter()
        sides[line.strip()]()
        spent = 1000 * (time.perf_counter() - started)
        photos = {AT_ONCE: MANY, ON_EACH: MANY * torch.get_num_threads()}
        count = next((photos[ending] for ending in photos if line.strip().endswith(ending)), 1)
        print(spent / count, file=answers, flush=True)


class Worker:
    """A runtime in a process of its own; the threads of all of them as they come."""

    def __init__(self, kind: str, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.explain", "--worker", kind, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        self.sides = [side for side in self._read().split("|") if side]

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def milliseconds(self, side: str) -> float:
        """Of one pass, for each photo in it."""
        assert self._process.stdin is not None
        print(side, file=self._process.stdin, flush=True)
        return float(self._read())

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def measure(name: str, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of every side for one network, taken in turn; the first round warms up."""
    workers = [Worker(kind, name) for kind in KINDS]
    sides = [(worker, side) for worker in workers for side in worker.sides]
    took: dict[str, list[float]] = {}
    try:
        for turn in range(repeats + 1):
            for worker, side in sides:
                time.sleep(PAUSE_S)
                spent = worker.milliseconds(side)
                if turn:
                    took.setdefault(side, []).append(spent)
    finally:
        for worker in workers:
            worker.close()
    return took


def measured_peak() -> float | None:
    """GFLOP/s of float32 FMA on all cores, or None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        source = Path(__file__).with_name("peak.c")
        subprocess.run([compiler, "-O3", "-march=native", "-pthread", source, "-o", program], check=True)
        return float(subprocess.run([program, str(os.cpu_count())], capture_output=True, check=True).stdout)


RATIOS = (
    ("eager", "ours", "forward: eager torchvision over ours"),
    ("ours", "ONNX Runtime", "forward: ours over ONNX Runtime"),
    ("ours", "OpenVINO", "forward: ours over OpenVINO"),
    ("eager, 8 at once", "ours, 8 at once", "eight photos at once: eager torchvision over ours"),
    ("ours, 8 at once", "ONNX Runtime, 8 at once", "eight photos at once: ours over ONNX Runtime"),
    ("ours, 8 at once", "OpenVINO, 8 at once", "eight photos at once: ours over OpenVINO"),
    ("ours, 8 on each core", "ONNX Runtime, 8 on each core", "eight photos on each core: ours over ONNX Runtime"),
    ("ours, 8 on each core", "OpenVINO, 8 on each core", "eight photos on each core: ours over OpenVINO"),
    ("ours", "ours, bfloat16", "forward: ours in float32 over ours in bfloat16"),
    ("ours, bfloat16", "OpenVINO, bfloat16", "forward in bfloat16: ours over OpenVINO"),
    ("library, layer4, 1 class", "ours, layer4, 1 class", "layer4, 1 class: pytorch-grad-cam over ours"),
    ("TorchCAM, layer4, 1 class", "ours, layer4, 1 class", "layer4, 1 class: TorchCAM over ours"),
    ("library, layer4, 5 classes", "ours, layer4, 5 classes", "layer4, 5 classes: pytorch-grad-cam over ours"),
    ("ours, layer4, 5 classes", "ours", "layer4, 5 classes: ours over our forward pass alone"),
    ("library, layer3, 1 class", "ours, layer3, 1 class", "layer3, 1 class: pytorch-grad-cam over ours"),
)


def main(repeats: int = 20, networks: tuple[str, ...] = NETWORKS) -> None:
    """Print the tables for benchmarks/README.md."""
    from resnet_app.registry import get_spec

    peak = measured_peak()
    print(f"FMA peak: {f'{peak:.0f} GFLOP/s' if peak else 'not measured, no C compiler'}\n")
    took = {name: measure(name, repeats) for name in networks}
    middle = {name: {side: statistics.median(ms) for side, ms in sides.items()} for name, sides in took.items()}
    for side in sorted({side for sides in RATIOS for side in sides[:2]} - took[networks[0]].keys()):
        print(f"Left out, not installed here: {side}\n")
    print("| what | " + " | ".join(networks) + " |\n|---|" + "---|" * len(networks))
    for over, under, title in RATIOS:
        cells = [f"{m[over] / m[under]:.2f}" if {over, under} <= m.keys() else "–" for m in middle.values()]
        print(f"| {title} | " + " | ".join(cells) + " |")
    if peak:
        reached = [f"{2000 * get_spec(name).gmacs / middle[name]['ours'] / peak:.0%}" for name in networks]
        print("| our forward pass: share of the FMA peak | " + " | ".join(reached) + " |")
    print("\nMilliseconds, median (least to most):\n")
    print("| what | " + " | ".join(networks) + " |\n|---|" + "---|" * len(networks))
    for side in took[networks[0]]:
        spread = [sides[side] for sides in took.values()]
        cells = [f"{statistics.median(ms):.1f} ({min(ms):.1f} to {max(ms):.1f})" for ms in spread]
        print(f"| {side} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(*sys.argv[2:4])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, tuple(sys.argv[2:]) or NETWORKS)
