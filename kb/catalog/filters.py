"""Filters of searches, and the chunks of the catalog that pass."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from kb.catalog.base import Transaction
from kb.catalog.clauses import conditions
from kb.errors import SettingsError
from kb.records import MediaType, MetadataValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Conditions that every hit must meet, all of them together.

    Attributes:
        documents: ids; the hit is from one of these documents.
        media_types: the hit's document has one of these types.
        path: glob over the paths of the document's sources below the ingested folder (``*`` crosses
            ``/``, ``[!a]`` is any but a); over whole paths if it begins with ``/``.
        languages: the document is in one of these languages; ``zh`` includes ``zh-Hant``.
        tags: the document has all of these tags, its own or those that people gave it, in upper or
            lower case.
        page_first: the passage is on this page or later; documents without pages never pass.
        page_last: the passage is on this page or earlier.
        date_from: ISO 8601, ``2024`` or ``2024-05-01``; the document is of that date or later, by
            its own date if that is unambiguous, else by the day it was added.
        date_to: in the same form; the document is of that date or earlier.
        metadata: values of front matter or document properties that are equal, or in a list of
            values. Text ``"3"`` equals 3, and ``"true"`` equals True. Keys ignore case.

    Raises:
        SettingsError: dates or pages end before they begin.
    """

    documents: tuple[int, ...] = ()
    media_types: tuple[MediaType, ...] = ()
    path: str = ""
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    page_first: int | None = None
    page_last: int | None = None
    date_from: str = ""
    date_to: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Turn a single text into a tuple; refuse conditions that nothing meets."""
        for each in ("media_types", "languages", "tags"):
            if isinstance(value := getattr(self, each), str):
                object.__setattr__(self, each, (value,))
        since, until = self.date_from, self.date_to
        # A day is not later than its own year.
        if since and until and since[: len(until)] > until:
            msg = (
                f"the dates from {since[:40]!r} until {until[:40]!r} end before they begin; "
                "exchange them, or leave one out"
            )
            raise SettingsError(msg)
        first, last = self.page_first, self.page_last
        if first is not None and last is not None and first > last:
            msg = f"page_first {first} comes after page_last {last}; exchange them"
            raise SettingsError(msg)

    @property
    def is_empty(self) -> bool:
        """Whether every chunk passes."""
        return all(getattr(self, each.name) in ((), "", None, {}) for each in fields(self))


class FilterReads(Transaction):
    """Finds chunks that pass a filter."""

    def chunks_passing(
        self, collection_id: str, condition: SearchFilter, at_most: int
    ) -> npt.NDArray[np.int64]:
        """Return the ids of up to ``at_most`` visible chunks that pass."""
        clauses, values = conditions(collection_id, condition)
        few = condition.documents or condition.path
        index = ""
        if condition.metadata and not few:
            index = "INDEXED BY documents_by_metadata"
        elif (condition.tags or condition.languages) and not few:
            index = "INDEXED BY documents_by_labels"
        row = self._db.execute(
            # CROSS JOIN keeps SQLite from walking all chunks first. As one text: one row for each
            # would take five times as long.
            "SELECT group_concat(id) FROM (SELECT k.id"  # noqa: S608 - clauses are ours, values are bound
            f" FROM documents d {index} CROSS JOIN chunks k ON k.document_id = d.id"
            f" WHERE {clauses} LIMIT ?)",
            (*values, at_most),
        ).fetchone()
        return np.fromstring(row[0] or "", np.int64, sep=",")

    def passing_of(
        self, ids: Sequence[int], collection_id: str, condition: SearchFilter
    ) -> set[int]:
        """Return the visible and passing ones of ``ids``."""
        clauses, values = conditions(collection_id, condition)
        rows = self._db.execute(
            "SELECT k.id FROM json_each(?) wanted CROSS JOIN chunks k ON k.id = wanted.value"  # noqa: S608
            f" CROSS JOIN documents d ON d.id = k.document_id WHERE {clauses}",
            (json.dumps(list(ids)), *values),
        )
        return {row["id"] for row in rows}
