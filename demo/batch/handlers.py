"""The Batch tab's work: many photos -> a grid and a table that grow, and all of it to take along."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.hosting.zero_gpu import carried_out
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.files import brought, new_path
from demo.ui.session import PageInputs, resolve

if TYPE_CHECKING:
    from resnet_app.many.batch import Row
    from resnet_app.many.sources import Source
    from resnet_app.many.truth import Counted

LOOK_S = 0.5  # between two looks at a batch under way
GROWTH = 1.5  # the grid is painted anew when it has grown by so much: each time, all of it travels to the page
READERS = 2  # threads that read pictures ahead
ON, OFF = gr.update(visible=True), gr.update(visible=False)


@dataclass
class Wish:
    """What a visitor wants of the batch under way, whichever thread carries it out.

    Attributes:
        to_stop: that it ends after the picture at hand.
    """

    to_stop: bool = False


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    files: Any
    with_maps: Any
    wish: Any


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    progress: Any = gr.skip()
    go: Any = gr.skip()
    stop: Any = gr.skip()
    result: Any = gr.skip()
    archive: Any = gr.skip()
    opened: Any = gr.skip()
    problem: Any = gr.skip()


FAILED = Shown(progress="", go=ON, stop=OFF)


def waiting(wish: Wish, language: str) -> list[Any]:
    """At once, until it is this visitor's turn: words, and Cancel in the place of the button."""
    wish.to_stop = False
    return list(Shown(progress=html.note(text(language, "slow_waiting")), go=OFF, stop=ON, archive=OFF))


def stop(wish: Wish) -> None:
    """Cancel: what is answered stays, and can be taken along."""
    wish.to_stop = True


def answer(asked: Asked) -> Iterator[Shown]:
    """How far it is, twice a second; the grid and the table as they grow; all of it at the end."""
    from demo.batch import view
    from resnet_app.many.truth import Counted

    language = asked.page.language
    with TemporaryDirectory(prefix="resnet-explorer-") as folder:
        pictures = brought(language, asked.files or [], new_path("unpacked"))
        opened = tuple(str(each.file) for each in pictures)
        work = _Work(asked, pictures, Path(folder) / "maps")
        run = work.run
        counted = Counted([each.folder for each in pictures], run.model.class_names)
        started, looked, painted = time.monotonic(), 0.0, 0
        for row in work.rows():
            counted.add(run.count - 1, [each.label for each in row.predictions], _probability(row))
            if asked.wish.to_stop:
                break
            if time.monotonic() - looked > LOOK_S and run.count < len(pictures):
                looked = time.monotonic()
                grown = run.count >= GROWTH * painted
                painted = run.count if grown else painted
                yield Shown(
                    view.progress(language, run.count, len(pictures), looked - started),
                    result=view.batch(language, run, len(pictures), counted) if grown else gr.skip(),
                    opened=opened,
                    problem=no_problem(),
                )
        result = view.batch(language, run, len(pictures), counted, is_done=True)
        archive = gr.update(value=work.archive(counted), visible=True) if asked.with_maps and run.count else OFF
    yield FAILED._replace(result=result, archive=archive, opened=opened, problem=no_problem())


def _probability(row: Row) -> float:
    return row.predictions[0].probability if row.predictions else 0.0


class _Work:
    """A batch with or without maps, and its files."""

    def __init__(self, asked: Asked, pictures: Sequence[Source], folder: Path) -> None:
        from resnet_app.explain.map_folder import MapFolder
        from resnet_app.many.batch import Batch

        model = resolve(asked.page).model
        self._folder = folder
        self._files, self._names = [each.file for each in pictures], [each.name for each in pictures]
        self._maps = MapFolder(folder, model) if asked.with_maps and pictures else None
        self.run = Batch(model, top_k=1, keep_thumbnails=True, maps=self._maps)

    def rows(self) -> Iterator[Row]:
        """Each picture's row, once it is kept."""
        from resnet_app.inference.rounding import is_rounded
        from resnet_app.many.batch import Photos, answered

        if self._maps or is_rounded(self.run.model):  # made here: what a map is made from is too much to travel
            yield from self.run.rows(self._files, self._names, workers=READERS)
            return
        model = self.run.model
        photos = Photos(self._files, model.recipe, READERS)
        rows = carried_out(answered, model, photos, self._names, passes=len(self._files), top_k=1)
        for row in rows:
            self.run.keep(row)
            yield row

    def archive(self, counted: Counted) -> str:
        """One zip with the table, the contact sheet, the maps and their manifest.

        Raises:
            OutputError: there is no room for it.
        """
        from demo.batch.view import wrong_ones
        from resnet_app.many.contact_sheet import contact_sheet
        from resnet_app.many.table import as_csv
        from resnet_app.outputs import writing

        assert self._maps
        path = new_path("photos-answered.zip")
        with writing(path):
            self._maps.finish()
            (self._folder / "answers.csv").write_bytes(as_csv(self.run).encode("utf-8-sig"))
            contact_sheet(self.run.done, wrong=wrong_ones(self.run, counted)).save(self._folder / "contact-sheet.jpg")
            try:
                with zipfile.ZipFile(path, "w") as archive:  # pictures are packed already
                    for each in sorted(self._folder.iterdir()):
                        archive.write(each, each.name)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
        return str(path)
