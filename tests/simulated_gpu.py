"""A device that this machine does not have: the CPU computes its tensors, and float64 is refused as Apple's refuse it.

What a test runs on it goes through PyTorch's own dispatch, so that a step which works on the CPU only, mixes two
devices or asks for float64 is found here as it would be there.
"""

from contextlib import contextmanager
from functools import lru_cache

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map_only

MPS = torch.device("mps")
BY_INDEX = (torch.ops.aten.index.Tensor, torch.ops.aten.index_put.default, torch.ops.aten.index_put_.default)
HOMEWARD = {torch.Tensor.cpu: torch.Tensor.clone, torch.Tensor.tolist: torch.Tensor.tolist}


class OnDevice(torch.Tensor):
    """A tensor that says it is on the device; ``held`` are its numbers."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype
        )

    def __init__(self, held):
        self.held = held

    device = MPS  # for who asks; within PyTorch it is one that this machine has
    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func, _types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


def compute(func, args, kwargs):
    """Carry out one step; what comes of it is on the device."""
    tensors = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.Tensor)]
    arriving = kwargs.get("device") == MPS
    by_index = func in BY_INDEX  # places may be named on the CPU
    if not (arriving or by_index) and any(not isinstance(each, OnDevice) and each.ndim for each in tensors):
        raise RuntimeError("Expected all tensors to be on the same device, but found mps and cpu")
    if arriving:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    plain, options = tree_map_only(OnDevice, lambda each: each.held, (args, kwargs))
    found = func(*plain, **options)
    if func._schema.is_mutable and isinstance(args[0], OnDevice):
        return args[0]
    refuse_float64(found)
    return tree_map_only(torch.Tensor, OnDevice, found)


def refuse_float64(found):
    """What Apple's devices answer."""
    if any(isinstance(each, torch.Tensor) and each.dtype == torch.float64 for each in tree_flatten(found)[0]):
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")


class Arrivals(TorchFunctionMode):
    """Brings to the device what is sent to it, and back: this machine's PyTorch would refuse before any dispatch."""

    def __torch_function__(self, func, _types, args=(), kwargs=None):
        if func in HOMEWARD and isinstance(args[0], OnDevice):
            return HOMEWARD[func](args[0].held)
        sent = func is torch.Tensor.to and MPS in (*args[1:], *(kwargs or {}).values())
        if not sent:
            return func(*args, **(kwargs or {}))
        refuse_float64(args[0])
        return args[0] if isinstance(args[0], OnDevice) else OnDevice(args[0].detach().clone())


@contextmanager
def an_apple_gpu():
    """As long as it lasts, ``auto`` is the simulated device."""
    with pytest.MonkeyPatch.context() as patch, Arrivals():
        patch.setattr(torch.cuda, "device_count", lambda: 0)
        patch.setattr(torch.backends.mps, "is_available", lru_cache(lambda: True))  # cached, as the real one is
        patch.setattr(torch.mps, "synchronize", lambda: None)
        patch.setattr(torch.__future__, "_overwrite_module_params_on_conversion", True)  # not the numbers within them
        yield
