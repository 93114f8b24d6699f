"""A network of four blocks, where the loop is tested and not ResNet-18: two to three times as fast."""

from dataclasses import replace

import pytest

from resnet_app.registry import SPECS


@pytest.fixture(scope="module")
def resnet10():
    """Four BasicBlocks, one a stage, as one more network for a module's tests."""
    spec = replace(SPECS["resnet18"], name="resnet10", title="ResNet-10", depths=(1, 1, 1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SPECS, spec.name, spec)
        yield spec
