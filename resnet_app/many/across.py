"""The same pictures through several networks, one after the other: how right each is, where their answers differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from resnet_app.errors import ResNetAppError
from resnet_app.inference.cache import ModelCache
from resnet_app.inference.models import LoadedModel, ModelChoice
from resnet_app.many.batch import Batch
from resnet_app.many.remote import Place
from resnet_app.many.side_by_side import Absent, at_hand
from resnet_app.many.truth import Tally, class_index
from resnet_app.naming import shown
from resnet_app.outputs import inert, line_of
from resnet_app.registry import ModelSpec


@dataclass(frozen=True)
class Best:
    """One network's best answer to one picture."""

    label: str
    probability: float


@dataclass
class Column:
    """One network's answers to all pictures so far. It holds no model.

    Attributes:
        choice, spec: of the network.
        classes: what it can answer, in small letters.
        answers: for each picture, in order; None where there is none.
        reasons: why there is none, by the picture's number.
        tally: of the pictures whose folder is named as one of its classes.
        mean_ms: of one picture, from the file to the answer.
    """

    choice: ModelChoice
    spec: ModelSpec
    classes: frozenset[str]
    answers: list[Best | None] = field(default_factory=list, repr=False)
    reasons: dict[int, ResNetAppError] = field(default_factory=dict, repr=False)
    tally: Tally = field(default_factory=Tally)
    mean_ms: float = 0.0


@dataclass(frozen=True)
class Contested:
    """A picture that the networks answer differently.

    Attributes:
        number: of the picture, from 0.
        name: what it is called.
        answers: of each network, in their order; None where there is none.
        share: of the pairs of networks that could agree and do not, above 0 to 1.
    """

    number: int
    name: str
    answers: tuple[Best | None, ...]
    share: float


@dataclass(frozen=True)
class Unanswered:
    """A picture without an answer.

    Attributes:
        number: of the picture, from 0.
        name: what it is called.
        reasons: each with the networks that give it, by their places among the columns.
    """

    number: int
    name: str
    reasons: tuple[tuple[ResNetAppError, tuple[int, ...]], ...]


class Across:
    """Answers the same pictures with several networks, and keeps of each picture the best answers alone.

    Attributes:
        names: of the pictures.
        columns: what each network answered so far, in their order.
        absent: the networks that there is no answer of.
    """

    def __init__(
        self, choices: Sequence[ModelChoice], files: Sequence[Place], names: Sequence[str] | None = None,
        *, models: ModelCache,
    ) -> None:  # fmt: skip
        """Take note of what is wanted.

        Args:
            choices: of the networks.
            files: the pictures.
            names: shown in place of the paths; a picture's class is the name of its own folder in there.
            models: that hold what is loaded, within their bound.
        """
        self._choices, self._files, self._models = tuple(choices), tuple(files), models
        self.names = list(names or [shown(str(file)) for file in files])
        self.columns: list[Column] = []
        self.absent: list[Absent] = []

    def steps(self) -> Iterator[tuple[int, int]]:
        """Goes through them; after each picture: how many networks are begun, how many pictures the last has done."""
        for number, choice in enumerate(self._choices, start=1):
            try:
                model = at_hand(choice, self._models)
            except ResNetAppError as error:
                self.absent.append(Absent(choice, error.alone()))
                continue
            for done in self._answer(model):
                yield number, done
            del model  # while the next one is loaded the cache alone decides what is held

    def _answer(self, model: LoadedModel) -> Iterator[int]:
        column = Column(model.choice, model.spec, frozenset(each.casefold() for each in model.class_names))
        self.columns.append(column)
        known = class_index(model.class_names)
        batch = Batch(model, keep_rows=False)
        for row, name in zip(batch.rows(self._files, self.names), self.names, strict=True):
            column.mean_ms = batch.mean_ms
            best = row.predictions[0] if row.predictions else None
            if row.reason:
                column.reasons[len(column.answers)] = row.reason
            column.answers.append(Best(best.label, best.probability) if best else None)
            true = known.get(Path(name).parent.name.casefold())
            if best and true is not None:
                column.tally.add(true, [each.index for each in row.predictions], best.probability)
            yield len(column.answers)

    def contested(self) -> list[Contested]:
        """The pictures that some networks answer differently: the most contested first, of two the surer differing.

        Networks that can name no class in common are not held against each other: they could not agree.
        """
        pairs = [pair for pair in combinations(range(len(self.columns)), 2) if self._can_agree(*pair)]
        found = []
        for number, name in enumerate(self.names):
            answers = tuple(each.answers[number] if number < len(each.answers) else None for each in self.columns)
            share = _share_that_differs([(answers[one], answers[two]) for one, two in pairs])
            if share:
                sure = [each.probability for each in answers if each]
                found.append((-share, -sum(sure) / len(sure), Contested(number, name, answers, share)))
        return [each for *_, each in sorted(found, key=lambda item: (*item[:2], item[2].number))]

    def unanswered(self) -> list[Unanswered]:
        """The pictures to which some networks gave no answer, in their order."""
        found: dict[int, dict[str, tuple[ResNetAppError, list[int]]]] = {}
        for place, column in enumerate(self.columns):
            for number, reason in column.reasons.items():
                found.setdefault(number, {}).setdefault(str(reason), (reason, []))[1].append(place)
        return [
            Unanswered(number, self.names[number], tuple((reason, tuple(places)) for reason, places in each.values()))
            for number, each in sorted(found.items())
        ]

    def _can_agree(self, one: int, two: int) -> bool:
        return not self.columns[one].classes.isdisjoint(self.columns[two].classes)


def _share_that_differs(pairs: Sequence[tuple[Best | None, Best | None]]) -> float:
    """Share of the pairs of answers that are not the same class by its name; 0 where there are no pairs."""
    both = [(one.label.casefold(), two.label.casefold()) for one, two in pairs if one and two]
    return sum(one != two for one, two in both) / len(both) if both else 0.0


def shared_answers(first: Column, second: Column) -> float | None:
    """Share of the pictures that two networks answer with the same class; None where they can name none in common."""
    done = min(len(first.answers), len(second.answers))  # one of them may be under way
    both = [(one, two) for one, two in zip(first.answers[:done], second.answers[:done], strict=True) if one and two]
    if not both or first.classes.isdisjoint(second.classes):
        return None
    return sum(one.label.casefold() == two.label.casefold() for one, two in both) / len(both)


def as_csv(run: Across, titles: Sequence[str]) -> str:
    """A row for each picture: each network's best answer and its probability, and why one has none.

    Args:
        run: what was answered.
        titles: what each of its columns is called.
    """
    heads = [head for title in titles for head in (title, f"{title}: probability")]
    lines = [line_of(map(inert, ["file", *heads, "error"]))]
    errors = {each.number: " ".join(str(reason) for reason, _ in each.reasons) for each in run.unanswered()}
    for number, name in enumerate(run.names):
        best = [each.answers[number] if number < len(each.answers) else None for each in run.columns]
        cells = [cell for one in best for cell in ((one.label, f"{one.probability:.6f}") if one else ("", ""))]
        lines.append(line_of(map(inert, [name, *cells, errors.get(number, "")])))
    return "".join(lines)
