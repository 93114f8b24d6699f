"""The bundled model's recipe with three seeds: how much of a figure is luck, and is the mean of their weights better?

Each is trained on the same two of the three folds, so that the third may choose; the 80 validation photographs and the
50 outlined ones choose nothing here (the earlier model that outlines the subjects had its epoch chosen by them, and was
trained on all three folds). The mean ("soup", Wortsman et al. 2022) has its BatchNorm figures taken anew.

Run: python -m benchmarks.seeds [--photos DIR] [--backbone FILE] [--outline FILE] [--out DIR]    (an hour on two cores)
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn
from torchvision.transforms import v2

from benchmarks.reason import MASKS
from resnet_app.checkpoints.write import save_safetensors
from resnet_app.device import resolve
from resnet_app.fill import Mask
from resnet_app.images import Recipe, crop_for, to_tensor
from resnet_app.inference import models
from resnet_app.outputs import sha256
from resnet_app.progress import finish
from resnet_app.resnet import ResNet
from resnet_app.robustness import reason_study
from resnet_app.training import train
from resnet_app.training.backgrounds import Backgrounds
from resnet_app.training.dataset import Batches, Pictures, find_pictures, folds, shrunk
from resnet_app.training.outlines import outlines
from resnet_app.training.settings import LAST, RANDOM_INIT, TrainSettings

SHARED = Path(__file__).parents[2] / "shared"
EARLIER = Path(__file__).parents[1] / "assets" / "ants-bees-v1.safetensors"
SEEDS, FOLDS = 3, 3
GROUNDS = 2  # others that each held out subject is put on, of each class
SIDES = (224, 256)  # px that a picture is looked at with


def soup(networks: list[ResNet], settings: TrainSettings, pictures: Pictures, outlines: Mapping[Path, Mask]) -> ResNet:
    """The mean of the weights, with BatchNorm's figures from the training pictures."""
    states = [network.state_dict() for network in networks]
    mean: dict[str, Tensor] = {
        key: torch.stack([state[key].double() for state in states]).mean(0).to(states[0][key].dtype)
        for key in states[0]
    }
    mixed = train.initial_network(replace(settings, init=RANDOM_INIT), len(pictures.classes))
    mixed.load_state_dict(mean)
    batches = Batches(
        pictures, batch_size=settings.batch_size, crop=settings.crop, train_crop=settings.train_crop, augment=True,
        seed=settings.seed, outlines=outlines, exchange=settings.exchange,
    )  # fmt: skip
    update_bn((pixels for pixels, _ in batches.epoch(1)), mixed)
    return mixed.eval()


def on_grounds(network: ResNet, pictures: Pictures, outlines: Mapping[Path, Mask]) -> dict[str, tuple[int, int]]:
    """Outlined subjects on others' grounds, of their own class and of the other: (answered rightly, all)."""
    read = [shrunk(file, round(Recipe().crop * 1.3)) for file in pictures.files]
    known = {i: outlines[file] for i, file in enumerate(pictures.files) if file in outlines}
    backgrounds, recipe = Backgrounds(known, read.__getitem__, 1.0), Recipe()
    draw, found = np.random.default_rng(0), {}
    for number in known:
        label, weight = pictures.labels[number], backgrounds.weight(number, read[number])
        for kind in ("own", "other"):
            others = [i for i in known if i != number and (pictures.labels[i] == label) == (kind == "own")]
            for other in draw.permutation(others)[:GROUNDS].tolist():
                ground = v2.functional.resize(backgrounds.ground(other), list(read[number].shape[1:]), antialias=True)
                mixed = (read[number] * weight + ground * (1 - weight)).round().to(torch.uint8)
                crop = crop_for(v2.functional.to_pil_image(mixed), recipe)
                with torch.inference_mode():
                    right = int(network(to_tensor(crop, recipe)).argmax()) == label
                before = found.get(kind, (0, 0))
                found[kind] = (before[0] + right, before[1] + 1)
    return found


def line(
    name: str,
    network: ResNet,
    classic: Pictures,
    held: Pictures,
    validation: Pictures,
    out: Path,
    outlines: Mapping[Path, Mask],
) -> str:
    """A row of the table."""
    device = resolve("cpu")
    shares = []
    for side in SIDES:
        recipe = Recipe(resize=round(side * 256 / 224), crop=side)
        of_classic, of_all = (train.score(network, each, recipe, device) for each in (classic, held))
        shares.append(
            f"{of_classic.right} of {len(of_classic.labels)}, loss {of_classic.loss:.3f}; {of_all.accuracy:.1%}"
        )
    file = out / f"{name.replace(' ', '-')}.safetensors"
    save_safetensors(file, network.state_dict(), {"model": "resnet18", "classes": list(held.classes)})
    model = models.load(models.choose(checkpoint=file, device="cpu"))
    photos = reason_study.read(model, validation.files[0].parents[1], json.loads(MASKS.read_text("utf-8")))
    reasons = finish(reason_study.measured(model, photos, checksum=sha256(file)))
    swaps = [reasons.row(each).total for each in ("no_object", "swapped_same", "swapped_other")]
    shares += [f"{right} of {of}" for right, of in on_grounds(network, classic, outlines).values()]
    on_validation = train.score(network, validation, Recipe(), device)
    return (
        f"| {name} | {' | '.join(shares)} | {on_validation.right} of {len(on_validation.labels)} | "
        + " | ".join(f"{each.right} of {each.of}" for each in swaps) + " |"
    )  # fmt: skip


def main() -> None:
    """Train, and print the table as it comes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seeds")
    parser.add_argument("--photos", type=Path, default=SHARED / "photos")
    parser.add_argument("--backbone", type=Path, default=SHARED / "weights" / "resnet18_200classes_64px.safetensors")
    parser.add_argument("--outline", type=Path, default=EARLIER)
    parser.add_argument("--exchange", type=float, default=0.35)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("build") / "seeds")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    own = find_pictures(options.photos / "hymenoptera" / "train")
    every = own.joined(find_pictures(options.photos / "more"))
    validation = find_pictures(options.photos / "hymenoptera" / "val")
    fold = folds(every, FOLDS)[0]
    training, held = every.without(fold), every.part(fold)
    classic = every.part([i for i in fold if i < len(own.files)])
    where: dict[Path, Mask] = finish(
        outlines(models.load(models.choose(checkpoint=options.outline, device="cpu")), every)
    )
    columns = (
        "seed", "224 px: classic held out; all held out", "256 px", "held out on own class's ground", "on the other's",
        "the 80", "of the 50: insect painted out", "own class's ground", "the other's",
    )  # fmt: skip
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|", flush=True)
    networks = []
    for seed in range(SEEDS):
        settings = TrainSettings(
            init=str(options.backbone), epochs=options.epochs, label_smoothing=0, exchange=options.exchange,
            keep=LAST, seed=seed,
        )  # fmt: skip
        networks.append(train.train(settings, training, outlines=where).network)
        print(line(f"seed {seed}", networks[-1], classic, held, validation, options.out, where), flush=True)
    mixed = soup(networks, settings, training, where)
    print(line("mean of the weights", mixed, classic, held, validation, options.out, where), flush=True)


if __name__ == "__main__":
    main()
