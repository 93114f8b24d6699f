"""The models in memory: one bounded cache for everyone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from functools import lru_cache

from resnet_app.inference.download import Progress
from resnet_app.inference.models import LoadedModel, ModelChoice, dressed, load
from resnet_app.system import give_back

CACHE_BYTES = 2000 * 2**20  # two of the largest networks with their packed weights, or twenty-three ResNet-18


class ModelCache:
    """The models in memory, bounded by bytes; who asks for one that is being loaded waits for it.

    Dropping a model from the cache takes it from nobody who is using it.
    """

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._models: OrderedDict[ModelChoice, Future[LoadedModel]] = OrderedDict()

    def get(self, choice: ModelChoice, *, progress: Progress | None = None) -> LoadedModel:
        """The model for a choice, loaded if need be; errors are those of ``load`` and leave the cache as it was."""
        key = choice.base
        with self._lock:
            found = self._models.get(key)
            future = found or self._models.setdefault(key, Future())
            self._models.move_to_end(key)
        if found is None:
            try:
                future.set_result(load(key, progress=progress))
            except BaseException as error:
                with self._lock:
                    del self._models[key]
                future.set_exception(error)
                raise
            self._shrink()
            give_back()
        return dressed(future.result(), choice)

    @property
    def memory_bytes(self) -> int:
        """Bytes of all the models that are ready."""
        with self._lock:
            return sum(future.result().memory_bytes for future in self._models.values() if future.done())

    def _shrink(self) -> None:
        """Drop the longest unused models until the rest fit; the newest always stays."""
        while self.memory_bytes > self._max_bytes:
            with self._lock:
                ready = [choice for choice, future in self._models.items() if future.done()]
                if len(ready) < 2:
                    return
                del self._models[ready[0]]


@lru_cache(maxsize=1)
def shared_cache() -> ModelCache:
    """The process's one cache."""
    return ModelCache()
