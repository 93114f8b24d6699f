"""How soon the page is there, and how soon the first answer.

Two ratios, each of processes started in turn (A, B, A, B, ...), medians:

1. the app's first HTTP answer, over that of an empty Gradio Blocks app;
2. the app's first prediction through /classify, counted from the start of its process, over a plain script that
   imports torch and torchvision, loads the same weights and answers the same picture.

Run: python -m benchmarks.startup [repeats]
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "assets" / "examples" / "bee-daisy.jpg"
EMPTY_APP = """
import os, sys
import gradio as gr
with gr.Blocks(analytics_enabled=False) as app: pass
app.launch(server_port=int(sys.argv[1]), quiet=True)
"""
PLAIN_SCRIPT = f"""
import torch, torchvision
from PIL import Image
from safetensors.torch import load_file
from torchvision import transforms
net = torchvision.models.resnet18()
net.fc = torch.nn.Linear(net.fc.in_features, 2)
net.load_state_dict({{k: v.float() for k, v in load_file({str(ROOT / "assets" / "ants-bees.safetensors")!r}).items()}})
net.eval()
prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
with torch.no_grad():
    print(net(prepare(Image.open({str(PICTURE)!r}).convert("RGB"))[None]).softmax(1))
"""


def main() -> None:
    """Measure and print a Markdown table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    empty, app, script, answer = [], [], [], []
    for _ in range(repeats):
        empty.append(first_http([sys.executable, "-c", EMPTY_APP, "PORT"]))
        app.append(first_http([sys.executable, "-m", "demo", "--port", "PORT"]))
        script.append(run_time([sys.executable, "-c", PLAIN_SCRIPT]))
        answer.append(first_answer([sys.executable, "-m", "demo", "--port", "PORT"]))
    print("| what | seconds, median (spread) | over | seconds, median (spread) | ratio |\n|---|---|---|---|---|")
    print(row("first HTTP answer of the app", app, "of an empty Gradio app", empty))
    print(row("first prediction through /classify", answer, "a plain torchvision script", script))


def row(name: str, ours: list[float], peer: str, theirs: list[float]) -> str:
    """One line of the table."""

    def told(values: list[float]) -> str:
        return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

    ratio = statistics.median(ours) / statistics.median(theirs)
    return f"| {name} | {told(ours)} | {peer} | {told(theirs)} | {ratio:.2f} |"


def first_http(command: list[str]) -> float:
    """Seconds from starting a server to its first HTTP 200."""
    with Server(command) as server:
        return server.wait()


def first_answer(command: list[str]) -> float:
    """Seconds from starting the app to the end of one /classify call, made with plain HTTP."""
    with Server(command) as server:
        server.wait()
        body = PICTURE.read_bytes()
        border = "benchmark"
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="files"; filename="bee.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        upload = urllib.request.Request(
            server.url + "gradio_api/upload", head + body + f"\r\n--{border}--\r\n".encode(),
            {"Content-Type": f"multipart/form-data; boundary={border}"},
        )  # fmt: skip
        path = json.loads(urllib.request.urlopen(upload).read())[0]
        data = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}, None, None, 5, "auto", None, None]}
        call = urllib.request.Request(
            server.url + "gradio_api/call/classify", json.dumps(data).encode(), {"Content-Type": "application/json"}
        )
        event = json.loads(urllib.request.urlopen(call).read())["event_id"]
        result = urllib.request.urlopen(server.url + f"gradio_api/call/classify/{event}").read()
        if b'"predictions"' not in result:
            raise RuntimeError(result.decode())
        return time.perf_counter() - server.started


def run_time(command: list[str]) -> float:
    """Seconds that a script takes from start to end."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - started


class Server:
    """A server process on a free port, ended on leaving."""

    def __init__(self, command: list[str], folder: Path = ROOT) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        self._command = [part.replace("PORT", str(port)) for part in command]

    def __enter__(self) -> Server:
        self.started = time.perf_counter()
        environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "NO_PROXY": "127.0.0.1,localhost"}
        self._process = subprocess.Popen(
            self._command, cwd=self._folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self

    def wait(self) -> float:
        """Seconds from the start to HTTP 200."""
        while True:
            try:
                with urllib.request.urlopen(self.url, timeout=30):
                    return time.perf_counter() - self.started
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None:
                    raise RuntimeError("the server ended") from None
                time.sleep(0.01)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


if __name__ == "__main__":
    main()
