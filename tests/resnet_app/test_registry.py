"""The records against torchvision's metadata."""

import pytest
import torch
from torchvision.models import get_model, get_model_weights, get_weight, list_models

from resnet_app.errors import UnknownChoiceError, WeightsError
from resnet_app.registry import SPECS, WEIGHTS, get_spec

# The contract of the command line and the HTTP endpoints, in its order.
NAMES = [
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
]


def test_the_ten_names_in_the_contracts_order():
    assert list(SPECS) == NAMES
    assert set(NAMES) == {name for name in list_models() if name.startswith(("resnet", "resnext", "wide_resnet"))}


@pytest.mark.parametrize("name", NAMES)
def test_published_numbers_are_torchvisions(name):
    spec = SPECS[name]
    published = list(get_model_weights(name))
    assert published[0].__class__.__name__ == spec.enum
    assert tuple(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] for weights in published) == spec.accuracy
    assert {weights.meta["num_params"] for weights in published} == {spec.parameters}
    assert {weights.meta["_ops"] for weights in published} == {spec.gmacs}


@pytest.mark.parametrize("name", NAMES)
def test_every_choice_of_weights_exists(name):
    spec = SPECS[name]
    published = list(get_model_weights(name))
    assert set(spec.weights) <= set(WEIGHTS)
    assert ("ants-bees" in spec.weights) == (name == "resnet18")
    assert "random" in spec.weights
    # torchvision counts 64x4d's only weights as its first.
    versions = [choice for choice in spec.weights if choice.startswith("imagenet-v")]
    assert [spec.published(choice) for choice in versions] == published
    assert spec.published("imagenet") == get_weight(f"{spec.enum}.DEFAULT")


@pytest.mark.parametrize(
    ("name", "depth"), [("resnet18", 18), ("resnet34", 34), ("resnet50", 50), ("resnet101", 101), ("resnet152", 152)]
)
def test_depth_is_the_one_in_the_name(name, depth):
    assert SPECS[name].depth == depth


@pytest.mark.parametrize("name", NAMES)
def test_skeleton_has_torchvisions_shapes_and_no_numbers(name):
    ours = SPECS[name].skeleton(num_classes=5).state_dict()
    with torch.device("meta"):
        theirs = get_model(name, num_classes=5).state_dict()
    assert [(key, tensor.shape, tensor.dtype) for key, tensor in ours.items()] == [
        (key, tensor.shape, tensor.dtype) for key, tensor in theirs.items()
    ]
    assert all(tensor.is_meta for tensor in ours.values())


def test_unknown_names_are_refused_with_the_choices():
    with pytest.raises(
        UnknownChoiceError, match=r"'resnet19'; choose one of resnet18, resnet34, .*wide_resnet101_2\.$"
    ):
        get_spec("resnet19")
    with pytest.raises(
        WeightsError, match="no imagenet-v2 weights for resnet18; choose one of ants-bees, ants-bees-v1, imagenet,"
    ):
        SPECS["resnet18"].published("imagenet-v2")


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import resnet_app.registry", ("torch", "torchvision", "numpy", "PIL")),
        ("from resnet_app.registry import SPECS; SPECS['resnet18'].skeleton()", ("torchvision", "torch._dynamo")),
    ],
)
@pytest.mark.slow
def test_is_light_to_import(fresh_python, code, absent):
    done = fresh_python("-c", f"{code}; import sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert "resnet_app.registry" in done.stdout.split()
    assert not set(absent) & set(done.stdout.split())
