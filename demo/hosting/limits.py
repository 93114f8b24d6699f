"""What a visitor may ask for: less on a Space, where strangers share two cores and 16 GB, than on one's own computer.

The largest upload is ``resnet_app.checkpoints.MAX_BYTES``, the most files of a batch ``demo.batch.handlers.MAX_BATCH``.
"""

from __future__ import annotations

import os

HOSTED = bool(os.environ.get("SPACE_ID"))
MOST_WAITING = 24 if HOSTED else 64  # events in the queue; who comes then is told that the app is busy
MOST_SESSIONS = 1000  # what Gradio remembers of visitors; the longest unused give way
# Seconds: how often visitors' files are looked through, and how old one may be. On a Space none lives for an hour.
DELETE_CACHE = (600, 2900) if HOSTED else (3600, 86400)
