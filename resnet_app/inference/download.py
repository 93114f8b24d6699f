"""Published ImageNet weights: found in torch's cache folder, or downloaded and checked.

The files are torchvision's own and lie where torchvision looks for them, so each program finds what the other has
downloaded. They are read by ``resnet_app.checkpoints.read``, not by ``torch.load``: this app never unpickles.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import torch

from resnet_app.errors import WeightsError
from resnet_app.registry import ModelSpec

Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0 where the server does not say)
CHUNK_BYTES = 256 * 1024
TIMEOUT_S = 20  # of silence, not of the whole download


def cached_file(spec: ModelSpec, weights: str) -> Path:
    """Where torch's cache keeps these weights, whether they are there or not.

    Raises:
        WeightsError: there are no such weights.
    """
    url: str = spec.published(weights).url
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]


def require_here(spec: ModelSpec, weights: str) -> None:
    """Refuse weights that would have to be downloaded first, where nobody has asked for that.

    Raises:
        WeightsError: torch's cache does not have them, or there are no such weights.
    """
    if not cached_file(spec, weights).is_file():
        raise WeightsError(
            "These weights are not on this computer. Choose them once in the sidebar, which downloads them where there "
            "is a network.",
            code="weights_not_here",
        )


def obtain(spec: ModelSpec, weights: str, *, progress: Progress | None = None) -> Path:
    """The file with these weights, downloaded where torch's cache does not have it.

    Raises:
        WeightsError: there are no such weights, or they are neither here nor to be had, or the download is damaged.
    """
    path = cached_file(spec, weights)
    if path.is_file():
        return path
    try:
        fetch(spec.published(weights).url, path, progress=progress)
    except urllib.error.HTTPError as error:
        raise WeightsError(
            f"The server of the weights answered {error.code}. Try again later.",
            code="server_answered",
            status=error.code,
        ) from error
    except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise WeightsError(
            "These weights are not on this computer and there is no network. "
            f"Run python -m resnet_app download {spec.name}.",
            code="no_weights",
            model=spec.name,
        ) from error
    except OSError as error:
        raise WeightsError(
            f"The weights cannot be written to {path.parent} ({error.strerror}). Free some space, or set TORCH_HOME.",
            code="no_room_for_weights",
            folder=str(path.parent),
            why=str(error.strerror),
        ) from error
    return path


def fetch(url: str, path: Path, *, progress: Progress | None = None) -> None:
    """Download a file whose name ends in its hash (``name-1a2b3c4d.pth``), check it, and put it in place whole.

    Raises:
        WeightsError: the hash is another.
        OSError: there is no such file or no network.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response, part.open("wb") as file:
            total = int(response.headers.get("Content-Length") or 0)
            done = 0
            while chunk := response.read(CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done, total)
        _require_hash(digest.hexdigest(), url)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _require_hash(found: str, url: str) -> None:
    expected = re.search(r"-([0-9a-f]{8,})\.", url.rsplit("/", 1)[-1])
    if expected is None or not found.startswith(expected[1]):
        raise WeightsError(
            "The download is damaged: its hash is not the published one. Try again.", code="damaged_download"
        )
