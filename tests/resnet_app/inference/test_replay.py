"""A recorded pass gives what the plain pass gives, or is not used; CUDA's recording is played on the CPU."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from resnet_app.inference import replay
from resnet_app.inference.backbone import RECORD_AT, Backbone, blocks
from resnet_app.registry import SPECS

GPU = torch.device("cuda")


class Graph(TorchDispatchMode):
    """Every step that is taken while it listens, to be taken again on the same memory, as a CUDA graph does."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def __torch_dispatch__(self, step, _types, args=(), kwargs=None):
        found = step(*args, **(kwargs or {}))
        self.steps.append((step, args, kwargs or {}, found))
        return found

    def replay(self):
        for step, args, kwargs, found in self.steps:
            again = step(*args, **kwargs)
            for kept, new in zip(tree_leaves(found), tree_leaves(again), strict=True):
                if isinstance(kept, torch.Tensor):
                    kept.copy_(new)


@pytest.fixture
def cuda(monkeypatch):
    """CUDA's part, played on the CPU; what is recorded counts as quicker."""
    own = SimpleNamespace(wait_stream=lambda _: None, synchronize=lambda: None)
    streams = [own]

    @contextmanager
    def on(stream):
        streams.append(stream)
        try:
            yield
        finally:
            streams.pop()

    @contextmanager
    def listening(graph, stream, capture_error_mode):
        assert capture_error_mode == "thread_local"
        assert streams[-1] is stream is not own  # not the one stream that all of a process's recordings share
        with graph:
            yield

    for name, part in {
        "Stream": lambda: SimpleNamespace(wait_stream=lambda _: None), "current_stream": lambda *_: streams[-1],
        "stream": on, "device": lambda _: nullcontext(), "CUDAGraph": Graph, "graph": listening,
    }.items():  # fmt: skip
        monkeypatch.setattr(torch.cuda, name, part)
    monkeypatch.setenv(replay.WANTED, "1")
    monkeypatch.setattr(replay, "_seconds", lambda *_: [2.0, 1.0])
    yield
    assert streams == [own]


def pixels(seed, batch=1, height=64, width=96):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))


def backbone_of(name="resnet18", **options):
    torch.manual_seed(4)
    return Backbone(SPECS[name].build(num_classes=7).eval().requires_grad_(False), GPU, **options)


def warmed(backbone):
    for seed in range(RECORD_AT):
        assert backbone._replay is None
        backbone(pixels(seed))
    return backbone


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize("name", ["resnet18", "resnext50_32x4d"])
def test_the_same_numbers_for_every_picture_once_ten_came_one_by_one(name):
    backbone = warmed(backbone_of(name))
    assert backbone._replay is not None
    wanted = ["stem", "layer1.1", "layer3.0"]
    for seed in range(20, 23):
        found, plain = backbone.outputs(pixels(seed), wanted), backbone.eager_outputs(pixels(seed), wanted)
        assert list(found) == list(plain) == [*wanted, backbone.last]
        assert all(torch.equal(found[path], plain[path]) for path in plain)
    kept = found["layer3.0"].clone()
    backbone(pixels(24))
    assert torch.equal(found["layer3.0"], kept)  # what came out is the caller's own
    names = ["stem", *blocks(backbone.network)]
    held = sum(maps.nbytes for maps in backbone.eager_outputs(pixels(0), names).values())
    assert backbone.memory_bytes == held


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize("shape", [(2, 64, 96), (1, 48, 48)])
def test_other_numbers_of_pictures_and_other_sizes_go_the_plain_way(shape):
    backbone = warmed(backbone_of())
    x = pixels(30, *shape)
    assert torch.equal(backbone(x), backbone.eager_outputs(x, ())[backbone.last])


@pytest.mark.usefixtures("cuda")
def test_in_bfloat16_what_comes_out_is_float32():
    backbone = warmed(backbone_of(dtype=torch.bfloat16))
    assert backbone._replay is not None
    found, plain = backbone(pixels(40)), backbone.eager_outputs(pixels(40), ())[backbone.last]
    assert found.dtype == torch.float32
    assert (found - plain).abs().max() <= 0.05 * plain.abs().max()


@pytest.mark.usefixtures("cuda")
def test_threads_do_not_get_each_other_s_answers():
    backbone = warmed(backbone_of())
    plain = {seed: backbone.eager_outputs(pixels(seed), ())[backbone.last] for seed in range(8)}
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda seed: backbone(pixels(seed)), range(8)))
    assert all(torch.equal(found[seed], plain[seed]) for seed in plain)


@pytest.mark.usefixtures("cuda")
def test_what_is_not_quicker_or_other_or_fails_is_not_used(monkeypatch, caplog):
    caplog.set_level("INFO")
    fixed = pixels(1)
    assert replay.recorded(lambda given: {"out": given * 2}, fixed, 1e-4)
    assert replay.recorded(lambda given: {"out": given + given.mean().item()}, fixed, 1e-4) is None
    assert "other numbers than the plain pass after out" in caplog.text
    monkeypatch.setattr(replay, "_seconds", lambda *_: [1.0, 1.0])
    assert replay.recorded(lambda given: {"out": given * 2}, fixed, 1e-4) is None
    assert "no quicker" in caplog.text

    @contextmanager
    def refused(_, **__):
        yield
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "graph", refused)
    assert replay.recorded(lambda given: {"out": given * 2}, fixed, 1e-4) is None
    assert "stream is capturing" in caplog.text


def test_both_sides_are_timed_in_turn(monkeypatch):
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: SimpleNamespace(synchronize=lambda: None))
    order = []
    took = replay._seconds(GPU, lambda: order.append("plain"), lambda: order.append("replay"))
    assert order == ["plain", "replay"] * replay.ROUNDS
    assert len(took) == 2


@pytest.mark.parametrize(("device", "asked"), [("cpu", "1"), ("cuda", "0"), ("cuda", "")])
def test_a_cpu_records_nothing_nor_a_gpu_that_is_not_asked_to(monkeypatch, device, asked):
    monkeypatch.setenv(replay.WANTED, asked)
    torch.manual_seed(4)
    backbone = Backbone(SPECS["resnet18"].build(num_classes=7).eval().requires_grad_(False), torch.device(device))
    for seed in range(RECORD_AT + 2):
        backbone(pixels(seed))
    assert backbone._replay is None
