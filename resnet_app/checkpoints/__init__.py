"""An untrusted file -> a checked state dict, and back."""

import os

# The largest network has 0.5 GB in float32, with Adam's state 1.5 GB; on Spaces strangers share a small machine.
MAX_BYTES = (600 if os.environ.get("SPACE_ID") else 2048) * 2**20
