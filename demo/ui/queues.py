"""How the page's events run: what is private, who waits for whom, what counts of quick choices one after another."""

from __future__ import annotations

from typing import Any

PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # what the page alone uses
QUIET: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}
# Of quick choices one after another the last one counts: the inputs' values of when its turn comes. What an event
# itself carries is no input: Gradio would send the first one's again, so such an event is one of EACH.
LATEST: dict[str, Any] = {"trigger_mode": "always_last"}
EACH: dict[str, Any] = {"trigger_mode": "multiple"}  # what follows an event follows each of them
IN_ORDER: dict[str, Any] = {**EACH, "concurrency_limit": 1}  # each counts, one after the other
# Milliseconds each, and several write to the same parts of the page: one after the other, as they were asked for.
DRAWING: dict[str, Any] = {"concurrency_id": "drawing", "concurrency_limit": 1}
# One model at work at a time, for everyone: two would fight for the same cores, and each would time the other.
MODEL_WORK: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
LOAD_WORK: dict[str, Any] = {"concurrency_id": "load", "concurrency_limit": 4}  # a slow download holds up no answers
EXPLAIN_WORK: dict[str, Any] = {"concurrency_id": "explain", "concurrency_limit": 1}  # programs' maps, of any method
SLOW_WORK: dict[str, Any] = {"concurrency_id": "slow", "concurrency_limit": 1}  # up to minutes, beside the answers
