"""Checkpoints that are written: read back by safetensors and by torch, as they were, for everyone, in one step."""

import json

import pytest
import torch
from safetensors import safe_open

from resnet_app import __version__
from resnet_app.checkpoints.write import PTH, SAFETENSORS, format_of, save_pth, save_safetensors
from resnet_app.errors import OutputError

STATE = {
    "fc.weight": torch.arange(12, dtype=torch.float32).reshape(3, 4).t() / 3,  # not contiguous
    "bn.num_batches_tracked": torch.tensor(7),
    "large": torch.tensor([1e30, -0.0]),
    "empty": torch.zeros(0, 3),
}
FACTS = {"classes": ["蚂蚁", 'b"ee'], "metrics": {"loss": 0.1, "none": None}, "epoch": 3}


def read(path):
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118 (not a mapping)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a.safetensors", SAFETENSORS), ("a", SAFETENSORS), ("a.PTH", PTH), ("best.ckpt", PTH), ("model.pth.tar", PTH)],
)
def test_a_name_that_torch_s_files_have_gets_what_torch_reads(tmp_path, name, wanted):
    assert format_of(tmp_path / name) == wanted


@pytest.mark.parametrize("half", [False, True])
def test_safetensors_reads_the_numbers_and_the_facts(tmp_path, half):
    save_safetensors(tmp_path / "a.safetensors", STATE, FACTS, half=half)
    tensors, metadata = read(tmp_path / "a.safetensors")
    expected = {key: each.half() if half and each.is_floating_point() else each for key, each in STATE.items()}
    assert tensors.keys() == expected.keys()
    for key, tensor in expected.items():
        torch.testing.assert_close(tensors[key], tensor, rtol=0, atol=0)
    assert metadata.pop("format") == "pt"  # which other readers ask for
    assert __version__ in json.loads(metadata.pop("written_by"))
    assert {key: json.loads(text) for key, text in metadata.items()} == FACTS
    assert STATE["fc.weight"].dtype == torch.float32
    assert not STATE["fc.weight"].is_contiguous()  # what was given is left as it was


def test_torch_reads_the_classic_dict_without_unpickling(tmp_path):
    save_pth(tmp_path / "a.pth", STATE, FACTS, optimizer_state_dict={"state": {}}, epoch=9)
    found = torch.load(tmp_path / "a.pth", weights_only=True)
    state = found.pop("model_state_dict")
    assert all(torch.equal(state[key], tensor) for key, tensor in STATE.items())
    assert found == {"optimizer_state_dict": {"state": {}}, "epoch": 3, **{k: FACTS[k] for k in ("classes", "metrics")}}


@pytest.mark.parametrize("save", [save_safetensors, save_pth])
def test_a_file_is_everyones_to_read_and_takes_the_old_ones_place(tmp_path, save):
    path = tmp_path / "new" / "größe.bin"
    for scale in (1, 2):
        save(path, {"w": torch.ones(2) * scale}, {})
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in path.parent.iterdir()] == ["größe.bin"]
    found = read(path)[0] if save is save_safetensors else torch.load(path, weights_only=True)["model_state_dict"]
    assert found["w"].tolist() == [2, 2]


@pytest.mark.parametrize("save", [save_safetensors, save_pth])
def test_a_place_that_takes_no_file_is_a_sentence(tmp_path, save):
    (tmp_path / "file").write_text("mine")
    for place in ("file/a.pth", "x" * 250):
        with pytest.raises(OutputError, match="cannot be written"):
            save(tmp_path / place, STATE, FACTS)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "mine")]
