"""Devices of this machine, and of machines that this one pretends to be."""

import threading
from types import SimpleNamespace

import pytest
import torch

from resnet_app import device
from resnet_app.errors import DeviceError


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"Card {index}")


@pytest.fixture
def cpu_only(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("cpu_only")
def test_a_machine_without_gpu_has_its_cpu():
    assert [found.name for found in device.available()] == ["cpu"]
    assert str(torch.get_num_threads()) in device.resolve("auto").title
    assert device.resolve("cpu").torch == torch.device("cpu")


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("choice", "name", "title"),
    [
        ("auto", "cuda:0", "Card 0 · cuda:0"),
        ("cuda", "cuda:0", "Card 0 · cuda:0"),
        ("cuda:1", "cuda:1", "Card 1 · cuda:1"),
    ],
)
def test_gpus_come_before_the_cpu(choice, name, title):
    assert [found.name for found in device.available()][-1] == "cpu"
    assert device.resolve(choice) == device.Device(name, title)


@pytest.mark.usefixtures("cpu_only")
@pytest.mark.parametrize("choice", ["cuda", "cuda:1", "mps", "tpu", ""])
def test_a_missing_device_is_refused_with_the_choices(choice):
    with pytest.raises(DeviceError, match=f"no device '{choice}'; choose one of auto, cpu") as caught:
        device.resolve(choice)
    assert "cuda," not in str(caught.value)


def test_the_clock_counts_milliseconds(monkeypatch):
    monkeypatch.setattr(device.time, "perf_counter", lambda: 1.5)
    assert device.clock(device.Device("cpu", "CPU")) == 1500


def test_the_clock_waits_for_a_gpu(monkeypatch):
    waited = []
    streams = {torch.device("cuda:1"): SimpleNamespace(synchronize=lambda: waited.append("cuda:1"))}
    monkeypatch.setattr(torch.cuda, "current_stream", streams.get)
    device.clock(device.Device("cuda:1", "Card 1"))
    assert waited == ["cuda:1"]


@pytest.mark.parametrize(("kernels", "avx", "amx"), [(True, True, False), (True, False, True), (True, False, False),
                                                     (False, True, True)])  # fmt: skip
def test_half_the_bits_are_for_a_cpu_that_can_and_for_nvidias_cards(kernels, avx, amx, monkeypatch):
    """Kernels alone are not enough: a CPU with AVX-512 and no more has them, and they convert each number."""
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: kernels)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    assert device.has_quick_bfloat16(device.Device("cpu", "CPU")) is (kernels and (avx or amx))
    assert device.has_quick_bfloat16(device.Device("cuda:0", "Card 1"))
    assert not device.has_quick_bfloat16(device.Device("mps", "Apple"))


def test_a_thread_takes_the_cores_that_it_is_given_and_others_keep_theirs():
    before, found = torch.get_num_threads(), []

    def work(cores):
        device.take_cores(cores)
        torch.ones(10**6).sum()  # would undo it where torch had not given the thread its number before
        found.append(torch.get_num_threads())

    for cores in (1, before + 2):
        thread = threading.Thread(target=work, args=(cores,))
        thread.start()
        thread.join()
    assert found == [1, before + 2]
    assert torch.get_num_threads() == before
