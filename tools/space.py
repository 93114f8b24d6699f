"""Writes the folder that one pushes to Hugging Face as a Space: what the app needs, and nothing else.

Run: make space OUT=DIR
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MARK = "# Written by make space"  # by which a folder of ours is known
PAIR = {"torch": "2.11.0", "torchvision": "0.26.0"}  # the newest that ZeroGPU has
LARGEST = 10 * 2**20  # bytes: what is larger, the Hub takes by LFS only
BY_LFS = (".safetensors", ".jpg")  # the Hub may refuse any binary file that is not in LFS, whatever its size
WRITTEN = ("README.md", ".gitattributes", "requirements.txt", "app.py", "demo", "resnet_app", "assets")


class RefusedError(Exception):
    """A folder that cannot be written to; the text says why, and what to do."""


def main() -> int:
    """Write the folder; 2 with one sentence where it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", nargs="?", default="", metavar="DIR")
    try:
        out = free(parser.parse_args().out)
        write(out)
    except (RefusedError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    files = [path for name in WRITTEN for path in (out / name, *(out / name).rglob("*")) if path.is_file()]
    print(
        f"{out}: {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB; commit and push them."
    )
    return 0


def free(given: str) -> Path:
    """The folder to write: one that is new, empty, a clone without files, or ours, which then is emptied of ours.

    Raises:
        RefusedError: none was named, or it holds what is not ours.
    """
    if not given:
        raise RefusedError("Name the folder to write: make space OUT=DIR.")
    out = Path(given).expanduser()
    if out.exists() and not out.is_dir():
        raise RefusedError(f"{out} is a file; name a folder: make space OUT=DIR.")
    attributes = out / ".gitattributes"
    ours = attributes.is_file() and MARK in attributes.read_text("utf-8")
    others = {path.name for path in out.iterdir()} - {".git"} if out.is_dir() and not ours else set()
    if others:
        raise RefusedError(
            f"{out} holds {sorted(others)[0]}, which make space did not write; name a new or empty folder."
        )
    for name in WRITTEN if ours else ():
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        else:
            (out / name).unlink(missing_ok=True)
    return out


def write(out: Path) -> None:
    """Write all of it into a folder that is ``free``."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "app.py", out)
    for package in ("demo", "resnet_app"):
        shutil.copytree(ROOT / package, out / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyi", ".*"))
    shutil.copytree(ROOT / "assets" / "examples", out / "assets" / "examples", ignore=shutil.ignore_patterns(".*"))
    for weights in (ROOT / "assets").glob("*.safetensors"):
        shutil.copy(weights, out / "assets")
    shutil.copy(ROOT / "tools" / "space_readme.md", out / "README.md")
    (out / "requirements.txt").write_text(requirements(), encoding="utf-8")
    (out / ".gitattributes").write_text(attributes_of(out), encoding="utf-8")


def requirements() -> str:
    """Ours, with the pair of torch and torchvision that ZeroGPU has, and `spaces`."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    for name, version in PAIR.items():
        lines = [f"{name}=={version}" if re.match(rf"{name}\b", line) else line for line in lines]
    return "\n".join([*lines, "spaces", ""])


def attributes_of(out: Path) -> str:
    """What goes into LFS: the weights, pictures, and any other file that is large."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and ".git" not in path.relative_to(out).parts]
    large = [path for path in files if path.stat().st_size > LARGEST and path.suffix not in BY_LFS]
    names = [*(f"*{suffix}" for suffix in BY_LFS), *(path.relative_to(out).as_posix() for path in large)]
    return "".join([f"{MARK}\n", *(f"{name} filter=lfs diff=lfs merge=lfs -text\n" for name in names)])


if __name__ == "__main__":
    sys.exit(main())
