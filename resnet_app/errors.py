"""The errors that a person may see: one plain sentence each, never a traceback."""


class ResNetAppError(ValueError):
    """Anything a person can mend; the text says what was wrong, what is accepted and what to do."""


class UnknownChoiceError(ResNetAppError):
    """A name that is not one of the choices."""

    def __init__(self, what: str, given: object, choices: list[str]) -> None:
        super().__init__(f"Unknown {what} '{given}'; choose one of {', '.join(choices)}.")


class DeviceError(ResNetAppError):
    """A device that this machine does not have."""


class PictureError(ResNetAppError):
    """A file that is not a picture we read."""


class CheckpointError(ResNetAppError):
    """A file that does not hold weights of a network we build."""


class WeightsError(ResNetAppError):
    """Published weights that are neither here nor to be had."""


class DataError(ResNetAppError):
    """A folder that cannot be trained on or predicted from."""
