"""FGSM and PGD: against a plain loop with autograd's own gradient, within the box, and the model left as it was."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
from torch import nn

from resnet_app.errors import ResNetAppError
from resnet_app.images import read_crop
from resnet_app.inference import predict
from resnet_app.progress import finish
from resnet_app.robustness import attacks
from resnet_app.robustness.attacks import Attack, attacked
from resnet_app.robustness.trial import tried


def plainly(model, crop, label: int, steps: int, alpha: float, start, *, towards: bool) -> np.ndarray:
    """What the papers say, word for word, at 4/255, with ``backward``."""
    epsilon = 4 / 255
    network = nn.Sequential(Normalise(model.recipe), model.network)
    x = torch.tensor(np.array(crop)).permute(2, 0, 1)[None].float() / 255
    adversarial = (x + start).clamp(0, 1)
    for _ in range(steps):
        adversarial = adversarial.detach().requires_grad_()
        loss = nn.CrossEntropyLoss()(network(adversarial), torch.tensor([label]))
        (-loss if towards else loss).backward()
        moved = adversarial.detach() + alpha * adversarial.grad.sign()
        adversarial = torch.min(torch.max(moved, x - epsilon), x + epsilon).clamp(0, 1)
    return adversarial[0].permute(1, 2, 0).numpy()


class Normalise(nn.Module):
    def __init__(self, recipe) -> None:
        super().__init__()
        self.mean, self.std = (torch.tensor(each).view(1, 3, 1, 1) for each in (recipe.mean, recipe.std))

    def forward(self, x):
        return (x - self.mean) / self.std


@pytest.mark.parametrize("target", [None, 0])
@pytest.mark.parametrize("method", ["fgsm", "pgd"])
def test_an_attack_is_the_papers(method: str, target: int | None, bundled, bee, monkeypatch) -> None:
    monkeypatch.setattr(attacks, "PGD_STEPS", 3)  # from ten on, roundings that turned a sign have grown to a pattern
    found = finish(attacked(bundled, bee.crop, 1, Attack(method, 4, target))).values
    draw = 2 * torch.rand((3, 224, 224), generator=torch.Generator().manual_seed(attacks.SEED)) - 1
    how = {"fgsm": (1, 4 / 255, 0), "pgd": (3, 1 / 255, draw * 4 / 255)}
    expected = plainly(bundled, bee.crop, 1 if target is None else target, *how[method], towards=target is not None)
    assert (np.abs(found - expected) > 1e-6).mean() < 0.001


@pytest.mark.slow
@pytest.mark.thorough
def test_pgd_fools_the_bundled_model_on_nearly_every_photo_within_the_box(bundled, photos, monkeypatch) -> None:
    monkeypatch.setattr(attacks, "PGD_STEPS", 3)  # a weaker attack than the page's: what it fools, ten steps do
    known = (photos.parent / "train" / label for label in ("ants", "bees"))
    files = [*photos.rglob("*.jpg"), *chain(*(sorted(folder.glob("*.jpg"))[:10] for folder in known))]
    fooled = 0
    for file in files:
        crop = read_crop(file, bundled.recipe)
        before = predict.classify_crop(bundled, crop)
        made = finish(attacked(bundled, crop, before.predictions[0].index, Attack("pgd", 4)))
        assert np.abs(made.values - np.asarray(crop) / 255).max() <= 4 / 255 + 1e-6
        assert made.values.min() >= 0
        assert made.values.max() <= 1
        assert np.abs(np.asarray(made.picture).astype(int) - np.asarray(crop)).max() <= 4
        fooled += tried(bundled, before, made.picture).is_fooled
    assert len(files) == 100
    assert fooled >= 90


def test_a_target_is_reached_and_no_epsilon_changes_nothing(bundled, bee) -> None:
    first, second = (each.index for each in bee.predictions)
    wanted = finish(attacked(bundled, bee.crop, first, Attack("pgd", 8, second)))
    assert tried(bundled, bee, wanted.picture).last.index == second
    for method in ("fgsm", "pgd"):
        same = finish(attacked(bundled, bee.crop, first, Attack(method, 0)))
        assert same.picture.tobytes() == bee.crop.tobytes()


def test_an_attack_leaves_the_model_as_it_was(bundled, bee) -> None:
    def state() -> list:
        network = bundled.network
        flags = [module.training for module in network.modules()]
        hooks = [len(module._forward_hooks) + len(module._backward_hooks) for module in network.modules()]
        return [flags, hooks, [(each.requires_grad, each.grad) for each in network.parameters()]]

    before, weights = state(), {name: each.clone() for name, each in bundled.network.state_dict().items()}
    finish(attacked(bundled, bee.crop, bee.predictions[0].index, Attack("fgsm", 2)))
    work = attacked(bundled, bee.crop, bee.predictions[0].index, Attack("pgd", 2))
    next(work)
    work.close()  # left in the middle
    assert state() == before
    assert all(torch.equal(each, weights[name]) for name, each in bundled.network.state_dict().items())


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (Attack("cw", 4), "Unknown attack"), (Attack("pgd", 9), "Epsilon is 9"), (Attack("pgd", -1), "Epsilon is -1"),
        (Attack("pgd", 4, 1), "another class"), (Attack("pgd", 4, 2), "another class"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_refused(bundled, chosen: Attack, says: str, is_plain) -> None:
    with pytest.raises(ResNetAppError, match=says) as caught:
        attacks.check(bundled, chosen, 1)
    assert is_plain(caught.value)


def test_a_model_of_one_class_cannot_be_fooled(bundled) -> None:
    model = replace(bundled, class_names=("ants",))
    with pytest.raises(ResNetAppError, match="one class"):
        attacks.check(model, Attack("pgd", 4), 0)
