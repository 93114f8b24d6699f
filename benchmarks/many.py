"""Many photographs through ``predict``, beside the loop that everybody writes first, and beside ONNX Runtime.

    ours        python -m resnet_app predict FOLDER --csv FILE, all of it: start, answers, the table
    plain       PIL, torchvision's preset, eager ResNet-18, one photograph after another
    onnx        a DataLoader with two workers, the same preset, ONNX Runtime in batches; where onnxruntime is installed

Each is a process of its own, one after another in one run; seconds count from its first answer to its last, so that
what takes long to import favours nobody. Linux alone: memory comes from /proc.

Run: python -m benchmarks.many [photographs]
"""

from __future__ import annotations

import csv
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.crowd import PHOTOS, Server

ROOT = Path(__file__).parent.parent
SIZE = (1024, 768)
BATCH = 16
WORKERS = 2

PLAIN = """
import sys
from pathlib import Path
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights
from resnet_app.inference import models
model = models.load(models.choose()).network.eval()
preset = ResNet18_Weights.IMAGENET1K_V1.transforms()
with torch.inference_mode():
    for file in sorted(Path(sys.argv[1]).iterdir()):
        probabilities = model(preset(Image.open(file).convert("RGB"))[None]).softmax(1)[0]
        print(file.name, float(probabilities.max()), flush=True)
"""
ONNX = """
import sys, tempfile
from pathlib import Path
import numpy as np
import onnxruntime
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.models import ResNet18_Weights
from resnet_app.inference import models

class Photographs(Dataset):
    def __init__(self):
        self.files = sorted(Path(sys.argv[1]).iterdir())
        self.preset = ResNet18_Weights.IMAGENET1K_V1.transforms()
    def __len__(self):
        return len(self.files)
    def __getitem__(self, at):
        return self.preset(Image.open(self.files[at]).convert("RGB"))

if __name__ == "__main__":
    network = models.load(models.choose()).network.eval()
    file = Path(tempfile.mkdtemp()) / "network.onnx"
    torch.onnx.export(network, torch.zeros(BATCH, 3, 224, 224), file, dynamo=False, input_names=["x"],
                      dynamic_axes={"x": {0: "n"}})
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    data = Photographs()
    done = 0
    for batch in DataLoader(data, batch_size=BATCH, num_workers=WORKERS):
        for logits in session.run(None, {"x": batch.numpy()})[0]:
            print(data.files[done].name, float(np.max(logits)), flush=True)
            done += 1
""".replace("BATCH", str(BATCH)).replace("WORKERS", str(WORKERS))


@dataclass
class Told:
    """What came of one way.

    Attributes:
        seconds: from the first answer to the last.
        peak: the most megabytes at once, children included.
        early, late: megabytes at a tenth of the photographs, and at the last one.
    """

    seconds: float
    peak: float
    early: float
    late: float


def main() -> None:
    """Print the table in Markdown."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder:
        photographs, table = Path(folder) / "photographs", Path(folder) / "t.csv"
        draw(photographs, count)
        ours = [sys.executable, "-m", "resnet_app", "predict", str(photographs), "--csv", str(table)]
        ways = {"ours": ours, "plain": [sys.executable, "-c", PLAIN, str(photographs)]}
        if importlib.util.find_spec("onnxruntime"):
            script = Path(folder) / "onnx_loop.py"
            script.write_text(ONNX, "utf-8")
            ways["onnx"] = [sys.executable, str(script), str(photographs)]
        print("| way | photographs/s | peak MB | MB at a tenth | at the end |\n|---|---|---|---|---|")
        for name, command in ways.items():
            told = timed(command, count)
            cells = f"{told.peak:.0f} | {told.early:.0f} | {told.late:.0f}"
            print(f"| {name} | {(count - 1) / told.seconds:.1f} | {cells} |", flush=True)
        with table.open(encoding="utf-8", newline="") as file:
            assert sum(not row["error"] for row in csv.DictReader(file)) == count


def draw(folder: Path, count: int) -> None:
    """Photographs of the size that phones send, each another part of one of the bundled pictures."""
    folder.mkdir()
    rng = random.Random(0)
    for number in range(count):
        with Image.open(PHOTOS[number % len(PHOTOS)]) as photo:
            left, top = (rng.uniform(0, 0.2) * side for side in photo.size)
            part = photo.crop(
                (round(left), round(top), round(left + 0.8 * photo.width), round(top + 0.8 * photo.height))
            )
            part.convert("RGB").resize(SIZE).save(folder / f"{number:05}.jpg", quality=90)


def timed(command: list[str], count: int) -> Told:
    """One way through all photographs; each prints a line an answer."""
    found = {**os.environ, "PYTHONPATH": str(ROOT)}  # a script of one way lies elsewhere
    process = subprocess.Popen(
        command, cwd=ROOT, env=found, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    watched = Server.of(process)
    began = ended = peak = early = 0.0
    for number, line in enumerate(process.stdout, start=1):
        if number > count or not line.strip():
            break
        ended = time.perf_counter()
        began = began or ended
        if number % max(1, count // 100) == 0 or number == count:
            now = watched.memory
            peak = max(peak, now)
            early = now if number <= count // 10 else early
            late = now
    process.communicate()
    if process.returncode:
        raise SystemExit(f"{command[:4]} ended with {process.returncode}")
    return Told(ended - began, peak, early, late)


if __name__ == "__main__":
    main()
