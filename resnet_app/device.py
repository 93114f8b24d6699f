"""Which device, what it is called, and how time is measured on it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from resnet_app.choices import BFLOAT16, PRECISIONS
from resnet_app.errors import DeviceError, UnknownChoiceError

AUTO = "auto"
CPU = "cpu"


@dataclass(frozen=True)
class Device:
    """One device of this machine: its name for torch (``cuda:0``) and its title for people (the GPU's model).

    ``threads`` are those of a CPU, which its title counts in English; the page has words of its own.
    """

    name: str
    title: str
    threads: int = 0

    @property
    def torch(self) -> torch.device:
        """The device as torch wants it."""
        return torch.device(self.name)


_failed: dict[str, str] = {}  # devices that are there and do not work, by name -> title
_cpu_alone = False


def keep_to_cpu(alone: bool = True) -> None:
    """Whether this process leaves GPUs alone: on a host that lends one to single calls, it only seems to be there."""
    global _cpu_alone
    _cpu_alone = alone


def set_aside(device: Device) -> None:
    """From now on nobody gets this device: it failed at work that it has to do. The CPU stays in any case."""
    if device.name != CPU:
        _failed[device.name] = device.title


def failed() -> list[str]:
    """The titles of the devices that were set aside."""
    return list(_failed.values())


def available() -> list[Device]:
    """The devices of this machine that work, the fastest kind first; the CPU is always the last."""
    return [device for device in _present() if device.name not in _failed]


def _present() -> list[Device]:
    gpus = 0 if _cpu_alone else torch.cuda.device_count()
    found = [
        Device(f"cuda:{i}", torch.cuda.get_device_name(i) + (f" · cuda:{i}" if gpus > 1 else "")) for i in range(gpus)
    ]
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    threads = torch.get_num_threads()
    return [*found, Device(CPU, f"CPU · {threads} thread{'s' if threads > 1 else ''}", threads)]


def resolve(choice: str = AUTO) -> Device:
    """The device for ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``; ``auto`` takes the fastest kind.

    Raises:
        DeviceError: this machine has no such device, or it failed before.
    """
    devices = available()
    if choice == AUTO:
        return devices[0]
    for device in devices:
        if choice in (device.name, device.name.split(":")[0]):
            return device
    names = ", ".join([AUTO, *(device.name for device in devices)])
    if any(choice in (name, name.split(":")[0]) for name in _failed):
        raise DeviceError(
            f"The device '{choice}' failed when it was tried; choose one of {names}.",
            code="failed_device",
            device=choice,
            names=names,
        )
    raise DeviceError(
        f"This machine has no device '{choice}'; choose one of {names}.",
        code="no_device",
        device=choice,
        names=names,
    )


def take_cores(count: int) -> None:
    """From now on what this thread computes on the CPU takes so many of its cores; other threads are as they were."""
    torch.get_num_threads()  # torch gives a thread its number at the first question, which would undo ours later
    threadpool_limits(count, user_api="openmp")


def clock(device: Device) -> float:
    """Milliseconds on a monotonic clock, once the device has finished what it was given (GPUs run behind)."""
    if device.name.startswith("cuda"):
        torch.cuda.current_stream(device.torch).synchronize()  # all of the GPU's would spoil another thread's recording
    elif device.name == "mps":
        torch.mps.synchronize()
    return time.perf_counter() * 1000


def on_device(pixels: Tensor, device: Device) -> Tensor:
    """Pictures as a tensor on the CPU -> on the device; to CUDA from memory that it reads without a detour."""
    if device.name.startswith("cuda"):
        return pixels.pin_memory().to(device.torch, non_blocking=True)
    return pixels.to(device.torch)


def has_quick_bfloat16(device: Device) -> bool:
    """Whether sums in half the bits are quicker there: on a CPU that cannot, training takes twelve times as long.

    A CPU can with AVX512-BF16 or AMX; a torch that does not tell is taken at float32.
    """
    if device.name == CPU:
        kernels = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
        asked = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
        return bool(kernels and kernels()) and any(ask() for ask in asked if ask)
    return device.torch.type == "cuda"


def check_precision(precision: str, device: Device) -> str:
    """How many bits a pass takes there: ``float32``, or ``bfloat16`` where that is the quicker one.

    Raises:
        UnknownChoiceError: it is none of ``PRECISIONS``.
        DeviceError: the device would be slower in bfloat16.
    """
    if precision not in PRECISIONS:
        raise UnknownChoiceError("precision", precision, list(PRECISIONS))
    if precision == BFLOAT16 and not has_quick_bfloat16(device):
        raise DeviceError(
            f"{device.title} is not quick in bfloat16: that takes a CPU with AVX512-BF16 or AMX, or an NVIDIA GPU; "
            "choose float32.",
            code="no_bfloat16",
            device=device.title,
        )
    return precision
