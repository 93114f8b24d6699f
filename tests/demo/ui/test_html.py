"""Numbers as the page writes them, and the pieces of HTML that every tab has."""

import io
import json

import numpy as np
import pytest
from jinja2 import UndefinedError
from markupsafe import Markup
from PIL import Image

from demo.locales import LANGUAGES
from demo.ui import html
from tests.demo.helpers import EVIL, Tags, downloaded, rows_of


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (25_557_032, "25.6 M"),
        (4.089e9, "4.09 G"),
        (9536, "9.54 k"),
        (512, "512"),
        (0, "–"),
        (999_999, "1000 k"),
        (1e6, "1.00 M"),
        (9_999_000, "10.0 M"),
        (99_990_000, "100 M"),
    ],
)
def test_amounts_have_three_figures(value: float, words: str) -> None:
    assert html.amount(value).replace("\u202f", " ") == words


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.931, "93.1 %"), (0.0004, "< 0.1 %"), (0.99996, "> 99.9 %"), (1.0, "> 99.9 %"), (0.001, "0.1 %")],
)
def test_probabilities_are_never_rounded_to_certainty(probability: float, words: str) -> None:
    assert html.percent(probability).replace("\u202f", " ") == words


def test_bytes_have_three_figures_and_a_unit() -> None:
    found = [
        html.memory(count).replace("\u202f", " ")
        for count in (8, 1023, 2056, 400_000, 9_633_792, 10 * 2**20 - 1, 2**30)
    ]
    assert found == ["8 B", "1023 B", "2.01 KiB", "0.38 MiB", "9.19 MiB", "10.0 MiB", "1024 MiB"]


@pytest.mark.parametrize(
    ("values", "flat", "words"),
    [((64, 1, 1), False, "64×1×1"), ((1000, 1, 1), True, "1000"), ((3, 2, 5), False, "3×2×5")],
)
def test_a_map_of_one_place_is_a_map_and_a_list_of_numbers_is_none(values, flat: bool, words: str) -> None:
    assert html.shape(values, flat=flat) == words


def test_a_plain_word_has_its_exact_term_at_hand_and_nothing_else_is_markup() -> None:
    shown = html.explained("en", f"adds 3 [points|logit] to {EVIL} [x|no_such]")
    parts = Tags(shown)
    (term,) = [found for tag, found in parts.found if tag == "abbr"]
    assert "softmax" in term["title"]
    assert term["tabindex"] == "0"
    assert "img" not in [tag for tag, _ in parts.found]
    assert parts.words == f"adds 3 points to {EVIL} [x|no_such]"


def test_callout_puts_the_first_sentence_first_and_escapes() -> None:
    parts = Tags(html.callout(f"This {EVIL} is wrong. Do that instead."))
    assert ("div", {"class": "callout", "role": "alert"}) in parts.found
    assert "img" not in [tag for tag, _ in parts.found]
    assert parts.words == f"This {EVIL} is wrong.Do that instead."


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (4.5678, "4.57"), (-0.01234, "−0.0123"), (1e-4, "0.0001"), (9.9e-5, "9.90×10⁻⁵"), (-12345, "−1.23×10⁴")],
)
def test_figures_have_three_digits(value: float, words: str) -> None:
    assert html.figure(value) == words


def test_a_picture_in_the_page_is_the_picture() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8))
    uri = html.data_uri(picture, "PNG")
    assert uri.startswith("data:image/png;base64,")
    link = f'<a download="x.png" href="{uri}">x</a>'
    assert Image.open(io.BytesIO(downloaded(link, "x.png"))).tobytes() == picture.tobytes()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [html.heading, html.note, html.warning, lambda words: html.progress(words, 1, 2)])
def test_words_in_a_piece_of_the_page_are_text_and_what_is_markup_stays(make, language: str) -> None:
    assert EVIL in Tags(make(EVIL)).words
    assert "<b>7</b>" in make(Markup("<b>7</b>"))
    shown = Tags(html.status_loading(language, EVIL))
    assert EVIL in shown.words
    assert all(tag != "img" for tag, _ in shown.found)


def test_a_table_has_each_cell_and_is_called_by_its_first_head() -> None:
    shown = html.table([EVIL, "b"], [["1", EVIL], [Markup("<code>x</code>"), ""]], kind="facts")
    assert rows_of(shown) == [["1", EVIL], ["x", ""]]
    parts = Tags(shown)
    assert [a["aria-label"] for _, a in parts.found if "aria-label" in a] == [EVIL]
    assert "code" in [tag for tag, _ in parts.found]
    assert rows_of(html.table(["a"], [], kind="facts")) == []


@pytest.mark.parametrize("content", ["", "蚂蚁,1\r\n", '<script>"&'])
def test_a_text_to_save_is_saved_as_it_is(content: str) -> None:
    link = html.download(EVIL, "a.csv", content, "text/csv")
    assert downloaded(link, "a.csv") == b"\xef\xbb\xbf" + content.encode()
    assert EVIL in Tags(link).words
    plain = html.download("JSON", 'a"b.json', json.dumps([content]), "application/json")
    assert json.loads(downloaded(plain, 'a"b.json')) == [content]


def test_a_value_that_was_forgotten_is_an_error_and_not_a_gap() -> None:
    show = html.template("page.html")
    with pytest.raises(UndefinedError):
        show("progress", "en", words="half", done=1)  # no total
    with pytest.raises(KeyError):
        show("empty", "en", title="no such key", words="empty_text")
