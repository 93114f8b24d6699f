"""`python -m demo`: start the app."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

_ended = threading.Event()


def main() -> int:
    """Start the server at once; the heavy libraries and the model come in behind it.

    Exit codes: 0 stopped, 2 wrong options, or a device, a certificate or an address that cannot be had.
    """
    prepare_environment()
    for each in (signal.SIGINT, signal.SIGTERM):  # a service that is stopped removes what was brought, as after Ctrl-C
        signal.signal(each, _end)
    with suppress(KeyboardInterrupt):  # until all is ready; later it is Gradio's to take
        return _run()
    return 0


def _end(_signal: int, frame: FrameType | None) -> None:
    """The app is to end: at once, but for an import, which would swallow what is raised in its midst, or break."""
    _ended.set()
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _run() -> int:
    from resnet_app.cli.console import missing_package
    from resnet_app.cli.options import EXIT_USAGE
    from resnet_app.errors import ResNetAppError

    options = _options()
    try:
        _start(options, _port(options))
    except ResNetAppError as refusal:
        print(refusal, file=sys.stderr)
        return EXIT_USAGE
    except ModuleNotFoundError as missing:
        print(missing_package(missing), file=sys.stderr)
        return EXIT_USAGE
    return 0


def _start(options: argparse.Namespace, port: int) -> None:
    from demo.hosting import addresses

    if options.port is None and port != addresses.FIRST_PORT:
        print(f"* Port {addresses.FIRST_PORT} is taken: this is {port}.", flush=True)
    serve(
        language=None if options.lang == "auto" else options.lang,
        model=options.model,
        weights=options.weights,
        device=options.device,
        https=options.https,
        window=options.window,
        shared=addresses.for_others(options.host, port, secure=options.https is not None),
        classroom=_classroom() if options.classroom else None,
        server_name=f"[{options.host}]" if ":" in options.host else options.host,
        server_port=port,
        share=options.share,
        inbrowser=options.inbrowser,
        auth=options.auth,
        mcp_server=options.mcp,
        quiet=True,  # one of Gradio's lines names an address that not every browser opens, one advises a public link
    )


def _options() -> argparse.Namespace:
    """What was asked for; wrong options end the program with one line."""
    from resnet_app.cli.options import OneLineParser
    from resnet_app.registry import BUNDLED_MODEL, SPECS, WEIGHTS, get_spec

    parser = OneLineParser(prog="python -m demo", description="ResNet Explorer in the browser.")
    _add_hosting(parser)
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda|mps")
    parser.add_argument("--model", default=BUNDLED_MODEL, choices=SPECS, metavar="NAME", help=", ".join(SPECS))
    parser.add_argument("--weights", choices=WEIGHTS, metavar="W", help=", ".join(WEIGHTS))
    parser.add_argument("--lang", default="auto", choices=["auto", "en", "zh-CN"])
    options = parser.parse_args()
    offered = get_spec(options.model).weights
    if options.weights and options.weights not in offered:
        parser.error(f"{options.model} has no {options.weights} weights; choose {', '.join(offered)}")
    if options.https and len(options.https) != 2:
        parser.error("--https takes a certificate and its key, or nothing for one made on the spot")
    if options.mcp and options.auth:
        parser.error("--mcp and --auth do not go together: Gradio's MCP server asks nobody for a password")
    return options


def _add_hosting(parser: argparse.ArgumentParser) -> None:
    """Declare where the app is shown, and to whom; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT count where nothing is."""
    own = os.environ.get
    parser.add_argument(
        "--host", metavar="H", default=own("GRADIO_SERVER_NAME") or "127.0.0.1",
        help="address to listen on (default: 127.0.0.1; 0.0.0.0 for a class)",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, metavar="N", default=own("GRADIO_SERVER_PORT") or None,
        help="port (default: the first free one from 7860)",
    )  # fmt: skip
    parser.add_argument("--auth", type=_account, metavar="USER:PASSWORD", help="let in who knows these alone")
    parser.add_argument(
        "--https", nargs="*", metavar=("CERT", "KEY"),
        help="encrypted, as phones want it for their camera; without files, by a certificate made on the spot",
    )  # fmt: skip
    parser.add_argument(
        "--class", dest="classroom", action="store_true",
        help="a class follows its teacher and guesses; with --host 0.0.0.0 (the teacher's address is printed)",
    )  # fmt: skip
    parser.add_argument("--share", action="store_true", help="a public link through Gradio's servers")
    parser.add_argument("--mcp", action="store_true", help="the endpoints as MCP tools (requirements-mcp.txt)")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--inbrowser", action="store_true", help="open the page")
    shown.add_argument("--window", action="store_true", help="a window of its own, whose end is the app's")


def _classroom() -> Any:
    """A class to come, which is asked the steps of the lesson."""
    from demo.classroom.room import Classroom
    from demo.lesson.choices import STEPS

    return Classroom({step.name: step.choices for step in STEPS})


def _account(words: str) -> tuple[str, str]:
    """USER:PASSWORD -> both; a password may hold colons."""
    user, _, password = words.partition(":")
    if not user.strip() or not password:
        raise argparse.ArgumentTypeError("write it as USER:PASSWORD")
    return user.strip(), password


def _port(options: argparse.Namespace) -> int:
    """The port to listen on, when all else that was asked for can be had.

    Raises:
        ResNetAppError: there is no such device, MCP, certificate or address here.
    """
    from demo.hosting import addresses, certificate
    from resnet_app.errors import ResNetAppError

    if options.device != "auto":
        from resnet_app import device

        device.resolve(options.device)
    if options.mcp and importlib.util.find_spec("mcp") is None:
        raise ResNetAppError("--mcp needs one package more: pip install -r requirements-mcp.txt.")
    if options.https:
        certificate.require_usable(*options.https)
    try:
        return addresses.free_port(options.host, options.port)
    except (OSError, OverflowError) as error:
        where = f"{options.host}:{options.port or addresses.FIRST_PORT}"
        raise ResNetAppError(f"The app cannot listen on {where} ({error}); choose another --port or --host.") from None


def serve(
    *,
    language: str | None = None,
    model: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    https: Sequence[str] | None = None,
    window: bool = False,
    shared: Sequence[str] = (),
    classroom: Any = None,
    **launch: Any,
) -> None:
    """Put the page up, then bring in torch and the first model behind it, and stay until stopped.

    Args:
        language, model, weights, device: as in ``demo.app.build``.
        https: None for plain http; a certificate and its key; or nothing for a certificate of the moment.
        window: in a window of its own, whose end is the app's.
        shared: the addresses under which others in the network reach the app.
        classroom: the ``demo.classroom.room.Classroom`` of a class that takes part.
        launch: for Gradio's ``launch``.
    """
    from demo.app import ADDRESSES, build, launch_options
    from demo.classroom import addresses as classroom_addresses
    from demo.hosting import certificate, routes
    from demo.hosting.limits import MOST_WAITING
    from demo.hosting.visitors import share_descriptions
    from resnet_app.system import give_back_every

    app = build(language=language, model=model, weights=weights, device=device, shared=shared, classroom=classroom)
    # Who waits is told each second how long: Gradio would tell all of them at each answer, and thirty wait for thirty.
    app.queue(max_size=MOST_WAITING, default_concurrency_limit=4, status_update_rate=1)
    app._queue.sleep_when_free = 0.005  # seconds between two looks into the queue; a thousand a second keep a core warm
    with certificate.for_launch(https) as secure:
        app.launch(prevent_thread_lock=True, **launch_options(), **launch, **secure)
    share_descriptions(app)
    routes.add(app, ADDRESSES)
    if classroom:
        routes.add(app, classroom_addresses.addresses(classroom))
    give_back_every(60)
    _tell(str(app.local_url), shared, classroom.secret if classroom else "")
    if window:
        _stay_in_a_window(app, partial(warm_up, model, weights, device), self_signed=https == [])
    else:
        warm_up(model, weights, device)
        if not _ended.is_set():
            app.block_thread()


def _tell(local: str, shared: Sequence[str], secret: str = "") -> None:
    """Print what one opens here, what others in the network type, with a code for their phones, and the teacher's own.

    Args:
        local: where the server listens.
        shared: the addresses for others.
        secret: what makes an address the teacher's, if there is a class.
    """
    from demo.hosting.addresses import code_for_terminal, opened_here

    own = opened_here(local)
    others = "Students" if secret else "Others in this network"
    if not secret:
        print(f"* Open in a browser:  {own}/", flush=True)
    for address in shared:
        print(f"* {others} open:  {address}", flush=True)
    if shared:
        with suppress(UnicodeEncodeError):  # a terminal without the characters that the code is made of
            print(code_for_terminal(shared[0]), flush=True)
    if secret:
        print(f"* You, the teacher, open:  {shared[0] if shared else own}/#teacher={secret}", flush=True)


def _stay_in_a_window(app: Any, prepare: Callable[[], None], *, self_signed: bool) -> None:
    """Until it is closed, or, where there is none, until stopped."""
    from demo.hosting import window

    threading.Thread(target=prepare, name="warm-up").start()
    try:
        closed = window.stay_open(app.local_url, self_signed=self_signed)
    except KeyboardInterrupt:
        closed = True
    if closed:
        app.close()
    else:
        app.block_thread()


def prepare_environment() -> None:
    """What has to be set before gradio and torch are imported."""
    from demo.hosting.uploads import own_folder
    from resnet_app.system import keep_together, wait_asleep

    wait_asleep()
    keep_together()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    with suppress(OSError):  # a full disk: the page is there all the same, and says so of what is brought
        own_folder()
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    # Gradio keeps a record of the last 10,000 events and sums all of them up, with pandas, after each; nobody reads it.
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))
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
    from resnet_app.inference import predict
    from resnet_app.registry import EXAMPLES

    if _ended.is_set():  # while these came in
        return
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
