"""Is it the bee or the flower? The bundled models' answers with the insect taken out, alone, and in other photographs.

Run: python -m benchmarks.reason [--photos DIR] [--checkpoint FILE]
     python -m benchmarks.reason --record    (writes resnet_app/robustness/reason_recorded.json)

The outlines in reason_masks.json were drawn by hand, before any answer was looked at, on all validation photographs
where they can be: at most five insects, in focus, the nearest one whole within the square but for legs, feelers and
wings, and neither so small nor so hidden that it cannot be found. Shadows and reflections are not outlined.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from resnet_app.inference import models
from resnet_app.inference.cache import shared_cache
from resnet_app.outputs import sha256
from resnet_app.progress import finish
from resnet_app.registry import BUNDLED, BUNDLED_FILES, BUNDLED_V1
from resnet_app.robustness import reason_study
from resnet_app.robustness.reason_record import RECORDED, Reasons, Row

HERE = Path(__file__).parent
MASKS = HERE / "reason_masks.json"
PHOTOS = HERE.parents[1] / "shared" / "photos" / "hymenoptera" / "val"
TITLES = {
    "photo": "the photograph", "no_object": "insect painted out", "no_box": "its rectangle painted out",
    "only_object": "insect alone, on grey", "swapped_same": "insect in another photograph of its class (the control)",
    "swapped_other": "insect in a photograph of the other class", "shuffled": "4 × 4 patches, shuffled",
}  # fmt: skip


def _line(row: Row) -> str:
    total = row.total
    by_class = " | ".join(f"{each.right} of {each.of}" for each in row.classes.values())
    interval = f" ({row.interval[0]:.0%} to {row.interval[1]:.0%})" if row.interval else ""
    return (
        f"| {TITLES[row.variant]} | {total.right} of {total.of} | {total.right / total.of:.0%}{interval} | {by_class} "
        f"| {total.probability:.3f} |"
    )


def table(found: Reasons) -> str:
    """Markdown for README.md."""
    names = list(found.rows[0].classes)
    head = f"| variant | right | share (95 % interval) | {' | '.join(names)} | mean probability of the true class |"
    return "\n".join([head, "|---" * (4 + len(names)) + "|", *map(_line, found.rows)])


def _short(value: Any) -> Any:
    """Four decimals of each number."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    return [_short(each) for each in value] if isinstance(value, list | tuple) else value


def measured(file: Path, photos: Path) -> Reasons:
    """What a model answers to the outlined photographs of a folder, and to their variants."""
    model = shared_cache().get(models.choose(checkpoint=file, device="cpu"))
    outlined = reason_study.read(model, photos, json.loads(MASKS.read_text("utf-8")))
    return finish(reason_study.measured(model, outlined, checksum=sha256(file)))


def main() -> None:
    """Print the table, and write the file where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reason")
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--checkpoint", type=Path, help="another model; otherwise both bundled ones")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if options.record and options.checkpoint:
        parser.error("what is recorded is of the bundled models; leave out --checkpoint")
    files = [options.checkpoint] if options.checkpoint else [BUNDLED_FILES[BUNDLED_V1], BUNDLED_FILES[BUNDLED]]
    record = {}
    for file in files:
        found = measured(file, options.photos)
        print(f"\n{file.name}\n\n{table(found)}\n")
        print(f"{found.photos} photographs, {found.partners} partners of each class; model {found.model}, {found.date}")
        record[file.stem] = _short(found.as_json())
    if options.record:
        RECORDED.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
