"""A ResNet under the names of Hugging Face's transformers, read here: the same answers."""

import pytest
import torch
from safetensors.torch import save_file

from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.checkpoints.transformers_names import torchvision_names
from resnet_app.errors import CheckpointError
from tests.transformers_resnet import NETWORKS, Theirs, theirs


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("prefix", ["", "model."])  # Lightning's modules put one before
def test_it_answers_as_theirs_does(tmp_path, name, prefix):
    network = theirs(name)
    save_file(
        {prefix + key: each.clone() for key, each in network.state_dict().items()}, tmp_path / "model.safetensors"
    )
    found = read_checkpoint(tmp_path / "model.safetensors")
    assert (found.spec.name, found.classes, found.head, found.is_exact) == (name, 3, "fc.", True)
    assert found.stripped_prefixes == ((prefix,) if prefix else ())
    assert [note.code for note in found.notes] == ["transformers"]
    pixels = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(found.network()(pixels), network(pixels), rtol=1e-4, atol=1e-5)


def refused(tmp_path, state):
    torch.save(state, tmp_path / "model.bin")
    with pytest.raises(CheckpointError) as refusal:
        read_checkpoint(tmp_path / "model.bin")
    return refusal.value


def test_without_a_head_it_is_told_so(tmp_path):
    state = {key.removeprefix("resnet."): each for key, each in theirs("resnet18").resnet.state_dict().items()}
    assert refused(tmp_path, state).code == "no_classifier"


def test_what_is_not_theirs_is_left_as_it_is(tmp_path, small_state):
    assert torchvision_names(small_state()) is None
    stem = "embedder.embedder.convolution.weight"
    assert torchvision_names({f"regnet.{stem}": 0}) is None  # another network, whose parts are called the same
    assert torchvision_names({f"resnet.{stem}": 0, "conv1.weight": 1, stem: 2}) is None
    assert torchvision_names({"x" * 400 + stem: 0}) is None
    state = theirs("resnet18").state_dict()
    state["resnet.encoder.stages.1.layers.0.attention.weight"] = torch.ones(1)
    assert refused(tmp_path, state).code == "surplus"  # what would change the answers is not passed over


@pytest.mark.parametrize("more", ["resnet.encoder.stages.0.attention.weight", "resnet.embedder.scale"])
def test_what_has_no_place_in_ours_is_refused(tmp_path, more):
    assert refused(tmp_path, {**theirs("resnet18").state_dict(), more: torch.ones(2, 2, 1, 1)}).code == "no_resnet"


def test_a_fifth_stage_is_refused(tmp_path):
    """Its first four and its head would fit."""
    assert refused(tmp_path, Theirs((2,) * 5, (64, 128, 256, 512, 512), False).state_dict()).code == "no_resnet"
