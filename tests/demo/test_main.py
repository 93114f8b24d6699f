"""What may fail behind the server while it starts: it stays up, says what it does, and answers on what works."""

import logging

import pytest
import torch

from demo import __main__ as start
from resnet_app import device
from resnet_app.errors import DeviceError
from resnet_app.inference import models
from resnet_app.inference.cache import ModelCache


@pytest.fixture
def card(monkeypatch):
    """A GPU that is there, and on which the first picture fails."""
    monkeypatch.setattr(device, "_failed", {})
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Card 0")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    cache, whole, asked = ModelCache(), models.load, []
    monkeypatch.setattr("resnet_app.inference.cache.shared_cache", lambda: cache)

    def load(choice, **_):
        asked.append(choice.device)
        if choice.device != "cpu":
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return whole(choice)

    monkeypatch.setattr("resnet_app.inference.cache.load", load)
    return asked


@pytest.mark.parametrize("asked_for", ["auto", "cuda"])
def test_a_device_that_fails_gives_way_to_the_cpu_with_a_sentence(card, asked_for, caplog):
    with caplog.at_level(logging.WARNING):
        start.warm_up(None, None, asked_for)
    assert card == ["cuda:0", "cpu"]
    assert "Card 0 is set aside; CPU" in caplog.text
    assert device.resolve("auto").name == "cpu"
    assert device.failed() == ["Card 0"]
    with pytest.raises(DeviceError, match=r"'cuda' failed when it was tried; choose one of auto, cpu\."):
        device.resolve("cuda")


@pytest.mark.usefixtures("card")
def test_the_status_card_says_that_a_device_was_set_aside(bundled):
    from demo.sidebar.view import status_ready

    assert "Card 0" not in status_ready("en", bundled)
    device.set_aside(device.resolve("cuda"))
    assert "Card 0" in status_ready("en", bundled)
    assert "Card 0" in status_ready("zh-CN", bundled)


def test_the_cpu_is_never_set_aside(monkeypatch):
    monkeypatch.setattr(device, "_failed", {})
    device.set_aside(device.resolve("cpu"))
    assert device.resolve("cpu").name == "cpu"


@pytest.mark.parametrize("broken", ["_first_answer", "_import_the_rest"])
def test_whatever_fails_the_server_stays(broken, monkeypatch, caplog):
    monkeypatch.setattr(device, "_failed", {})

    def fail(*_):
        raise RuntimeError("the driver is gone")

    monkeypatch.setattr(start, broken, fail)
    start.warm_up(None, None, "cpu")
    assert "the driver is gone" in caplog.text
