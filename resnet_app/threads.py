"""How OpenMP's threads wait and where they run: set before torch is imported, or it is too late.

Measured on two cores (benchmarks/README.md): after half a second of quiet the scheduler puts both threads on one core,
and a pass takes twice its time; bound to a core each, they do not. Beside other work, threads that spin for long steal
each other's core; those that give up soon, but not at once, lose nothing either way.
"""

from __future__ import annotations

import os
import sys

SETTINGS = {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores", "GOMP_SPINCOUNT": "20000"}


def settle() -> None:
    """Set what is measured to be best, unless the person has settings of their own; on Linux, where it was measured."""
    own = any(name.startswith(("OMP_", "GOMP_", "KMP_")) for name in os.environ)
    if sys.platform == "linux" and not own:
        os.environ.update(SETTINGS)
