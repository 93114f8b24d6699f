"""A name from an untrusted file, fit to stand in a sentence."""

SHOWN = 40  # characters of a name from a file


def printable(name: str) -> str:
    """A name from a file, fit to be shown: short, without control, bidi or unpaired characters."""
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name[:SHOWN])
    return shown + ("..." if len(name) > SHOWN else "")
