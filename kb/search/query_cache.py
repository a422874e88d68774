"""Vectors of the latest queries: a repeated query, with another filter, costs no model time."""

from __future__ import annotations

import threading
from collections import OrderedDict

from kb.embedding.base import Embedder, Vector

CAPACITY = 256


class QueryCache:
    """Keeps the vectors of the last :data:`CAPACITY` queries. Thread-safe."""

    def __init__(self) -> None:
        self._vectors: OrderedDict[tuple[str, str, str], Vector] = OrderedDict()
        self._mutex = threading.Lock()

    def embed(self, embedder: Embedder, text: str, task: str = "") -> Vector:
        """Return the read-only vector of a query with the instruction ``task``.

        Raises:
            InputTooLongError: the query exceeds the model's limit.
        """
        key = (embedder.identity.fingerprint, task, text)
        with self._mutex:
            if key in self._vectors:
                self._vectors.move_to_end(key)
                return self._vectors[key]
        # Outside the lock, so that other queries can continue.
        vector = embedder.embed_query(text, task=task)
        vector.setflags(write=False)
        with self._mutex:
            self._vectors[key] = vector
            while len(self._vectors) > CAPACITY:
                self._vectors.popitem(last=False)
        return vector
