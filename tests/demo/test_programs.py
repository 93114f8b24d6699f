"""What programs are promised: each example of docs/api.md prints what stands under it; MCP's tools are the five."""

import ast
import asyncio
import base64
import importlib.util
import mimetypes
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import app
from tests.demo.helpers import BEE, PHOTOS
from tests.paths import ROOT
from tests.ports import free_port

pytestmark = pytest.mark.slow  # servers, and a process for each example
DOCS = (ROOT / "docs" / "api.md").read_text("utf-8")
STANDS = "http://127.0.0.1:7860"  # in the examples
EXAMPLES = re.findall(r"```(python|sh)\n(.*?)```\n\n```text\n(.*?)```", DOCS, flags=re.S)
TOOLS = ["classify", "explain", "architecture", "inspect_checkpoint", "batch"]
HAS_MCP = importlib.util.find_spec("mcp") is not None
needs_mcp = pytest.mark.skipif(not HAS_MCP, reason="mcp is not installed: pip install -r requirements-mcp.txt")


def started(**launch: Any) -> Iterator[str]:
    """The app's address without a slash at its end, until the tests are through with it."""
    page = app.build()
    page.queue()
    options = {**app.launch_options(), "server_port": free_port(), **launch}
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **options)
    yield url.rstrip("/")
    page.close()


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[str]:
    yield from started(mcp_server=HAS_MCP)


@pytest.fixture(scope="module")
def behind_a_password() -> Iterator[str]:
    yield from started(auth=("teacher", "honey"))


def test_the_page_has_an_example_of_each_way() -> None:
    assert len(EXAMPLES) == len(re.findall("```(?:python|sh)\n", DOCS))
    for way in ("gradio_client", "curl", "streamablehttp_client", "resnet_app"):
        assert any(way in code for _, code, _ in EXAMPLES), way
    assert set(TOOLS) == set(re.findall(r"^\| `(\w+)`", DOCS, flags=re.M))


@pytest.mark.parametrize(
    ("language", "code", "printed"),
    EXAMPLES,
    ids=[f"{n}-mcp" if "mcp" in code else str(n) for n, (_, code, _) in enumerate(EXAMPLES, 1)],
)
def test_an_example_prints_what_stands_under_it(
    language: str, code: str, printed: str, request: pytest.FixtureRequest
) -> None:
    if "import mcp" in code or "from mcp" in code:
        pytest.importorskip("mcp")
    live = request.getfixturevalue("behind_a_password" if "teacher" in code else "open_to_all")
    run = [sys.executable, "-c"] if language == "python" else ["bash", "-eu", "-c"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*run, code.replace(STANDS, live)], cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == (printed.strip(), 0), done.stderr


def test_without_the_password_nobody_is_answered(behind_a_password: str) -> None:
    import httpx

    for method, path in (
        ("GET", "/config"), ("POST", "/gradio_api/call/v2/architecture"), ("POST", "/gradio_api/upload"),
        ("GET", "/gradio_api/info"),
    ):  # fmt: skip
        assert httpx.request(method, behind_a_password + path, json={}).status_code == 401, path
    page = httpx.get(behind_a_password).text
    assert "The name and the password are known to whoever started this app." in page
    wrong = httpx.post(behind_a_password + "/login", data={"username": "teacher", "password": "wax"})
    assert wrong.status_code == 400


def as_data(path: Path) -> str:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


async def follow(*_: Any) -> None:
    """A client that wants to be told how far a call is."""


async def ask(address: str, calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[Any], list[Any]]:
    """The tools as a client is told of them, and what came of each call; the picture comes to who follows progress."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(f"{address}/gradio_api/mcp/") as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools
        return tools, [
            await session.call_tool(name, arguments, progress_callback=follow if name == "explain" else None)
            for name, arguments in calls
        ]


@needs_mcp
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the client, which comes in another version soon
def test_a_client_of_mcp_finds_the_five_tools_described_and_calls_each(
    open_to_all: str, small_state: Any, saved: Any
) -> None:
    bee, ant = as_data(BEE), as_data(PHOTOS[0])
    checkpoint = as_data(saved({"model_state_dict": small_state()}))
    calls = [
        ("classify", {"image": bee, "top_k": 1}),
        ("explain", {"image": bee, "class_name": "ants", "layer": "layer3"}),
        ("architecture", {"model": "resnet50", "classes": 10}),
        ("inspect_checkpoint", {"file": checkpoint}),
        ("batch", {"files": [ant, bee]}),
        ("architecture", {"model": "resnet19"}),
        ("batch", {"files": ["/etc/passwd"]}),
        ("classify", {"image": bee, "top_k": "many"}),
    ]
    tools, told = asyncio.run(ask(open_to_all, calls))
    assert [tool.name for tool in tools] == TOOLS
    for tool in tools:
        assert "Returns: " in tool.description
        for name, about in tool.inputSchema["properties"].items():
            assert about["description"], (tool.name, name)
            assert about["type"] in ("string", "integer", "array"), (tool.name, name)
        assert len(tool.inputSchema.get("required", [])) <= 1
    *answers, unknown, no_file, not_a_number = told
    assert [answer.content[0].text for answer in answers if answer.isError] == []
    classified, explained, counted, inspected, batch = (ast.literal_eval(answer.content[0].text) for answer in answers)
    assert [each["label"] for each in classified["predictions"]] == ["bees"]
    assert explained["predictions"][0]["label"] == "bees"
    assert [part.type for part in answers[1].content] == ["text", "image", "text"]
    assert counted["classes"] == 10
    assert (inspected["ok"], inspected["model"]) == (True, "resnet18")
    assert [each["predictions"][0]["label"] for each in batch] == ["ants", "bees"]
    assert unknown.isError
    assert unknown.content[0].text.startswith("Unknown model 'resnet19'; choose one of resnet18")
    assert no_file.isError
    assert no_file.content[0].text.startswith("This is no file")
    assert not_a_number.isError
    assert not_a_number.content[0].text == "Input validation error: 'many' is not of type 'integer'"
