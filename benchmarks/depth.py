"""He et al.'s degradation and its cure, over three seeds: a table, or the experiment that the page has ready.

Run: python -m benchmarks.depth [--depths 20,56,110] [--seeds 3]
     python -m benchmarks.depth --record    (writes resnet_app/depth/recorded.json)
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch

from resnet_app.depth import pictures as sets
from resnet_app.depth.record import RunRecord, StudyRecord, StudySettings
from resnet_app.depth.study import Training, study

RECORDED = Path(__file__).parent.parent / "resnet_app" / "depth" / "recorded.json"


def trained(settings: StudySettings) -> StudyRecord:
    """The experiment, one network after the other on one thread each."""
    pictures = sets.load()
    records = []
    for run in settings.runs:
        training = Training(run, settings, pictures)
        epochs = [epoch for _, epoch in study([training], settings.epochs)]
        records.append(RunRecord(run, training.parameters, epochs, training.measures))
    return StudyRecord(pictures.name, settings, records)


def _short(value: Any) -> Any:
    """Four figures of each number."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    return [_short(each) for each in value] if isinstance(value, list | tuple) else value


def main() -> None:
    """Print rows for benchmarks/README.md, or write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.depth")
    parser.add_argument("--depths", default="20,56,110")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.record:
        record = trained(StudySettings(depths=(8, 20, 56, 110)))
        RECORDED.write_text(json.dumps(_short(record.as_json())) + "\n", "utf-8")
        return
    depths = tuple(int(each) for each in options.depths.split(","))
    begun = time.perf_counter()
    print("| network | seed | training loss | training error | test accuracy | seconds |\n|---|---|---|---|---|---|")
    for each in trained(StudySettings(depths=depths, seeds=tuple(range(options.seeds)))).runs:
        last = each.epochs[-1]
        loss = "none" if last.train_loss is None else f"{last.train_loss:.4f}"
        print(
            f"| {each.run.kind} {each.run.depth} | {each.run.seed} | {loss} | {100 * last.train_error:.1f} % "
            f"| {100 * (1 - last.test_error):.1f} % | {last.seconds:.1f} |"
        )
    print(f"\nin all {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
