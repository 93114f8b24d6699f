"""Where what visitors bring lies: a folder for each run of the app alone, which is gone with it.

Gradio keeps all its apps' uploads in one folder, each under a name made from its content, and an app that ends removes
its visitors' files: another app's visitors would lose theirs, where they look at the same photo.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

VARIABLE = "GRADIO_TEMP_DIR"


def own_folder() -> None:
    """Give this process a folder of its own for uploads, which nobody else may read, unless the user chose one.

    It is removed when the process ends; one that is killed leaves it behind.

    Raises:
        OSError: the folder for temporary files cannot be written.
    """
    if os.environ.get(VARIABLE):
        return
    folder = os.environ[VARIABLE] = tempfile.mkdtemp(prefix="resnet-explorer-uploads-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
