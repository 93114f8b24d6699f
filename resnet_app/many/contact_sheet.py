"""Rows of a batch -> contact sheets, four columns on white."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path, PurePath

from PIL import Image, ImageDraw, ImageFont

from resnet_app.errors import OutputError
from resnet_app.many.batch import TILE, Row
from resnet_app.outputs import require_file, writing

COLUMNS = 4
CAPTION = 44  # px under each tile
FRAME = 6  # px, around a wrong one
SHEET_PAGE = 400  # tiles; a contact sheet of more would not be looked at, and would take a gigabyte
WEBP_SIDE = 16_383  # px, the most that the format has
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
INK, PAPER, FAILED = (22, 25, 29), (255, 255, 255), (164, 35, 27)


def contact_sheet(rows: Sequence[Row], *, wrong: Collection[int] = ()) -> Image.Image:
    """The pictures with their labels; a file without an answer gets an empty frame.

    Args:
        rows: each with its thumbnail.
        wrong: places of those whose answer is known to be wrong, which are framed.
    """
    lines = max(1, -(-len(rows) // COLUMNS))
    sheet = Image.new("RGB", (COLUMNS * (TILE + 16) + 16, lines * (TILE + CAPTION) + 16), PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, row in enumerate(rows):
        x = 16 + place % COLUMNS * (TILE + 16)
        y = 16 + place // COLUMNS * (TILE + CAPTION)
        if row.thumbnail is None:
            pen.rectangle((x, y, x + TILE - 1, y + TILE - 1), outline=FAILED)
            _caption(pen, (x, y + TILE + 4), f"? {PurePath(row.file).name}", FAILED)
        else:
            sheet.paste(row.thumbnail, (x, y))
            best = row.predictions[0]
            if place in wrong:
                pen.rectangle((x, y, x + TILE - 1, y + TILE - 1), outline=FAILED, width=FRAME)
            _caption(pen, (x, y + TILE + 4), f"{best.label}  {best.probability:.1%}", FAILED if place in wrong else INK)
    return sheet


def page_size(path: Path) -> int:
    """How many tiles a page of that format takes."""
    if path.suffix.lower() == ".webp":
        return min(SHEET_PAGE, (WEBP_SIDE - 16) // (TILE + CAPTION) * COLUMNS)
    return SHEET_PAGE


def page_path(path: Path, number: int) -> Path:
    """``grid.png`` for the first page, then ``grid-2.png``."""
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def require_pages(path: Path, pictures: int) -> None:
    """Try the files that the sheets of so many pictures go to.

    Raises:
        OutputError: one cannot be written, or it is named as no picture.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"The grid cannot be written as '{path.suffix}'; name it .png, .jpg or .webp.")
    for number in range(1, 1 + -(-pictures // page_size(path))):
        require_file(page_path(path, number))


class SheetPages:
    """Takes rows as they are answered, and saves each page and lets its thumbnails go as soon as it is full.

    Attributes:
        written: the pages so far.
    """

    def __init__(self, path: Path) -> None:
        self.written: list[Path] = []
        self._path = path
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Take one row.

        Raises:
            OutputError: the page that it fills cannot be written.
        """
        self._rows.append(row)
        if len(self._rows) == page_size(self._path):
            self.finish()

    def finish(self) -> None:
        """Save the rows that are left as the last page.

        Raises:
            OutputError: it cannot be written.
        """
        if not self._rows:
            return
        path = page_path(self._path, len(self.written) + 1)
        with writing(path):
            contact_sheet(self._rows).save(path)
        self.written.append(path)
        self._rows.clear()


def _caption(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, colour: tuple[int, int, int]) -> None:
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    font = _font(text.isascii())
    while len(text) > 2 and pen.textlength(text, font=font) > TILE:
        text = text[:-2].rstrip() + "…"
    pen.text(at, text, fill=colour, font=font)


@lru_cache(maxsize=2)
def _font(latin: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, or one of the system's for scripts that it lacks."""
    for name in () if latin else ("NotoSansCJK-Regular.ttc", "PingFang.ttc", "msyh.ttc", "DejaVuSans.ttf"):
        try:
            return ImageFont.truetype(name, 18)
        except OSError:
            continue
    return ImageFont.load_default(18)
