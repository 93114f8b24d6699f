"""A 12-megapixel JPEG through the running app, over the same through the straightforward app (plain_app.py).

Both are sent what a browser sends: the upload, then the event; both give five classes with a map for each. Medians, in
turn.

Run: python -m benchmarks.request [repeats] [network ...]
"""

from __future__ import annotations

import io
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from typing import Any

import httpx
import numpy as np
from PIL import Image

SIZE = (4000, 3000)
Data = list[Any]


def photograph() -> bytes:
    """A JPEG of 12 megapixels with structure at all scales, as a phone would make it."""
    draw = np.random.default_rng(0)
    layers = [
        np.asarray(Image.fromarray(draw.integers(0, 256, (h, w, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC))
        for h, w in ((6, 8), (60, 80), (750, 1000))
    ]
    picture = Image.fromarray(np.mean(layers, 0).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright, as most phones are
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92, exif=exif)
    return buffer.getvalue()


class App:
    """A running app and the event that answers a photo."""

    def __init__(self, command: list[str], is_plain: bool, network: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "NO_PROXY": "127.0.0.1"}
        self._process = subprocess.Popen([*command, str(port), *([network] if is_plain else [])], env=environment)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False)
        self._plain, self._network = is_plain, network
        try:
            self._event = self._found_event()
        except BaseException:
            self.close()
            raise

    def _found_event(self) -> dict[str, Any]:
        for _ in range(600):
            try:
                found = self._http.get("/config").json()["dependencies"]
                break
            except (httpx.HTTPError, ValueError):
                time.sleep(0.2)
        else:
            raise RuntimeError("the app does not start")
        if self._plain:
            return next(each for each in found if each["api_name"] == "answer")
        # The page's own event: the photo in, the answer's HTML out, at the ring of its bell.
        self._parts = {each["id"]: each["props"] for each in self._http.get("/config").json()["components"]}
        ids = {props.get("elem_id"): number for number, props in self._parts.items()}
        return next(
            each for each in found
            if ids["photo"] in each["inputs"] and ids["result"] in each["outputs"] and each["targets"][0][1] == "input"
        )  # fmt: skip

    def _data(self, photo: dict[str, Any]) -> Data:
        """What the event is sent: the photo, what is chosen, and of everything else what the page begins with."""
        if self._plain:
            return [photo]
        chosen = {"photo": photo, "model": self._network, "weights": "random", "device": "cpu"}
        parts = [self._parts[number] for number in self._event["inputs"]]
        return [chosen.get(props.get("elem_id"), props.get("value")) for props in parts]

    def ask(self, photo: bytes) -> float:
        """Milliseconds from the upload's first byte to the answer's last."""
        started = time.perf_counter()
        (path,) = self._http.post("/gradio_api/upload", files={"files": ("photo.jpg", photo, "image/jpeg")}).json()
        given = {"path": path, "orig_name": "photo.jpg", "meta": {"_type": "gradio.FileData"}}
        session = uuid.uuid4().hex
        body = {"fn_index": self._event["id"], "data": self._data(given), "session_hash": session}
        self._http.post("/gradio_api/queue/join", json=body).raise_for_status()
        with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                told = json.loads(line[5:]) if line.startswith("data:") else {}
                if told.get("msg") == "process_completed":
                    if not told["success"]:
                        raise RuntimeError(str(told["output"]))
                    break
        if self._plain:  # the maps come by address, as a browser fetches them
            for each in told["output"]["data"][1]:
                self._http.get(f"/gradio_api/file={each['image']['path']}").raise_for_status()
        elif "overlay" not in str(told["output"]["data"]):
            raise RuntimeError("an answer without its maps")
        return 1000 * (time.perf_counter() - started)

    def close(self) -> None:
        """End the process, which takes its folder of uploads along."""
        self._process.terminate()
        self._process.wait()


def main(repeats: int = 12, networks: tuple[str, ...] = ("resnet18", "resnet50")) -> None:
    """Print rows for benchmarks/README.md."""
    photo = photograph()
    print(f"a JPEG of {SIZE[0]} x {SIZE[1]}, {len(photo) / 1e6:.1f} MB")
    for network in networks:
        apps = {
            "plain": App([sys.executable, "-m", "benchmarks.plain_app"], True, network),
            "ours": App([sys.executable, "-m", "demo", "--port"], False, network),
        }
        took: dict[str, list[float]] = {name: [] for name in apps}
        try:
            for turn in range(repeats + 2):
                for name, app in apps.items():
                    time.sleep(0.1)
                    spent = app.ask(photo)
                    if turn > 1:
                        took[name].append(spent)
        finally:
            for app in apps.values():
                app.close()
        cells = [f"{statistics.median(ms):.0f} ({min(ms):.0f} to {max(ms):.0f})" for ms in took.values()]
        ratio = statistics.median(took["plain"]) / statistics.median(took["ours"])
        print(f"| {network} | {cells[0]} | {cells[1]} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12, tuple(sys.argv[2:]) or ("resnet18", "resnet50"))
