"""The terminal: JSON that comes back whatever it takes, letters of any script, and what Ctrl-C does when."""

import io
import json
import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resnet_app.cli.console import Interrupts, print_json, speak_any_locale

EXAMPLES = settings(
    max_examples=30, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
ENCODINGS = ["utf-8", "UTF8", "ascii", "latin-1", "cp1252", "utf-16", "gb18030"]


def printed(monkeypatch, encoding, do):
    """What reaches a terminal of that encoding, as bytes."""
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        speak_any_locale()
        do()
        out.flush()
    return out.buffer.getvalue()


@pytest.mark.parametrize("encoding", ENCODINGS)
@EXAMPLES
@given(
    value=st.dictionaries(st.text(st.characters()), st.text(st.characters()) | st.integers() | st.none(), max_size=4)
)
def test_json_comes_back_from_a_terminal_of_any_encoding(monkeypatch, encoding, value):
    text = printed(monkeypatch, encoding, lambda: print_json(value)).decode(encoding)
    assert json.loads(text) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", r"\xb7 \u871c \U0001f41d"), ("latin-1", "\xb7 \\u871c \\U0001f41d")]
)
def test_letters_that_a_terminal_lacks_are_their_numbers(monkeypatch, encoding, shown):
    assert printed(monkeypatch, encoding, lambda: print("· 蜜 🐝", end="")) == shown.encode("latin-1")


def test_the_first_ctrl_c_asks_and_the_second_ends():
    before = signal.getsignal(signal.SIGINT)
    interrupts, asked = Interrupts(), []

    def work():
        with interrupts:
            for _ in range(3):
                asked.append(interrupts.asked)
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert asked == [False, True]
    assert signal.getsignal(signal.SIGINT) is before


def test_after_the_work_ctrl_c_is_what_it_was_before_and_a_new_run_starts_unasked():
    before = signal.getsignal(signal.SIGINT)
    for _ in range(2):
        with Interrupts() as interrupts:
            assert not interrupts.asked
            os.kill(os.getpid(), signal.SIGINT)
            assert interrupts.asked
    assert signal.getsignal(signal.SIGINT) is before  # ignored, where a shell runs this in its background
