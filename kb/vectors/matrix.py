"""One collection of vectors in memory: a matrix with spare rows, and the filtered fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.embedding.base import Vector
from kb.vectors.base import VectorFilter
from kb.vectors.journal import Change


class Matrix:
    """Vectors by id. Not thread-safe.

    Args:
        dim: width of the vectors.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._row_of: dict[int, int] = {}
        self._columns: dict[str, npt.NDArray[Any]] = {
            "ids": np.empty(0, dtype=np.int64),
            "documents": np.empty(0, dtype=np.int64),
            "languages": np.empty(0, dtype=object),
            "vectors": np.empty((0, dim), dtype=np.float32),
        }

    def __len__(self) -> int:
        return len(self._row_of)

    def __contains__(self, chunk_id: int) -> bool:
        return chunk_id in self._row_of

    @property
    def ids(self) -> Iterable[int]:
        """The ids of all vectors."""
        return self._row_of.keys()

    def apply(self, change: Change) -> None:
        """Apply a change."""
        if change.kind == "deleted":
            self._delete(change.ids)
        elif change.kind != "made":
            self._put(change)

    def nearest(
        self, vector: Vector, limit: int, where: VectorFilter | None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, cosine) of vectors that pass, best first."""
        vectors = self._filled("vectors")
        rows = None if where is None else self._passing(where)
        scores = (vectors if rows is None else vectors[rows]) @ vector
        limit = max(0, min(limit, len(scores)))
        order = np.arange(len(scores))
        if limit < len(scores):
            order = np.argpartition(-scores, limit)[:limit]
        order = order[np.argsort(-scores[order], kind="stable")]
        ids = self._filled("ids")[order if rows is None else rows[order]]
        return list(zip(ids.tolist(), scores[order].tolist(), strict=True))

    def vectors(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Return copies of the existing vectors of ``ids``."""
        vectors = self._columns["vectors"]
        return {
            chunk_id: vectors[self._row_of[chunk_id]].copy()
            for chunk_id in ids
            if chunk_id in self._row_of
        }

    def as_changes(self) -> list[Change]:
        """Return the changes that produce this state from nothing."""
        made = Change(kind="made", vectors=np.empty((0, self.dim), dtype=np.float32))
        if not self._row_of:
            return [made]
        everything = Change(
            kind="put",
            ids=self._filled("ids").tolist(),
            documents=self._filled("documents").tolist(),
            languages=self._filled("languages").tolist(),
            vectors=self._filled("vectors"),
        )
        return [made, everything]

    def _put(self, change: Change) -> None:
        self._make_room(len(change.ids))
        rows = [self._row_of.setdefault(each, len(self._row_of)) for each in change.ids]
        self._columns["ids"][rows] = change.ids
        self._columns["documents"][rows] = change.documents
        self._columns["languages"][rows] = change.languages
        if change.kind == "put":
            self._columns["vectors"][rows] = change.vectors

    def _delete(self, ids: Iterable[int]) -> None:
        """Delete rows; the last row takes the place of each."""
        for chunk_id in ids:
            row = self._row_of.pop(chunk_id, None)
            last = len(self._row_of)
            if row is None or row == last:
                continue
            for column in self._columns.values():
                column[row] = column[last]
            self._row_of[int(self._columns["ids"][row])] = row

    def _passing(self, where: VectorFilter) -> npt.NDArray[np.intp]:
        """Return the rows that pass."""
        if where.chunks is not None:
            rows = (self._row_of.get(chunk_id) for chunk_id in dict.fromkeys(where.chunks))
            return np.array([row for row in rows if row is not None], dtype=np.intp)
        if where.language is not None:
            return np.flatnonzero(self._filled("languages") == where.language)
        return np.flatnonzero(np.isin(self._filled("documents"), where.documents or ()))

    def _filled(self, name: str) -> npt.NDArray[Any]:
        return self._columns[name][: len(self._row_of)]

    def _make_room(self, more: int) -> None:
        wanted = len(self._row_of) + more
        size = len(self._columns["ids"])
        if wanted > size:
            for name, column in self._columns.items():
                grown = np.empty((max(wanted, 2 * size), *column.shape[1:]), dtype=column.dtype)
                grown[:size] = column
                self._columns[name] = grown
