"""A name from an untrusted file, fit to stand in a sentence."""

SHOWN = 40  # characters of a name from a file


def printable(name: str) -> str:
    """A name from a file, fit to be shown: short, without control, bidi or unpaired characters."""
    return clean(name[:SHOWN]) + ("..." if len(name) > SHOWN else "")


def clean(text: str) -> str:
    """A text from a file without what a terminal would obey: control, bidi and unpaired characters."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
