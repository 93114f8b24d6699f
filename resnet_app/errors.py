"""The errors that a person may see: one plain sentence each, never a traceback."""

from __future__ import annotations

from resnet_app.naming import shown


class ResNetAppError(ValueError):
    """Anything a person can mend; the text says what was wrong, what is accepted and what to do.

    Attributes:
        code: names the kind of error for a page in another language, where it has words for it.
        values: what stands in the blanks of those words.
    """

    def __init__(self, message: str, *, code: str = "", **values: object) -> None:
        super().__init__(shown(message))  # it may hold a file's name
        self.code = code
        self.values = {name: shown(each) if isinstance(each, str) else each for name, each in values.items()}

    @classmethod
    def unreadable(cls, name: str, error: OSError) -> ResNetAppError:
        """A file that is there and may not be opened, or lies on a disk that fails."""
        why = error.strerror or str(error)
        message = f"{name} cannot be read ({why}); check who may open it."
        return cls(message, code="unreadable_file", name=name, why=why)

    def alone(self) -> ResNetAppError:
        """The same without what led to it, to be kept: a traceback holds the pictures that were worked on."""
        return ResNetAppError(str(self), code=self.code, **self.values)


class UnknownChoiceError(ResNetAppError):
    """A name that is not one of the choices."""

    def __init__(self, what: str, given: object, choices: list[str]) -> None:
        super().__init__(f"Unknown {what} '{str(given)[:60]}'; choose one of {', '.join(choices)}.")


class DeviceError(ResNetAppError):
    """A device that this machine does not have, that failed, or that is slower in the precision asked for."""


class PictureError(ResNetAppError):
    """A file that is not a picture we read."""


class CheckpointError(ResNetAppError):
    """A file that does not hold weights of a network we build."""


class ClassNamesError(CheckpointError):
    """Class names that do not fit the model."""


class WeightsError(ResNetAppError):
    """Published weights that this network does not have, or that are neither here nor to be had."""


class DataError(ResNetAppError):
    """Data or settings that cannot be trained on or predicted from."""


class OutputError(ResNetAppError):
    """A place that cannot be written to."""
