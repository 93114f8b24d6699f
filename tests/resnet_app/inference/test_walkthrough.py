"""The steps of inference against plain PyTorch; the snippet is run, and gives the app's own answer."""

import runpy
import shutil

import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torchvision import transforms

from resnet_app.inference import models
from resnet_app.inference.predict import classify
from resnet_app.inference.walkthrough import PHOTO, snippet, walk
from tests.transformers_resnet import theirs


@pytest.fixture
def folder(tmp_path, repo, monkeypatch):
    """Where the snippet is run: a photo lies there that is turned by its EXIF."""
    monkeypatch.chdir(tmp_path)
    with Image.open(repo / "assets" / "examples" / "bee-daisy.jpg") as picture:
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.resize((400, 300)).save(tmp_path / PHOTO, exif=exif)
    return tmp_path


def ran(model, folder):
    """Run the snippet where its files are: the class that it prints, and the probability."""
    code = folder / "answer.py"
    code.write_text(snippet(model))
    assert "resnet_app" not in code.read_text()
    return runpy.run_path(str(code))


def same_answer(model, folder):
    found, expected = ran(model, folder), classify(model, folder / PHOTO)
    torch.testing.assert_close(found["logits"][0], expected.logits, atol=1e-4, rtol=1e-4)
    assert found["classes"][found["index"]] == expected.predictions[0].label
    assert tuple(found["classes"]) == model.class_names


def test_the_bundled_models_snippet_answers_as_the_app(bundled, folder, repo):
    shutil.copy(repo / "assets" / "ants-bees.safetensors", folder)
    same_answer(bundled, folder)


def test_random_weights_are_drawn_as_here(random18, folder):
    same_answer(random18, folder)


@pytest.mark.parametrize("case", ["wrapped", "prefixed", "head", "no counters", "cifar", "safetensors", "transformers"])
@pytest.mark.slow
def test_a_checkpoints_snippet_goes_through_its_wrappers(case, folder, small_state):
    state = small_state(classes=3, stem="cifar" if case == "cifar" else "imagenet")
    content, name = state, "mine.pth"
    if case == "wrapped":
        content = {"net": {"model_state_dict": state}, "epoch": 3, "classes": ["a", "b'c", "d"]}
    elif case == "prefixed":
        content = {"state_dict": {f"module.backbone.{key}": each for key, each in state.items()}}
    elif case == "head":
        content = {key.replace("fc.", "fc.1."): each for key, each in state.items()}
    elif case == "no counters":
        content = {key: each for key, each in state.items() if "num_batches" not in key}
    elif case == "transformers":
        content = {f"model.{key}": each for key, each in theirs("resnet18").state_dict().items()}
    elif case == "safetensors":
        content, name = {key: each.clone().contiguous() for key, each in state.items()}, "mine.safetensors"
    (save_file if name.endswith("safetensors") else torch.save)(content, folder / name)
    model = models.load(models.choose(checkpoint=folder / name, device="cpu"))
    same_answer(model, folder)


def test_imagenet_weights_are_taken_from_torchvision_with_its_recipe(random18):
    from dataclasses import replace

    model = replace(random18, choice=models.choose("resnet50", "imagenet-v2", device="cpu"),
                    spec=models.get_spec("resnet50"))  # fmt: skip
    code = snippet(model)
    assert 'torchvision.models.resnet50(weights="IMAGENET1K_V2")' in code
    assert 'get_model_weights("resnet50").DEFAULT.meta["categories"]' in code
    assert "load_state_dict" not in code


@pytest.mark.slow
def test_each_step_is_what_plain_pytorch_does(plain_two_classes, folder):
    network, path = plain_two_classes
    model = models.load(models.choose(checkpoint=path, device="cpu"))
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    found = walk(model, folder / PHOTO)
    assert (found.size, found.crop, found.batch, found.classes) == ((300, 400), (224, 224), (1, 3, 224, 224), 2)
    with Image.open(folder / PHOTO) as opened:
        image = opened.rotate(-90, expand=True).convert("RGB")
    steps = [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    normalise = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    batch = transforms.Compose([*steps, normalise])(image)[None]
    assert (found.low, found.high) == pytest.approx((float(batch.min()), float(batch.max())), abs=1e-5)
    with torch.no_grad():
        logits = network(batch)
        plain = network(transforms.Compose(steps)(image)[None]).softmax(1)
    assert found.logits == pytest.approx(tuple(logits[0].tolist()), abs=1e-4)
    probability, index = torch.max(logits.softmax(1), 1)
    assert (found.index, found.probability) == (int(index), pytest.approx(float(probability), abs=1e-4))
    assert found.not_normalised.probability == pytest.approx(float(plain.max()), abs=1e-4)
    trained = torchvision.models.resnet18(num_classes=2)
    trained.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert found.in_training.probability == pytest.approx(float(trained.train()(batch).softmax(1).max()), abs=1e-4)
    assert all((tensor == before[name]).all() for name, tensor in model.network.state_dict().items())
    assert not model.network.training


@pytest.mark.slow
def test_autograd_keeps_about_every_activation(bundled, folder):
    """At the least what each convolution reads: its gradient by the weights needs it."""
    found = walk(bundled, folder / PHOTO).kept_bytes
    inputs = {}
    hooks = [
        module.register_forward_hook(lambda m, given, _: inputs.__setitem__(m, given[0].nbytes))
        for module in bundled.network.modules()
        if isinstance(module, torch.nn.Conv2d)
    ]
    with torch.no_grad():
        bundled.network(torch.zeros(1, 3, 224, 224))
    for hook in hooks:
        hook.remove()
    assert sum(inputs.values()) / 2 < found < 4 * sum(inputs.values())


def test_one_number_a_channel_is_more_than_training_can_do(random18, tmp_path, draw):
    from dataclasses import replace

    from resnet_app.images import Recipe

    model = replace(random18, recipe=Recipe(32, 32))
    assert walk(model, draw(tmp_path / "small.png")).in_training is None
