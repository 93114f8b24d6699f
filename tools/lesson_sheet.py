"""Writes the students' sheet of the lesson into docs/, in each language: what the tab Lesson prints.

Run: python -m tools.lesson_sheet
"""

from __future__ import annotations

from pathlib import Path
from string import ascii_uppercase

from demo.lesson.layout import questions
from demo.locales import ENGLISH, LANGUAGES, text

DOCS = Path(__file__).parents[1] / "docs"


def path(language: str) -> Path:
    """Where a language's sheet lies."""
    return DOCS / ("lesson-sheet.md" if language == ENGLISH else f"lesson-sheet.{language}.md")


def sheet(language: str) -> str:
    """A language's sheet in Markdown."""
    lines = [f"# {text(language, 'lesson_title')}", "", f"{text(language, 'lesson_sheet_name')}: ______________", ""]
    lines += [text(language, "lesson_sheet_note"), ""]
    for number, (title, tell, ask, choices) in enumerate(questions(language), start=1):
        lines += [f"## {number}. {title}", "", tell, "", f"**{ask}**", ""]
        letters = ascii_uppercase[: len(choices)]
        lines += [f"- {letter}. {words}" for letter, words in zip(letters, choices, strict=True)]
        lines += ["", *(f"{text(language, f'lesson_sheet_{key}')}: ______________\n" for key in ("why", "after"))]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write them all."""
    for language in LANGUAGES:
        path(language).write_text(sheet(language), "utf-8")


if __name__ == "__main__":
    main()
