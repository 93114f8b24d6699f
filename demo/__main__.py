"""`python -m demo`: start the app."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import socket
import sys
from typing import Any


def main() -> int:
    """Start the server at once; the heavy libraries and the model come in behind it.

    Exit codes: 0 stopped, 2 wrong options, or a device or an address that cannot be had.
    """
    prepare_environment()
    from resnet_app.cli.options import EXIT_USAGE

    options = _options()
    refusal = _refusal(options)
    if refusal:
        print(refusal, file=sys.stderr)
        return EXIT_USAGE
    serve(
        language=None if options.lang == "auto" else options.lang,
        model=options.model,
        weights=options.weights,
        device=options.device,
        server_name=options.host,
        server_port=options.port,
        share=options.share,
        inbrowser=options.inbrowser,
    )
    return 0


def _options() -> argparse.Namespace:
    """What was asked for; wrong options end the program with one line."""
    from resnet_app.cli.options import OneLineParser
    from resnet_app.registry import BUNDLED_MODEL, SPECS, WEIGHTS, get_spec

    parser = OneLineParser(prog="python -m demo", description="ResNet Explorer in the browser.")
    parser.add_argument("--host", metavar="H", help="address to listen on (default: 127.0.0.1; 0.0.0.0 for a class)")
    parser.add_argument("--port", type=int, metavar="N", help="port (default: the first free one from 7860)")
    parser.add_argument("--share", action="store_true", help="a public link through Gradio's servers")
    parser.add_argument("--inbrowser", action="store_true", help="open the page")
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda|mps")
    parser.add_argument("--model", default=BUNDLED_MODEL, choices=SPECS, metavar="NAME", help=", ".join(SPECS))
    parser.add_argument("--weights", choices=WEIGHTS, metavar="W", help=", ".join(WEIGHTS))
    parser.add_argument("--lang", default="auto", choices=["auto", "en", "zh-CN"])
    options = parser.parse_args()
    offered = get_spec(options.model).weights
    if options.weights and options.weights not in offered:
        parser.error(f"{options.model} has no {options.weights} weights; choose {', '.join(offered)}")
    return options


def _refusal(options: argparse.Namespace) -> str | None:
    """Why the app cannot run as asked: there is no such device here, or the address is taken. None where it can."""
    from resnet_app.errors import ResNetAppError

    if options.device != "auto":
        try:
            from resnet_app import device

            device.resolve(options.device)
        except ResNetAppError as error:
            return str(error)
    try:
        require_free(options.host, options.port)
    except (OSError, OverflowError) as error:
        where = f"{options.host or '127.0.0.1'}:{options.port or 0}"
        return f"The app cannot listen on {where} ({error}); choose another --port or --host."
    return None


def serve(
    *,
    language: str | None = None,
    model: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    **launch: Any,
) -> None:
    """Put the page up, then bring in torch and the first model behind it, and stay until stopped."""
    from demo.app import build, launch_options
    from demo.hosting.limits import MOST_WAITING

    app = build(language=language, model=model, weights=weights, device=device)
    app.queue(max_size=MOST_WAITING, default_concurrency_limit=4)
    app.launch(prevent_thread_lock=True, **launch_options(), **launch)
    warm_up(model, weights, device)
    app.block_thread()


def require_free(host: str | None, port: int | None) -> None:
    """Try the address before the app is built: Gradio would go through a hundred ports of one that is not ours.

    Raises:
        OSError: the address is not this machine's, or the port is taken.
        OverflowError: there is no such port.
    """
    with socket.socket(socket.AF_INET6 if ":" in (host or "") else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((host or "127.0.0.1", port or 0))


def prepare_environment() -> None:
    """What has to be set before gradio and torch are imported."""
    # Threads that wait asleep: a little slower alone, many times as fast beside other work (benchmarks/README.md).
    if not any(name.startswith(("OMP_", "GOMP_", "KMP_")) for name in os.environ):
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    local = "127.0.0.1,localhost"  # a bad HTTP_PROXY would stop the launch, which asks its own address
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = f"{os.environ[name]},{local}" if os.environ.get(name) else local


def warm_up(model: str | None, weights: str | None, device: str) -> None:
    """Bring in torch, the first model and the charts, so that visitors find them ready; nothing here ends the server.

    A device that fails at the first picture (its memory is full, its driver is broken, it lacks a step that the network
    needs) is set aside, and the next one is tried; the last is the CPU.
    """
    from resnet_app import device as devices
    from resnet_app.errors import ResNetAppError

    log = logging.getLogger("resnet_explorer")
    try:
        while True:
            tried = devices.resolve(device)
            try:
                _first_answer(model, weights, device)
                break
            except ResNetAppError as error:
                log.warning("%s", error)
                break
            except Exception as error:
                log.warning("%s failed at the first picture (%s).", tried.title, error, exc_info=error)
                if tried.name == devices.CPU:
                    break
                devices.set_aside(tried)
                device = devices.AUTO
                log.warning("%s is set aside; %s answers instead.", tried.title, devices.resolve().title)
        _import_the_rest()
    except Exception as error:
        log.warning("not all is ready: %s", error, exc_info=error)


def _first_answer(model: str | None, weights: str | None, device: str) -> None:
    """The first pass sets up kernels, on a GPU for seconds."""
    from demo.ui.session import obtain
    from resnet_app.bundled import EXAMPLES
    from resnet_app.inference import predict

    loaded = obtain(model, weights, device)
    for example in EXAMPLES[:1]:
        predict.classify(loaded, example)


def _import_the_rest() -> None:
    """What takes long to import, and the chart of all classifiers, which brings torchvision in."""
    for name in ("classify.view", "explain.view", "explore.charts", "explore.drawings", "sidebar.view"):
        importlib.import_module(f"demo.{name}")
    from resnet_app.architecture.published import classifiers

    classifiers()


if __name__ == "__main__":
    sys.exit(main())
