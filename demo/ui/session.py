"""What a session has at hand: its model, its one photo as that model sees it, and whose turn it is.

Nothing here imports torch when the module is imported: the page is up before the heavy libraries are
(``demo.__main__`` brings them in behind it), and the first call waits for them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from resnet_app.choices import FLOAT32, LAYERS, MAX_TOP_K
from resnet_app.registry import TAUGHT

if TYPE_CHECKING:
    from resnet_app.explain.heatmap import Heatmap, SignedMap
    from resnet_app.inference.models import LoadedModel, ModelChoice
    from resnet_app.inference.predict import Answer
    from resnet_app.inference.rounding import Rounding

OWN = "own"  # the choice of weights that stands for the uploaded checkpoint
Made = TypeVar("Made")


class PageInputs(NamedTuple):
    """What every tab's work begins with; as components where events are wired, as their values in a handler.

    Attributes:
        choice: the session's ``ModelChoice``, once one is loaded.
        model, weights, device: what the sidebar shows.
        photo: the page's one photo, a file.
        language: of the page.
        room: of the Explore tab, the one below the network that is in sight.
        session: what this visitor's photo has given so far.
    """

    choice: Any
    model: Any
    weights: Any
    device: Any
    photo: Any
    language: Any
    room: Any
    session: Any


@dataclass
class Turn:
    """Counts a session's requests of one kind: of two under way at once, the later counts, whichever is done first."""

    latest: int = 0

    def take(self) -> Callable[[], bool]:
        """Take the next turn; gives what says whether it is still the latest."""
        self.latest += 1
        return self.watch()

    def watch(self) -> Callable[[], bool]:
        """What says whether the turn that is the latest now still is."""
        mine = self.latest
        return lambda: self.latest == mine


class Looked:
    """One photo as one model sees it: decoded once, answered once, whatever is shown of it afterwards.

    It remembers which model answers and does not hold it: what is held in memory is the cache's to bound.

    Attributes:
        choice: of the model that answers.
        photo: the file.
    """

    def __init__(self, choice: ModelChoice, photo: str) -> None:
        self.choice = choice
        self.photo = photo
        self._lock = threading.RLock()
        self._made: dict[Hashable, Any] = {}

    @property
    def model(self) -> LoadedModel:
        """What answers; where the cache has dropped it meanwhile, it is loaded again."""
        return current(self.choice)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made under that key, or is made now and kept as long as the photo and the model are these."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            made: Made = self._made[key]
            return made

    def answer(self, keep: Collection[str] = ()) -> Answer:
        """The model's answer, best class first, with the output of the blocks named in ``keep``.

        Raises:
            PictureError: the file is not a picture we read.
            ResNetAppError: the weights give no numbers.
        """
        from resnet_app.inference import predict

        first = self.once("answer", lambda: predict.classify(self.model, self.photo, top_k=MAX_TOP_K, keep=keep))
        if set(keep) <= first.held.keys():
            return first
        with self._lock:
            held: tuple[frozenset[str], Answer] | None = self._made.get("held")
            if held is None or not set(keep) <= held[0]:  # another pass over the pixels; the latest one is kept
                held = self._made["held"] = (frozenset(keep), predict.hold(self.model, first, keep))
            return held[1]

    def rounding(self) -> Rounding | None:
        """What half the bits changed in the answer; nothing where it has all of them."""
        from resnet_app.inference.rounding import Rounding, is_rounded

        def make() -> Rounding | None:
            found = Rounding()
            found.add(self.model, self.answer())
            return found

        return self.once("rounding", make) if is_rounded(self.model) else None

    def maps(self, classes: Sequence[int]) -> tuple[list[Heatmap], float]:
        """Grad-CAM on layer4 for some classes, and the milliseconds that it took when they were made."""
        from resnet_app.device import clock
        from resnet_app.explain import cam

        def make() -> tuple[list[Heatmap], float]:
            model, answer = self.model, self.answer()
            started = clock(model.device)
            return cam.heatmaps(model, answer, classes), clock(model.device) - started

        return self.once(("maps", tuple(classes)), make)

    def signed_map(self, first: int, second: int, layer: str = LAYERS[-1]) -> SignedMap:
        """What speaks for one class and what for another, on one layer."""
        from resnet_app.explain import cam

        return self.once(
            ("signed", first, second, layer),
            lambda: cam.signed_map(self.model, self.answer(), first, second, layer=layer),
        )


class Session:
    """What one visitor's photo has given so far; another photo or model takes its place. Lives in a ``gr.State``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked: Looked | None = None

    def __deepcopy__(self, _memo: dict[int, Any]) -> Session:
        """Gradio copies a state's first value for each visitor: each begins with nothing."""
        return Session()

    def look(self, model: LoadedModel, photo: str) -> Looked:
        """The photo as the model sees it: what is there already, or a new start."""
        with self._lock:
            known = self._looked
            if known is None or (known.choice, known.photo) != (model.choice, photo):
                known = self._looked = Looked(model.choice, photo)
            return known


@dataclass(frozen=True)
class Request:
    """A request, resolved once, at its door.

    Attributes:
        model: the session's.
        looked: the page's photo as that model sees it; None where there is no photo.
        language: of the page.
    """

    model: LoadedModel
    looked: Looked | None
    language: str


def resolve(page: PageInputs) -> Request:
    """What a request is about; errors are those of ``models.choose`` and ``models.load``."""
    model = current(page.choice, page.model, page.weights, page.device)
    return Request(model, page.session.look(model, page.photo) if page.photo else None, page.language)


def current(choice: ModelChoice | None, model: str = "", weights: str = "", device: str = "auto") -> LoadedModel:
    """The session's model; where it has loaded none yet (or was forgotten), what the sidebar shows."""
    from resnet_app.inference import models
    from resnet_app.inference.cache import shared_cache

    if choice is None:
        name, precision = placed(device)
        own = weights in (OWN, TAUGHT)
        choice = models.choose(model or None, None if own else weights, device=name, precision=precision)
    return shared_cache().get(choice)


def placed(device: str) -> tuple[str, str]:
    """What the sidebar's box of devices has: a device, and in how many bits it computes (``cpu bfloat16``)."""
    name, _, precision = device.partition(" ")
    return name, precision or FLOAT32


def obtain(
    model: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    *,
    checkpoint: str | None = None,
    class_names: str | None = None,
    taught: ModelChoice | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LoadedModel:
    """The model for what was picked, from the shared cache or loaded into it.

    Args:
        model, weights, device: as the sidebar has them, ``placed``; None stands for the defaults.
        checkpoint: a file of the person's own, used where ``weights`` is ``OWN``.
        class_names: what the person calls the file's classes, as typed.
        taught: the session's lesson, used where ``weights`` is ``TAUGHT``.
        progress: told bytes so far and in all of a download.
    """
    from resnet_app import device as devices
    from resnet_app.checkpoints.class_names import parse_class_names
    from resnet_app.inference import models
    from resnet_app.inference.cache import shared_cache

    name, precision = placed(device)
    if weights == TAUGHT and taught is not None:
        found = devices.resolve(name)
        precision = devices.check_precision(precision, found)
        return shared_cache().get(replace(taught, device=found.name, precision=precision), progress=progress)
    names = parse_class_names(class_names or "") or None
    own = checkpoint if weights == OWN else None
    choice = models.choose(
        model or None,
        None if own else weights or None,
        device=name,
        precision=precision,
        checkpoint=own,
        class_names=names if own else None,
    )
    return shared_cache().get(choice, progress=progress)
