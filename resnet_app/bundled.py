"""What comes with the app: the bundled model and the example pictures.

In a checkout they lie in assets/, beside the packages; an installed library has them inside (setup.py puts them there).
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
ASSETS = next((each for each in (_HERE / "assets", _HERE.parent / "assets") if each.is_dir()), _HERE / "assets")
MODEL = ASSETS / "ants-bees.safetensors"
EXAMPLES = tuple(sorted((ASSETS / "examples").glob("*.jpg")))
