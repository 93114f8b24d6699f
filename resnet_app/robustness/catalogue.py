"""The ways to change a picture, each with its range; light, so that a page can offer them before torch is there.

Those with five severities are ImageNet-C's of that name (Hendrycks and Dietterich 2019, 1903.12261): the formula and
the five constants are those of the authors' ``make_imagenet_c.py``; ``gaussian_blur`` is one of its four extra ones.
What is not the same: ImageNet-C drew its noise anew for each picture, here it is one draw; and it stored its pictures
as JPEG of quality 85, here they go to the network as they are. So figures are like those of the paper, and not
comparable digit by digit. The others have no counterpart there.
"""

from __future__ import annotations

from dataclasses import dataclass

from resnet_app.errors import ResNetAppError, UnknownChoiceError

ATTACKS = {"fgsm": "FGSM", "pgd": "PGD"}  # the name -> its title
MAX_EPSILON = 8  # of 255 levels
COVERS = ("grey", "blurred", "mean")
POINTS = 25  # of a curve


@dataclass(frozen=True)
class Corruption:
    """One way to change a picture by one number.

    Attributes:
        name: of ours.
        low, high, step: the number's range.
        neutral: where the picture is left as it is.
        unit: the number's: px, %, degrees; empty for a share or a factor.
        graded: ImageNet-C's five severities, from the least, where it is one of theirs.
        published: what it is called there.
    """

    name: str
    low: float
    high: float
    step: float
    neutral: float
    unit: str = ""
    graded: tuple[float, ...] = ()
    published: str = ""

    def checked(self, value: object) -> float:
        """The number, where it is one within the range.

        Raises:
            ResNetAppError: it is not.
        """
        if not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise ResNetAppError(
                f"The value {str(value)[:40]} of {self.name} is out of range; give {self.low:g} to {self.high:g}.",
                code="bad_strength", given=str(value)[:40], low=f"{self.low:g}", high=f"{self.high:g}",
            )  # fmt: skip
        return float(value)

    def values(self, points: int = POINTS) -> tuple[float, ...]:
        """About so many values, evenly over the range and on its steps, with the neutral one and the graded ones."""
        even = (self.low + (self.high - self.low) * i / (points - 1) for i in range(points))
        on_steps = (self.low + round((value - self.low) / self.step) * self.step for value in even)
        return tuple(sorted({round(value, 6) for value in (*on_steps, self.neutral, *self.graded)}))

    def severity(self, value: float) -> int | None:
        """Which of ImageNet-C's severities a value is, 1 to 5; None for none."""
        return self.graded.index(value) + 1 if value in self.graded else None


CORRUPTIONS = {
    each.name: each
    for each in (
        Corruption("blur", 0, 8, 0.25, 0, "px", (1, 2, 3, 4, 6), "gaussian_blur"),
        Corruption("noise", 0, 0.5, 0.01, 0, "", (0.08, 0.12, 0.18, 0.26, 0.38), "gaussian_noise"),
        Corruption("brightness", -0.6, 0.6, 0.02, 0, "", (0.1, 0.2, 0.3, 0.4, 0.5), "brightness"),
        Corruption("contrast", 0, 2, 0.05, 1, "", (0.4, 0.3, 0.2, 0.1, 0.05), "contrast"),
        Corruption("pixelate", 0.05, 1, 0.05, 1, "", (0.6, 0.5, 0.4, 0.3, 0.25), "pixelate"),
        Corruption("jpeg", 1, 100, 1, 100, "", (25, 18, 15, 10, 7), "jpeg_compression"),
        Corruption("greyscale", 0, 1, 0.05, 0),
        Corruption("rotation", -180, 180, 5, 0, "°"),
        Corruption("scale", 0.5, 2, 0.05, 1),
        Corruption("shift", -32, 32, 1, 0, "px"),
        Corruption("shuffle", 1, 14, 1, 1),
        Corruption("lowpass", 1, 100, 1, 100, "%"),
        Corruption("highpass", 0, 50, 1, 0, "%"),
    )
}


def find(name: str) -> Corruption:
    """The corruption of that name.

    Raises:
        UnknownChoiceError: there is none.
    """
    if name not in CORRUPTIONS:
        raise UnknownChoiceError("corruption", name, list(CORRUPTIONS))
    return CORRUPTIONS[name]
