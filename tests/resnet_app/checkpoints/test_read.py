"""Checkpoint files as people have them: read as torch.load reads them, or refused with a sentence."""

import argparse
import io
import json
import struct
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.utils.prune
import torchvision

from resnet_app.checkpoints import inspect, torch_file
from resnet_app.checkpoints.class_names import check_class_names, parse_class_names, read_class_names
from resnet_app.checkpoints.other_architectures import family_of
from resnet_app.checkpoints.read import infer_architecture, read_checkpoint
from resnet_app.cli.main import main
from resnet_app.errors import CheckpointError
from resnet_app.images import Recipe
from resnet_app.registry import SPECS

CONTAINERS = ["torch zip", "torch legacy", "safetensors"]
WRAPPERS = ["model_state_dict", "state_dict", "model_state", "model", "net", "network", "params", "ema", "anything"]


def assert_weights(found, expected):
    """Same keys in the network's order and same numbers, in float32."""
    assert list(found.state_dict) == list(expected)
    for key, tensor in found.state_dict.items():
        if not key.endswith("num_batches_tracked"):
            assert tensor.dtype == torch.float32
            assert torch.equal(tensor, expected[key].float()), key


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_bare_state_dict(saved, small_state, container):
    path = saved(small_state(), container)
    found = read_checkpoint(path)
    # torch.load for its own files; safetensors holds what was given.
    expected = small_state() if container == "safetensors" else torch.load(path, weights_only=True)
    assert_weights(found, expected)
    assert (found.spec.name, found.stem, found.classes, found.container) == ("resnet18", "imagenet", 2, container)
    assert (found.class_names, found.recipe, found.unwrapped, found.stripped_prefixes) == (None, None, (), ())


@pytest.mark.slow
@pytest.mark.parametrize("container", CONTAINERS[:2])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrappers_with_optimizer_state_beside(saved, small_state, wrapper, container):
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(4))])
    optimizer.param_groups[0]["params"][0].grad = torch.ones(4)
    optimizer.step()
    content = {"epoch": 12, "optimizer": optimizer.state_dict(), "accuracy": 0.93, wrapper: small_state(), "note": "ok"}
    path = saved(content, container)
    found = read_checkpoint(path)
    assert_weights(found, torch.load(path, weights_only=True)[wrapper])
    assert found.unwrapped == (wrapper,)
    assert {key: found.metadata[key] for key in ("epoch", "accuracy", "note")} == {
        "epoch": 12,
        "accuracy": 0.93,
        "note": "ok",
    }


def test_wrappers_in_wrappers_and_what_torch_refuses_beside(saved, small_state):
    content = {"args": argparse.Namespace(lr=1), "best": np.float64(0.5), "model": {"state_dict": small_state()}}
    found = read_checkpoint(saved(content))
    assert found.unwrapped == ("model", "state_dict")
    assert_weights(found, small_state())


def in_some_order(content, turned):
    """The same dict with its entries in their order, or in the reverse one."""
    return dict(reversed(content.items())) if turned else content


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_entries_changes_nothing(saved, small_state, turned):
    """A dict that is met far from the root first has to be seen again where it lies nearer."""
    state = small_state()
    whole = {"state_dict": state, "epoch": 3}
    found = read_checkpoint(saved(in_some_order({"history": {"best": whole}, "model": whole}, turned)))
    assert found.unwrapped == ("model", "state_dict")
    assert_weights(found, state)
    nested = in_some_order({"first": {"a": {"b": state}}, "second": {"b": state}}, turned)
    assert read_checkpoint(saved(nested)).unwrapped == ("second", "b")


@pytest.mark.parametrize("turned", [False, True])
def test_two_sets_of_weights_are_refused_in_any_order_and_one_under_two_names_is_read(saved, small_state, turned):
    one, other = small_state(), small_state()
    with pytest.raises(CheckpointError, match="several sets of weights"):
        read_checkpoint(saved(in_some_order({"first": {"a": one}, "second": other}, turned)))
    assert_weights(read_checkpoint(saved(in_some_order({"last": one, "best": one}, turned))), one)


def test_a_big_endian_file_is_read(saved, small_state, tmp_path):
    """As torch writes it on such a machine: each number's bytes turned round, and the word big in byteorder."""
    state = small_state()
    turned = {
        key: torch.from_numpy(tensor.contiguous().numpy().byteswap()) if tensor.ndim else tensor
        for key, tensor in state.items()
        if tensor.ndim
    }
    little, big = saved(turned), tmp_path / "big.pth"
    with zipfile.ZipFile(little) as archive, zipfile.ZipFile(big, "w") as other:
        for name in archive.namelist():
            other.writestr(name, b"big" if name.endswith("/byteorder") else archive.read(name))
    assert_weights(read_checkpoint(big), state)


@pytest.mark.parametrize("container", CONTAINERS)
def test_half_a_surrogate_pair_in_a_class_name_ends_nothing(saved, small_state, container, capsys):
    names = ["ants\ud83d", "bees"]
    if container == "safetensors":
        path = saved(small_state(), container, metadata={"classes": json.dumps(names)})
    else:
        path = saved({"model": small_state(), "classes": names, "note\udc1d": 1}, container)
    assert read_checkpoint(path).class_names == ("ants\ufffd", "bees")
    assert main(["inspect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.encode())["class_names"] == ["ants\ufffd", "bees"]


@pytest.mark.parametrize(
    "prefixes",
    [
        *[(prefix,) for prefix in ("module.", "_orig_mod.", "model.", "backbone.", "net.", "encoder.")],
        ("module.", "_orig_mod."),
        ("_orig_mod.", "module.", "model."),
    ],
    ids="".join,
)
def test_prefixes(saved, small_state, prefixes):
    content = OrderedDict(("".join(prefixes) + key, tensor) for key, tensor in small_state().items())
    found = read_checkpoint(saved({"state_dict": content}))
    assert_weights(found, small_state())
    assert found.stripped_prefixes == prefixes


@pytest.mark.slow
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(saved, small_state, dtype, container):
    found = read_checkpoint(saved(small_state(dtype=dtype), container))
    assert found.dtype == str(dtype).removeprefix("torch.")
    assert_weights(found, small_state(dtype=dtype))


@pytest.mark.parametrize("container", CONTAINERS)
def test_files_without_step_counters(saved, small_state, container):
    state = {key: tensor for key, tensor in small_state().items() if not key.endswith("num_batches_tracked")}
    assert_weights(read_checkpoint(saved(state, container)), small_state())


@pytest.mark.parametrize("name", SPECS)
def test_every_variant_is_known_by_its_shapes(saved, small_state, name):
    found = read_checkpoint(saved(small_state(name, 7)))
    assert (found.spec.name, found.stem, found.classes) == (name, "imagenet", 7)
    assert_weights(found, small_state(name, 7))


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d"])
def test_the_cifar_stem_is_known_by_its_shape(saved, small_state, name):
    found = read_checkpoint(saved(small_state(name, 10, stem="cifar")))
    assert (found.spec.name, found.stem, found.classes) == (name, "cifar", 10)
    assert found.state_dict["conv1.weight"].shape == (64, 3, 3, 3)


@pytest.mark.parametrize("classes", [2, 3, 1000])
def test_the_head_says_the_class_count(saved, small_state, classes):
    assert read_checkpoint(saved(small_state(classes=classes))).classes == classes


@pytest.mark.slow
@pytest.mark.parametrize(
    "beside",
    [
        {"classes": ["ants", "bees"]},
        {"class_names": ("ants", "bees")},
        {"class_to_idx": {"bees": 1, "ants": 0}},
        {"classes": 2, "class_names": ["ants", "bees"]},
        {"classes": ["only one"], "class_to_idx": {"ants": 0, "bees": 1}},
    ],
    ids=str,
)
@pytest.mark.parametrize("container", CONTAINERS)
def test_class_names_in_the_file(saved, small_state, beside, container):
    if container == "safetensors":
        path = saved(small_state(), container, metadata={key: json.dumps(value) for key, value in beside.items()})
    else:
        path = saved({"state_dict": small_state(), **beside}, container)
    assert read_checkpoint(path).class_names == ("ants", "bees")


@pytest.mark.parametrize(
    "names", [["a"], ["a", "b", "c"], ["a", "a"], ["a", ""], ["a", 2], ["a", "b\x1b[31m"], ["a", "b" * 200], "ab"]
)
def test_class_names_that_do_not_fit_are_not_taken(saved, small_state, names):
    assert read_checkpoint(saved({"state_dict": small_state(), "classes": names})).class_names is None


def test_a_stated_recipe_is_read(saved, small_state):
    recipe = {"resize": 96, "crop": 64, "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2], "interpolation": "bicubic"}
    path = saved(small_state(), "safetensors", metadata={"preprocessing": json.dumps(recipe), "note": "not json"})
    found = read_checkpoint(path)
    assert found.recipe == Recipe(96, 64, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), "bicubic")
    assert found.metadata["note"] == "not json"


def test_one_shared_run_of_numbers_is_not_read_for_every_tensor(saved, small_state, monkeypatch):
    """A file whose tensors are all views into one storage costs that storage once, not 122 times."""
    state = small_state()
    path = saved({"state_dict": state})
    sizes = []
    original = zipfile.ZipFile.read
    monkeypatch.setattr(
        zipfile.ZipFile, "read", lambda self, *args: sizes.append(len(data := original(self, *args))) or data
    )
    read_checkpoint(path)
    assert sum(sizes) < 4 * path.stat().st_size


def changed(state, key, value):
    return {**state, key: value}


def without(state, *keys):
    return {key: tensor for key, tensor in state.items() if key not in keys}


def spoiled(state, key, value):
    tensor = state[key].clone()
    tensor.view(-1)[1] = value
    return {**state, key: tensor}


def pruned(state, name):
    """What ``torch.nn.utils.prune`` makes of a layer's weight in the state dict."""
    layer = torch.nn.Conv2d(64, 64, 3, bias=False)
    torch.nn.utils.prune.l1_unstructured(layer, "weight", 0.3)
    return {**without(state, f"{name}weight"), **{f"{name}{key}": tensor for key, tensor in layer.state_dict().items()}}


BAD_STATES = {
    "a missing layer": (lambda s: without(s, "layer4.1.conv2.weight"), "layer4.1.conv2.weight is missing"),
    "a missing variance": (lambda s: without(s, "bn1.running_var"), "bn1.running_var is missing"),
    "no head": (lambda s: without(s, "fc.weight", "fc.bias"), "no classifier"),
    "a head of one dimension": (lambda s: changed(s, "fc.weight", torch.ones(512)), "no classifier"),
    "no classes": (lambda s: changed(s, "fc.weight", torch.ones(0, 512)), "no classifier"),
    "pruned": (
        lambda s: pruned(s, "layer1.0.conv1."),
        r"layer1\.0\.conv1\.weight is pruned.*prune\.remove\(layer, 'weight'\)",
    ),
    "a deep stem": (
        lambda s: {**without(s, "conv1.weight"), "conv1.0.weight": torch.ones(32, 3, 3, 3)},
        "as ResNet-C and ResNet-D have: another network",
    ),
    "a wrong shape": (lambda s: changed(s, "layer2.0.bn1.weight", torch.ones(64)), r"\[64\], not \[128\]"),
    "a wrong head": (lambda s: changed(s, "fc.bias", torch.ones(3)), r"fc.bias has the shape \[3\]"),
    "one colour": (lambda s: changed(s, "conv1.weight", torch.ones(64, 1, 7, 7)), r"\[64, 1, 7, 7\]"),
    "something added": (lambda s: changed(s, "layer1.0.se.weight", torch.ones(3)), "something added"),
    "an odd depth": (lambda s: without(s, *(k for k in s if k.startswith("layer4.1."))), "depth or width"),
    "int8": (lambda s: changed(s, "conv1.weight", torch.ones(64, 3, 7, 7, dtype=torch.int8)), "int8.*float16"),
    "bool": (lambda s: changed(s, "fc.bias", torch.ones(2, dtype=torch.bool)), "bool.*float16"),
    "complex": (lambda s: changed(s, "fc.bias", torch.ones(2, dtype=torch.complex64)), "complex64.*float16"),
    "NaN": (lambda s: spoiled(s, "layer3.0.conv1.weight", float("nan")), "NaN"),
    "infinity": (lambda s: spoiled(s, "fc.bias", float("inf")), "infinite"),
    "a negative variance": (lambda s: spoiled(s, "layer1.0.bn2.running_var", -0.5), "negative"),
}


@pytest.mark.parametrize("container", ["torch zip", "safetensors"])
@pytest.mark.parametrize(("spoil", "says"), BAD_STATES.values(), ids=BAD_STATES)
def test_weights_that_do_not_fit_are_refused(saved, small_state, is_plain, spoil, says, container):
    with pytest.raises(CheckpointError, match=says) as caught:
        read_checkpoint(saved(spoil(small_state()), container))
    assert is_plain(caught.value)


def test_half_precision_that_overflows_float32_is_refused(saved, small_state):
    with pytest.raises(CheckpointError, match="infinite"):
        read_checkpoint(saved(spoiled(small_state(dtype=torch.float64), "fc.bias", 1e300)))


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def torch_bytes(content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def network_of(state):
    with torch.device("meta"):
        network = torchvision.models.resnet18(num_classes=2)
    network.load_state_dict(state, assign=True)
    return network


def whole_module(state):
    return torch_bytes(network_of(state))


def torchscript(_):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; people have its files
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), buffer)
    return buffer.getvalue()


def safetensors_bytes(header, *, length=None, data=b""):
    return struct.pack("<Q", len(header) if length is None else length) + header + data


BAD_FILES = {
    "empty": (lambda _: b"", "it is empty"),
    "a web page": (lambda _: b"\n<!DOCTYPE html><html>Sign in</html>", "web page"),
    "a pointer": (lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "git lfs pull"),
    "text": (lambda _: b"Dear reader, these are no weights.", "not a checkpoint"),
    "a picture": (lambda _: b"\x89PNG\r\n\x1a\n", "it is a picture"),
    "GGUF": (lambda _: b"GGUF\x03\x00\x00\x00", "GGUF"),
    "TensorFlow Lite": (lambda _: b"\x1c\x00\x00\x00TFL3", "TensorFlow Lite"),
    "a NumPy archive": (lambda _: zipped(**{"fc.weight.npy": b"\x93NUMPY"}), "NumPy archive"),
    "random bytes": (lambda _: np.random.default_rng(1).bytes(5000), "not a checkpoint"),
    "a plain pickle": (lambda _: b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94.", "plain pickle"),
    "a plain zip": (lambda _: zipped(**{"readme.txt": b"hello"}), "no PyTorch checkpoint"),
    "a zip of a zip": (lambda s: zipped(**{"weights.pth": torch_bytes(s)}), "checkpoint inside. Unpack it"),
    "half a zip": (lambda s: torch_bytes(s)[:20_000], "damaged"),
    "a whole module": (whole_module, "whole pickled object .torchvision.models.resnet.ResNet."),
    "a whole DataParallel": (
        lambda s: torch_bytes(torch.nn.DataParallel(network_of(s))),
        r"whole pickled object .torch\.nn\.parallel\.data_parallel",
    ),
    "a whole module in a dict": (
        lambda s: torch_bytes({"epoch": 14, "model": network_of(s)}),
        "whole pickled object .torchvision.* give that file",
    ),
    "a whole module beside an optimizer's state": (
        lambda s: torch_bytes({"net": network_of(s), "optimizer": {"state": {"m": torch.ones(3)}}}),
        "whole pickled object .torchvision",
    ),
    "a tuple": (lambda s: torch_bytes((s, 0.9)), "list or tuple with the weights in it.* give that file"),
    "a list of dicts": (lambda s: torch_bytes([{"epoch": 3}, {"model": s}]), "list or tuple with the weights in it"),
    "TorchScript": (torchscript, "TorchScript"),
    "one tensor": (lambda _: torch_bytes(torch.ones(3)), "one tensor"),
    "a list": (lambda s: torch_bytes(list(s.values())), "no weights by name"),
    "an optimizer": (
        lambda _: torch_bytes({"state": {0: {"step": torch.ones(1)}}, "param_groups": []}),
        "optimizer's state",
    ),
    "half a safetensors": (
        lambda _: safetensors_bytes(b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'),
        "dam",
    ),
    "a safetensors header beyond the file": (lambda _: safetensors_bytes(b"{}", length=2**40), "damaged"),
    "a safetensors header of 3 MB": (lambda _: safetensors_bytes(b"{" + b" " * 3_000_000 + b"}"), "damaged"),
    "a safetensors header that is no JSON": (lambda _: safetensors_bytes(b"{nonsense}"), "damaged"),
    "a safetensors without tensors": (lambda _: safetensors_bytes(b"{}"), "not the weights of a ResNet"),
}


@pytest.mark.parametrize(("make", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_files_that_are_no_checkpoint_are_refused(tmp_path, small_state, is_plain, make, says):
    path = tmp_path / "secret-folder-name.pth"
    path.write_bytes(make(small_state()))
    with pytest.raises(CheckpointError, match=says) as caught:
        read_checkpoint(path)
    assert is_plain(caught.value)
    path.unlink()  # nobody holds it open


@pytest.mark.parametrize(
    ("name", "family"),
    [("vgg11", "VGG-11"), ("mobilenet_v3_small", "MobileNetV3"), ("densenet121", "DenseNet-121")],
)
@pytest.mark.parametrize("container", CONTAINERS[:2])
def test_other_networks_are_refused_by_their_name(saved, small_state, name, family, container):
    with pytest.raises(CheckpointError, match=f"These look like {family} weights. This app reads ResNet-18"):
        read_checkpoint(saved(small_state(name, 10), container))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("alexnet", "AlexNet"), ("vgg13", "VGG-13"), ("vgg16_bn", "VGG-16"), ("vgg19", "VGG-19"),
        ("densenet161", "DenseNet-161"), ("densenet169", "DenseNet-169"), ("densenet201", "DenseNet-201"),
        ("mobilenet_v2", "MobileNetV2"), ("mobilenet_v3_large", "MobileNetV3"), ("squeezenet1_1", "SqueezeNet"),
        ("efficientnet_b0", "EfficientNet-B0"), ("efficientnet_b4", "EfficientNet-B4"), ("googlenet", "Inception"),
        ("inception_v3", "Inception"), ("shufflenet_v2_x1_0", "ShuffleNet"), ("regnet_y_400mf", "RegNet"),
        ("vit_b_16", "Vision Transformer"), ("swin_t", "Swin Transformer"), ("swin_v2_t", "Swin Transformer"),
        ("maxvit_t", "MaxViT"), ("convnext_tiny", "ConvNeXt"),
        ("mnasnet1_0", None), ("resnet50", None),
    ],
)  # fmt: skip
def test_families_are_known_by_their_names(name, family):
    with torch.device("cpu" if name.startswith("regnet") else "meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two of them announce a change of their initialisation
        network = getattr(torchvision.models, name)()
    assert family_of({key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}) == family


@pytest.mark.parametrize("inner", ["0", "1", "2"])
def test_a_linear_layer_in_a_sequential_is_the_head(saved, small_state, inner):
    state = {key.replace("fc.", f"fc.{inner}."): tensor for key, tensor in small_state().items()}
    assert_weights(read_checkpoint(saved(state)), small_state())


def test_a_head_of_two_layers_is_refused(saved, small_state, is_plain):
    state = {key: tensor for key, tensor in small_state().items() if not key.startswith("fc.")}
    state |= {"fc.0.weight": torch.ones(8, 512), "fc.2.weight": torch.ones(2, 8)}
    with pytest.raises(CheckpointError, match="has 2 layers") as caught:
        read_checkpoint(saved(state))
    assert is_plain(caught.value)


@pytest.mark.parametrize("prefix", ["resnet.", "0.", "module.whatever.it.is.", "encoder_q."])
def test_any_prefix_is_taken_off(saved, small_state, prefix):
    found = read_checkpoint(saved({prefix + key: tensor for key, tensor in small_state().items()}))
    assert "".join(found.stripped_prefixes) == prefix
    assert_weights(found, small_state())


def test_what_lies_beside_the_network_is_left_out_with_a_note(saved, small_state):
    evil = "\ud800<b>\x1b[2J" + "k" * 5000
    beside = {"criterion.weight": torch.ones(3), evil: torch.ones(1), "projector.0.weight": torch.ones(2, 3)}
    found = read_checkpoint(saved({**small_state(), **beside}))
    assert_weights(found, small_state())
    note = found.notes[0].text
    assert len(found.notes) == 1
    assert note.startswith("Not part of the network and left out: ")
    assert "criterion.weight" in note
    assert len(note) < 300
    assert note.isprintable()
    note.encode()
    inside = {f"net.{key}": tensor for key, tensor in small_state().items()}
    assert "loss.weight" in read_checkpoint(saved({**inside, "loss.weight": torch.ones(1)})).notes[0].text


@pytest.mark.parametrize("container", CONTAINERS)
def test_one_output_is_refused_since_every_picture_would_get_the_same_answer(saved, small_state, is_plain, container):
    with pytest.raises(CheckpointError, match="have one output, a yes or no for a sigmoid") as caught:
        read_checkpoint(saved(small_state(classes=1), container))
    assert is_plain(caught.value)


OWN_HEADS = {
    "after the whole ResNet": (
        "resnet.",
        {"fc": (2, 1000)},
        r"\(resnet\.fc, and fc\.weight, which takes 1000 numbers\)",
    ),
    "after it, unnamed": ("", {"classifier.3": (2, 1000)}, r"\(fc, and classifier\.3\.weight, which takes 1000"),
    "beside its own": ("", {"age": (9, 512), "loss": (3, 3)}, r"\(fc, and age\.weight, which takes 512 numbers\)"),
}


@pytest.mark.parametrize("container", ["torch zip", "safetensors"])
@pytest.mark.parametrize(("prefix", "layers", "says"), OWN_HEADS.values(), ids=OWN_HEADS)
def test_a_layer_that_takes_what_the_network_gives_is_not_left_out(
    saved, small_state, is_plain, prefix, layers, says, container
):
    """Without it the answers would be those of another network."""
    state = {f"{prefix}{key}": tensor for key, tensor in small_state(classes=1000).items()}
    state |= {f"{name}.weight": torch.ones(shape) for name, shape in layers.items()}
    with pytest.raises(CheckpointError, match=f"holds two classifiers {says}") as caught:
        read_checkpoint(saved(state, container))
    assert is_plain(caught.value)


@pytest.mark.parametrize(
    ("prefix", "other"), [("backbone.", "head"), ("", "last_linear"), ("net.", "classifier.1"), ("encoder.", "fc")]
)
def test_a_last_layer_that_lies_elsewhere_is_named(saved, small_state, is_plain, prefix, other):
    state = {f"{prefix}{key}": tensor for key, tensor in without(small_state(), "fc.weight", "fc.bias").items()}
    state |= {f"{other}.weight": torch.ones(2, 512), f"{other}.bias": torch.ones(2)}
    with pytest.raises(CheckpointError, match=f"have no {prefix}fc, .* their last layer seems to be {other}") as caught:
        read_checkpoint(saved(state))
    assert is_plain(caught.value)
    renamed = {
        key.replace(f"{other}.", f"{prefix}fc.") if key.startswith(other) else key: t for key, t in state.items()
    }
    assert read_checkpoint(saved(renamed)).classes == 2  # the advice leads somewhere


def test_of_two_layers_in_the_place_of_the_last_one_none_is_named(saved, small_state):
    state = without(small_state(), "fc.weight", "fc.bias")
    with pytest.raises(CheckpointError, match="no classifier"):
        read_checkpoint(saved({**state, "head.weight": torch.ones(2, 512), "projector.weight": torch.ones(9, 512)}))


def test_what_lies_within_a_stage_is_not_left_out(saved, small_state):
    """A layer more in a block is another network: its answers would be others."""
    with pytest.raises(CheckpointError, match=r"ResNet-18 with something added: layer1\.0\.se\.fc1\.weight"):
        read_checkpoint(saved({**small_state(), "layer1.0.se.fc1.weight": torch.ones(4, 64)}))


def test_two_networks_in_one_file_are_refused(saved, small_state, is_plain):
    student, teacher = small_state(), small_state("resnet34")
    flat = {f"student.{k}": t for k, t in student.items()} | {f"teacher.{k}": t for k, t in teacher.items()}
    for content, says in (({"student": student, "teacher": teacher}, "several sets"), (flat, "several networks")):
        with pytest.raises(CheckpointError, match=says) as caught:
            read_checkpoint(saved(content))
        assert "student, teacher" in str(caught.value)
        assert is_plain(caught.value)


def test_averaged_weights_come_before_others_and_the_note_says_so(saved, small_state):
    averaged = {key: tensor * 0.5 for key, tensor in small_state().items()}
    found = read_checkpoint(saved({"state_dict": small_state(), "state_dict_ema": averaged}))
    assert_weights(found, averaged)
    assert found.unwrapped == ("state_dict_ema",)
    assert [note.text for note in found.notes] == ["The averaged weights (state_dict_ema) are used."]


def test_a_file_that_calls_itself_another_network_is_what_its_shapes_say(saved, small_state):
    found = read_checkpoint(saved({"arch": "resnet50", "state_dict": small_state(), "classes": ["a", "b", "c"]}))
    assert found.spec.name == "resnet18"
    assert "calls itself ResNet-50; its shapes are those of ResNet-18" in found.notes[0].text
    assert "class names in the file do not fit" in found.notes[1].text


def test_weights_too_large_for_an_answer_are_refused(saved, small_state, is_plain):
    state = {key: tensor.float() * 1e36 if key.endswith("weight") else tensor for key, tensor in small_state().items()}
    with pytest.raises(CheckpointError, match="so large that the answers are not") as caught:
        read_checkpoint(saved(state))
    assert is_plain(caught.value)


def test_a_zip_packed_anew_is_read(saved, small_state, tmp_path):
    """torch never compresses, people do."""
    again = tmp_path / "again.pth"
    with zipfile.ZipFile(saved(small_state())) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    assert_weights(read_checkpoint(again), small_state())


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (torch.ones(2, 512).to_sparse(), "in a form that is not read"),
        (torch.ones(2, 512).to(torch.float8_e4m3fn), "in a form that is not read"),
        (np.ones((2, 512), np.float32), "is a NumPy array"),
    ],
    ids=["sparse", "fp8", "numpy"],
)
def test_tensors_of_another_kind_are_refused_by_name(saved, small_state, is_plain, tensor, says):
    with pytest.raises(CheckpointError, match=f"fc.weight .*{says}") as caught:
        read_checkpoint(saved({"state_dict": {**small_state(), "fc.weight": tensor}}))
    assert is_plain(caught.value)


def test_a_quantised_last_layer_is_said_to_be_one(saved, small_state, is_plain):
    """As ``torch.ao.quantization.quantize_dynamic`` leaves it in the state dict."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # these are deprecated; people have such files
        packed = torch.quantize_per_tensor(torch.ones(2, 512), 0.1, 0, torch.qint8)
        path = saved(
            {
                **without(small_state(), "fc.weight", "fc.bias"),
                "fc.scale": torch.tensor(1.0),
                "fc._packed_params.dtype": torch.qint8,
                "fc._packed_params._packed_params": (packed, None),
            }
        )
    with pytest.raises(CheckpointError, match=r"fc\._packed_params\.dtype is stored in a form .*quantised") as caught:
        read_checkpoint(path)
    assert is_plain(caught.value)


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_network_of_arrays_is_not_called_damaged_and_not_read_whole(monkeypatch, is_plain, protocol, tmp_path):
    """Its numbers lie in the pickle itself, which is then larger than any of tensors."""
    monkeypatch.setattr(torch_file, "MAX_PICKLE_BYTES", 2**20)
    monkeypatch.setattr(torch_file, "follow", lambda _: pytest.fail("the whole pickle is followed"))
    rng = np.random.default_rng(0)
    arrays = {f"layer{i}.0.conv1.weight": rng.random((512, 512), np.float32) for i in range(1, 5)}
    path = tmp_path / "arrays.pth"
    torch.save({"epoch": 3, "state_dict": arrays}, path, pickle_protocol=protocol)
    with pytest.raises(CheckpointError, match=r"layer1\.0\.conv1\.weight is a NumPy array, not a tensor") as caught:
        read_checkpoint(path)
    assert is_plain(caught.value)


def test_a_pickle_that_is_too_large_without_arrays_is_called_damaged(saved, small_state, monkeypatch):
    monkeypatch.setattr(torch_file, "MAX_PICKLE_BYTES", 2**10)
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        read_checkpoint(saved(small_state()))


def test_a_missing_file_and_a_folder_are_refused(tmp_path, is_plain):
    for path, says in ((tmp_path / "absent.pth", "There is no file absent.pth"), (tmp_path, "is a folder; name the")):
        with pytest.raises(CheckpointError, match=says) as caught:
            read_checkpoint(path)
        assert is_plain(caught.value)  # no folder of the server's


@pytest.mark.parametrize("size", [4, 7])
def test_shapes_of_other_stems_are_refused(small_state, size):
    shapes = {key: tuple(tensor.shape) for key, tensor in small_state().items()}
    shapes["layer1.0.conv2.weight"] = (64, size, 3, 3)
    with pytest.raises(CheckpointError, match="groups"):
        infer_architecture(shapes)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ants,bees", ("ants", "bees")),
        (" ants ,\tbees, ", ("ants", "bees")),
        ("蚂蚁，蜜蜂", ("蚂蚁", "蜜蜂")),  # the full-width comma
        ("ants\nbees, wild\n", ("ants", "bees, wild")),
        ("ants\r\nbees\r\n", ("ants", "bees")),
        ('["ants", "bees, wild"]', ("ants", "bees, wild")),
        ('\ufeff["ants", "bees"]', ("ants", "bees")),
        ("\ufeffants\nbees", ("ants", "bees")),
        ("solo", ("solo",)),
        ("0: ants\n1: bees", ("ants", "bees")),
        ("1,bees\n0,ants", ("ants", "bees")),
        ("1: ants\n2: bees", ("1: ants", "2: bees")),  # not numbered from 0: part of the name
        ('{"1": "bees", "0": "ants"}', ("ants", "bees")),
        ('{"bees": 1, "ants": 0}', ("ants", "bees")),
        ('{"0": ["n02219486", "ants"], "1": ["n02206856", "bees"]}', ("ants", "bees")),
        ("\u202eants\u202c\nbees", ("ants", "bees")),  # which would turn the line around
        ("", ()),
    ],
)
def test_typed_class_names(text, names):
    assert parse_class_names(text) == names


@pytest.mark.parametrize(
    "text", ["[1, 2]", '["a", null]', "[not json", "[" * 100_000, "null", "[]", "{}", '{"0": "a", "5": "b"}']
)
def test_typed_json_must_be_a_list_of_texts(text):
    with pytest.raises(CheckpointError, match="list of texts"):
        parse_class_names(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_class_names_from_a_file(tmp_path, encoding):
    path = tmp_path / "names.txt"
    path.write_text("蚂蚁\nbees\n", encoding)
    assert read_class_names(path) == ("蚂蚁", "bees")


def test_class_names_from_a_file_that_is_no_text(tmp_path, is_plain):
    path = tmp_path / "names.txt"
    for data, says in ((b"\x89PNG\xff", "is not a text file"), (b"a" * (4 * 2**20 + 1), "larger than 4 MB")):
        path.write_bytes(data)
        with pytest.raises(CheckpointError, match=says) as caught:
            read_class_names(path)
        assert is_plain(caught.value)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("a",), "Outputs of the model: 2; class names given: 1"),
        (("a", "a"), "same name"),
        (("a", ""), "printable"),
        (("a", "b\n"), "printable"),
        (("a", "x" * 101), "100"),
    ],
)
def test_class_names_are_checked(names, says, is_plain):
    with pytest.raises(CheckpointError, match=says) as caught:
        check_class_names(names, 2)
    assert is_plain(caught.value)
    assert check_class_names(("ants", "蜜蜂"), 2) == ("ants", "蜜蜂")


def test_inspect_gives_the_contracts_record(saved, small_state):
    state = {f"module.{key}": tensor for key, tensor in small_state("resnet50", 3).items()}
    content = {"state_dict": state, "classes": ["a", "b", "c"], "epoch": 9}
    assert inspect.inspect(saved(content)) == {
        "ok": True,
        "reason": None,
        "model": "resnet50",
        "stem": "imagenet",
        "classes": 3,
        "class_names": ["a", "b", "c"],
        "parameters": 25_557_032 - 1000 * 2049 + 3 * 2049,  # the published count with another head
        "container": "torch zip",
        "unwrapped": ["state_dict"],
        "stripped_prefixes": ["module."],
        "dtype": "float32",
        "metadata": {"classes": ["a", "b", "c"], "epoch": 9},
    }


def test_inspect_gives_the_reason(tmp_path, saved, small_state):
    (tmp_path / "empty.pth").touch()
    found = inspect.inspect(tmp_path / "empty.pth")
    assert found.keys() == inspect.inspect(saved(small_state())).keys()
    assert (found["ok"], found["model"], found["metadata"]) == (False, None, {})
    assert "empty" in found["reason"]


def test_a_file_that_cannot_be_read_is_not_called_damaged(saved, small_state, tmp_path, monkeypatch, is_plain):
    path = saved(small_state())
    (tmp_path / "names.txt").write_text("a,b")
    with pytest.raises(CheckpointError, match=r"cannot be read \(File name too long\)"):
        read_checkpoint(tmp_path / ("x" * 300))

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    for reader, file in ((read_checkpoint, path), (read_class_names, tmp_path / "names.txt")):
        with pytest.raises(CheckpointError, match=r"cannot be read \(Permission denied\); check who") as caught:
            reader(file)
        assert is_plain(caught.value)
    assert "cannot be read" in inspect.inspect(path)["reason"]
