"""What `predict` says: a line a picture, a bar where nobody watches the lines, and what all answers say together."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

    from resnet_app.inference.rounding import Rounding
    from resnet_app.many.batch import Batch, Row
    from resnet_app.many.truth import Tally

MISTAKES_SHOWN = 10  # pairs of classes


def line(number: int, total: int, row: Row) -> str:
    """One picture's line."""
    if row.error:
        return f"{number}/{total}: {row.file}  {row.error}"
    best = row.predictions[0]
    return f"{number}/{total}: {row.file}  {best.label} {best.probability:.3f}  {row.timing.total / 1000:.3f}s"


def progress(total: int, done: int, *, has_lines: bool) -> tqdm[NoReturn]:
    """A bar with rate and time left, where no lines are watched in its place.

    Args:
        total: pictures.
        done: those that an earlier run has answered.
        has_lines: whether stdout gets a line a picture.
    """
    from tqdm import tqdm

    is_watched = sys.stderr.isatty() and not (has_lines and sys.stdout.isatty())
    return tqdm(total=total, initial=done, unit="picture", file=sys.stderr, disable=not is_watched, dynamic_ncols=True)


def kept(count: int, total: int) -> str:
    """How many an earlier run has answered, of all."""
    return f"{count} of {total} answered by an earlier run"


def whole(run: Batch, seconds: float) -> str:
    """The last line: the device, the time, and how many a second."""
    rate = f"   {run.count / seconds:.1f} a second" if run.count > 1 else ""
    return f"device {run.model.device.title}   total {run.total_ms / 1000:.3f}s   mean {run.mean_ms / 1000:.3f}s{rate}"


def right(tally: Tally, class_names: Sequence[str]) -> Iterator[str]:
    """How right the answers are, in lines; none where no folder is named as a class."""
    if not tally.count:
        return
    low, high = tally.interval
    yield (
        f"accuracy {tally.accuracy:.1%}: {tally.right} of {tally.count} whose folder is named as a class "
        f"(95 %: {low:.1%} to {high:.1%})"
    )
    yield f"mean confidence {tally.mean_confidence:.1%}   expected calibration error {tally.calibration_error:.3f}"
    mistaken = tally.as_dict(class_names)["mistaken"]
    for each in mistaken[:MISTAKES_SHOWN]:
        yield f"{each['true']} taken for {each['answered']}: {each['pictures']}"
    if len(mistaken) > MISTAKES_SHOWN:
        yield f"and {len(mistaken) - MISTAKES_SHOWN} more such pairs"


def rounded(found: Rounding) -> Iterator[str]:
    """What half the bits cost, on the first pictures; nothing of a float32 pass."""
    if found.count:
        yield (
            f"bfloat16 beside float32 on {found.count} pictures: the same best answer on {found.same}, logits differ "
            f"by at most {found.difference:.3f} ({found.share:.2%} of the picture's largest)"
        )
