"""Pictures -> a finished model: cross-validation, pruning of label noise, the final run, calibration, and its facts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from resnet_app.checkpoints.write import PTH, save_pth, save_safetensors
from resnet_app.device import Device, resolve
from resnet_app.errors import DataError
from resnet_app.fill import Mask
from resnet_app.images import Recipe
from resnet_app.inference.models import choose, load
from resnet_app.inference.ood import OodThreshold, energy
from resnet_app.naming import shown
from resnet_app.progress import Watched
from resnet_app.resnet import ResNet
from resnet_app.training.calibration import Scores, expected_calibration_error, fit_temperature
from resnet_app.training.dataset import Pictures, folds
from resnet_app.training.outlines import outlines
from resnet_app.training.settings import TrainSettings
from resnet_app.training.train import Epoch, Trained, require_finite, score, train

MAX_FALSE_ALARMS = (
    0.2  # on the validation pictures; a note that stands under more of its own kind than that says nothing
)


@dataclass(frozen=True)
class Plan:
    """What is done around the final run.

    Attributes:
        folds: for cross-validation on the training pictures; 0 for none. Each picture is then answered by a network
            that was not trained on it, which is what the temperature, the threshold of the "unlike" note and the
            label-noise pruning rest on. Without folds the first two rest on the validation pictures.
        prune: training pictures whose own class gets less than this probability in cross-validation are left out of the
            final run, as wrongly labelled; 0 for none.
        outlined_by: a checkpoint of the same classes whose maps outline the subjects; empty for none.
    """

    folds: int = 0
    prune: float = 0.0
    outlined_by: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.folds != 0 and not 2 <= self.folds <= 20:
            raise DataError(f"The number of folds is {self.folds}; give 2 to 20, or 0 for none.")
        if not 0 <= self.prune < 1:
            raise DataError(f"The probability to prune below is {self.prune}; give 0 to 1, such as 0.1.")
        if self.prune and not self.folds:
            raise DataError("Pruning needs cross-validation; give --folds 3 as well.")

    def as_dict(self) -> dict[str, Any]:
        """For a checkpoint's metadata: no path of anybody's machine."""
        return {**asdict(self), "outlined_by": shown(Path(self.outlined_by).name)}


@dataclass(frozen=True)
class Watch:
    """Whom to tell how it goes, and whom to ask whether to stop.

    Attributes:
        on_run: (which of all runs, how many, number of its pictures).
        on_outline: (pictures looked at for their subject, in all).
        on_outlined: (subjects found, pictures).
        on_step: (steps done, steps in all, loss).
        on_epoch: each epoch's result.
        on_pruned: a picture left out, and its own class's probability.
        stop: asked after each step.
    """

    on_run: Callable[[int, int, int], None] = lambda _number, _count, _pictures: None
    on_outline: Callable[[int, int], None] = lambda _done, _count: None
    on_outlined: Callable[[int, int], None] = lambda _found, _count: None
    on_step: Callable[[int, int, float], None] = lambda _done, _total, _loss: None
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None
    on_pruned: Callable[[Path, float], None] = lambda _path, _probability: None
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Finished:
    """The model and what is known of it.

    Attributes:
        network: calibrated, in eval mode, on the CPU.
        facts: for the file's metadata.
        trained: the final run.
        held_out: what the network says of the validation pictures.
        cross_validated: what the networks of the folds said of the training pictures, or None.
    """

    network: ResNet
    facts: dict[str, Any]
    trained: Trained
    held_out: Scores
    cross_validated: Scores | None


def state_folder(out: Path) -> Path:
    """Where an interrupted run for this output is taken down."""
    return out.with_name(out.name + ".resume")


def finetune(
    settings: TrainSettings,
    own: Pictures,
    validation: Pictures,
    *,
    more: Pictures | None = None,
    plan: Plan | None = None,
    states: Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> Finished:
    """Train as planned, then calibrate.

    Args:
        settings: of every run.
        own: training pictures of the kind that the model will be asked about; it is calibrated on these.
        validation: pictures that the final run is judged by, and that choose its epoch where the best is kept; never
            trained on.
        more: further training pictures, perhaps of another kind.
        plan: what is done around the final run.
        states: a folder that takes down where the runs are.
        resume: go on from there.
        watch: told how it goes.

    Raises:
        KeyboardInterrupt: ``watch.stop`` said so; the states are written.
        DataError: it cannot be done with these pictures.
    """
    plan, watch = plan or Plan(), watch or Watch()
    training = own.joined(more) if more else own
    runs = plan.folds + 1
    where = _outlined(plan.outlined_by, training, watch) if plan.outlined_by else None

    def run(number: int, pictures: Pictures, judged_by: Pictures | None) -> Trained:
        watch.on_run(number, runs, len(pictures.files))
        return train(
            settings, pictures, judged_by, outlines=where,
            resume=resume, state=states / f"{number}.safetensors" if states else None,
            on_step=watch.on_step, on_epoch=watch.on_epoch, stop=watch.stop,
        )  # fmt: skip

    outside = _cross_validate(settings, training, plan.folds, run) if plan.folds else None
    pruned = _pruned(training, outside, plan.prune, watch) if outside and plan.prune else []
    kept = training.without(pruned)
    trained = run(runs, kept, validation)
    temperature, held_out, crossed = _calibrated(settings, trained.network, own, validation, outside)
    data = {
        "trained_on": kept.counts, "validated_on": validation.counts,
        "broken": len(training.broken) + len(validation.broken), "weeded": len(pruned),
        **({"outlined": sum(file in where for file in kept.files)} if where else {}),
    }  # fmt: skip
    facts = {
        "model": settings.model,
        "classes": list(own.classes),
        "preprocessing": settings.recipe.as_dict(),
        "recipe": {**settings.as_dict(), **plan.as_dict()},
        "data": data,
        **_judged(trained.best, held_out, crossed, temperature),
    }
    return Finished(trained.network, facts, trained, held_out, crossed)


def write(out: Path, finished: Finished, *, file_format: str) -> None:
    """The checkpoint: safetensors in half precision, or the classic dict with the same numbers in float32.

    Raises:
        OutputError: it cannot be written there.
    """
    state_dict = finished.network.state_dict()
    if file_format == PTH:
        trained = finished.trained
        save_pth(out, state_dict, finished.facts, optimizer_state_dict=trained.optimizer, epoch=trained.best)
    else:
        save_safetensors(out, state_dict, finished.facts, half=True)


def forget(states: Path) -> None:
    """Take away what an interrupted run would have gone on from."""
    shutil.rmtree(states, ignore_errors=True)


def _outlined(checkpoint: str, pictures: Pictures, watch: Watch) -> dict[Path, Mask]:
    """Where the subjects are, by a model's maps.

    Raises:
        KeyboardInterrupt: ``watch.stop`` said so.
        ResNetAppError: the checkpoint cannot be read, or knows other classes.
    """
    steps = Watched(outlines(load(choose(checkpoint=Path(checkpoint), device="cpu")), pictures))
    for done, count in steps:
        watch.on_outline(done, count)
        if watch.stop():
            raise KeyboardInterrupt
    watch.on_outlined(len(steps.result), len(pictures.files))
    return steps.result


def _cross_validate(
    settings: TrainSettings,
    training: Pictures,
    count: int,
    run: Callable[[int, Pictures, Pictures | None], Trained],
) -> Scores:
    """Each training picture's logits from the network that did not see it.

    Raises:
        DataError: a class has too few pictures to be learnt where one of them is left out.
    """
    for name, found in training.counts.items():
        if found < 2:
            raise DataError(f"The class {name} has {found} picture to train on; cross-validation needs two. Add some.")
    labels = torch.tensor(training.labels)
    logits = torch.zeros(len(labels), len(training.classes))
    for number, fold in enumerate(folds(training, count, seed=settings.seed), start=1):
        network = run(number, training.without(fold), None).network
        logits[fold] = _finite_score(network, training.part(fold), settings.recipe, resolve("cpu")).logits
    return Scores(logits, labels)


def _finite_score(network: ResNet, pictures: Pictures, recipe: Recipe, device: Device) -> Scores:
    """As ``score``; what a training that broke down says is refused."""
    scores = score(network, pictures, recipe, device)
    require_finite(scores.logits)
    return scores


def _pruned(training: Pictures, outside: Scores, below: float, watch: Watch) -> list[int]:
    """Pictures whose label the cross-validation does not believe."""
    calibrated = outside.divided(fit_temperature(outside)).probabilities
    own = calibrated.gather(1, outside.labels[:, None])[:, 0].tolist()
    pruned = [i for i, probability in enumerate(own) if probability < below]
    if 0 in training.without(pruned).counts.values():
        raise DataError(
            f"Pruning below {below} would leave a class empty; give a lower --prune, or look at the labels."
        )
    for i in pruned:
        watch.on_pruned(training.files[i], own[i])
    return pruned


def _calibrated(
    settings: TrainSettings, network: ResNet, own: Pictures, validation: Pictures, outside: Scores | None
) -> tuple[float, Scores, Scores | None]:
    """Calibrate the network; gives the temperature, and both kinds of scores as the calibrated network has them.

    It rests on what the networks of the folds said of their own kind of pictures; without folds, on the validation.
    """
    device = resolve("cpu")
    unscaled = outside.part(list(range(len(own.files)))) if outside else None
    temperature = _calibrate(network, unscaled or _finite_score(network, validation, settings.recipe, device))
    held_out = _finite_score(network, validation, settings.recipe, device)
    return temperature, held_out, unscaled.divided(temperature) if unscaled else None


def _judged(epoch: int, held_out: Scores, crossed: Scores | None, temperature: float) -> dict[str, Any]:
    """The facts that say how good it is, and what its probabilities rest on."""
    ood_threshold = _ood_threshold(crossed or held_out, held_out)
    return {
        "metrics": {
            "epoch": epoch,
            **_metrics(held_out),
            "cross_validation": _metrics(crossed) if crossed else None,
        },
        "calibration": {
            "temperature": round(temperature, 4), "applied_to": "fc.weight and fc.bias",
            "fitted_on": "cross-validation" if crossed else "validation",
        },
        **({"familiarity": ood_threshold.as_dict()} if ood_threshold else {}),
    }  # fmt: skip


def _calibrate(network: ResNet, scores: Scores) -> float:
    """Fit the temperature and divide the head by it: the softmax of its logits is then calibrated anywhere."""
    temperature = fit_temperature(scores)
    with torch.no_grad():
        network.fc.weight.div_(temperature)
        network.fc.bias.div_(temperature)
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.half())  # as the file will hold it, so that the figures are the file's
    return temperature


def _ood_threshold(scores: Scores, held_out: Scores) -> OodThreshold | None:
    """The threshold of the "unlike" note; none where it does not carry over from the folds to the final network."""
    found = OodThreshold.fit(scores.logits)
    if found and float((energy(held_out.logits) > found.threshold).double().mean()) > MAX_FALSE_ALARMS:
        return None
    return found


def _metrics(scores: Scores) -> dict[str, Any]:
    return {
        "accuracy": round(scores.accuracy, 4),
        "loss": round(scores.loss, 4),
        "expected_calibration_error": round(expected_calibration_error(scores), 4),
        "confusion": scores.confusion.tolist(),
    }
