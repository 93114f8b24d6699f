"""A new visitor costs the server next to nothing, and visitors who are gone are forgotten.

Gradio describes all of the page's components anew for each session, and each call of a program that names none is a
session of its own: of this page that takes tens of milliseconds, in which nobody else is served, and all of it is kept
with the session. Here all sessions share one description, and each has its own of the components that change for it.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState, StateHolder

Description = dict[str, Any]
MOST_BARE = 100  # sessions of which nothing is kept, such as a program's single call; more than the queue holds


def share_descriptions(app: gr.Blocks) -> None:
    """Let the sessions of an app that is launched share what they can."""
    app.app.state_holder = _Visitors(app)


class _Visitors(StateHolder):
    """Gradio's sessions, the longest unused of which give way to new ones; those with nothing kept do so first."""

    def __init__(self, app: gr.Blocks) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Gradio wrote it without types
        self._first = SessionState(app)
        self.set_blocks(app)  # from here on it is asked

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self._forget_bare()
            self.session_data[session_id] = _like(self._first)
        return super().__getitem__(session_id)

    def _forget_bare(self) -> None:
        """A flood of calls by programs drives no visitor out, and grows no memory."""
        with self.lock:
            bare = [name for name, session in self.session_data.items() if not session.state_data]
            for name in bare[:-MOST_BARE]:  # the longest unused come first
                del self.session_data[name]
                self.time_last_used.pop(name, None)


def _like(first: SessionState) -> SessionState:
    """Another session that begins as that one did."""
    new = copy(first)
    new.blocks_config = copy(first.blocks_config)
    new.config_values = _Described(first.config_values)
    new.state_data, new._state_ttl = {}, {}
    return new


class _Described(dict[int, Description]):
    """Components' descriptions by their number; whatever is looked at becomes the session's own, and may be changed."""

    def __init__(self, shared: dict[int, Description]) -> None:
        super().__init__(shared)
        self._shared = shared

    def __getitem__(self, number: int) -> Description:
        found = super().__getitem__(number)
        if found and found is self._shared.get(number):
            found = self[number] = {**found, "props": dict(found["props"])}
        return found
