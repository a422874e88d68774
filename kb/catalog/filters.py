"""Which chunks a search may look at, and those of the catalog that pass."""

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
    """Conditions that every hit must meet; all that are given apply together.

    Attributes:
        documents: ids; the hit is from one of them.
        media_types: the hit's document is of one of these types.
        path: glob over the paths of the document's sources below the folder that was ingested
            (``*`` crosses ``/``, ``[!a]`` is any but a); over whole paths if it begins with ``/``.
        languages: the document is in one of these; ``zh`` includes ``zh-Hant``.
        tags: the document has all of these, as tags or keywords of its own or as tags that people
            gave it, in any case.
        page_first: the passage is on this page or later (documents without pages never are).
        page_last: the passage is on this page or before.
        date_from: ISO 8601, ``2024`` or ``2024-05-01``; the document is of that day or later (by
            its own date where that can be understood, else the day it was added).
        date_to: likewise, of that day (or year) or before.
        metadata: values of front matter or document properties that are equal, or are among those
            of a list; text ``"3"`` equals 3, ``"true"`` equals True, keys are of any case.

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
        """Take one text for a tuple of one, which is what is meant; refuse what nothing meets."""
        for each in ("media_types", "languages", "tags"):
            if isinstance(value := getattr(self, each), str):
                object.__setattr__(self, each, (value,))
        since, until = self.date_from, self.date_to
        # A day is no later than the year that it is in.
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
        """Say whether every chunk passes."""
        return all(getattr(self, each.name) in ((), "", None, {}) for each in fields(self))


class FilterReads(Transaction):
    """Chunks that pass a filter."""

    def chunks_passing(
        self, collection_id: str, condition: SearchFilter, at_most: int
    ) -> npt.NDArray[np.int64]:
        """Return the ids of visible chunks that pass, no more than ``at_most`` of them."""
        clauses, values = conditions(collection_id, condition)
        few = condition.documents or condition.path
        index = ""
        if condition.metadata and not few:
            index = "INDEXED BY documents_by_metadata"
        elif (condition.tags or condition.languages) and not few:
            index = "INDEXED BY documents_by_labels"
        row = self._db.execute(
            # CROSS JOIN keeps SQLite from walking all chunks first. As one text: a row for each
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
        """Return those of ``ids`` that are visible and pass."""
        clauses, values = conditions(collection_id, condition)
        rows = self._db.execute(
            "SELECT k.id FROM json_each(?) wanted CROSS JOIN chunks k ON k.id = wanted.value"  # noqa: S608
            f" CROSS JOIN documents d ON d.id = k.document_id WHERE {clauses}",
            (json.dumps(list(ids)), *values),
        )
        return {row["id"] for row in rows}
