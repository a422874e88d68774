"""A search request: one value, made by Python, command line, HTTP and browser alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import get_args

from kb.catalog.filters import SearchFilter
from kb.errors import SettingsError
from kb.records import Highlighting, SearchMode

MOST_QUERIES = 16
"""Most queries of one request; each costs a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedQuery:
    """One of several queries of a request.

    Attributes:
        text: the query; its required and excluded words hold only for this query.
        mode: its search mode; None for that of the request.
        weight: its weight relative to the others, above 0.

    Raises:
        SettingsError: the mode does not exist, or the weight is not a number above 0.
    """

    text: str
    mode: SearchMode | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a mode that does not exist and a weight that is not above 0."""
        _require_mode(self.mode)
        if not 0 < self.weight < math.inf:
            msg = f"the weight of a query is {self.weight}, but must be a number above 0"
            raise SettingsError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A query and its options, checked when it is made.

    Attributes:
        query: the query; a blank one gives no hits.
        queries: several queries in its place; their scores are fused, see :mod:`kb.search.several`.
        collections: names of collections with the same model. None is that of the settings; an
            empty sequence gives no hits.
        top_k: most hits; None for the number in the settings.
        where: conditions that every hit must meet.
        mode: by meaning (``dense``), by words (``keyword``, which also works if the model cannot be
            loaded), or both (``hybrid``). The default is that of the collection, else of the
            settings. Collections with different modes are searched in the mode of the settings,
            because their scores would not be comparable. A mode is an error if each of several
            queries has its own.
        highlights: the marks in each hit; ``sentences`` takes the model's time, see
            :meth:`kb.KnowledgeBase.highlight`.
        context: number of chunks before and after each hit; the hit includes their text.
        diversity: how much the hits should differ, from 0 to 1: 1 minus the lambda of maximal
            marginal relevance.
        instruct: instruction of the query, for models that take one; it replaces that of the
            collection and of the settings.
        rerank: let the reranker of the settings order the best hits; by default if the settings
            name one.
        min_score: lowest score of a hit, from 0 to 1; None for that of the settings.

    Raises:
        SettingsError: a value is out of bounds.
    """

    query: str = ""
    queries: tuple[WeightedQuery, ...] = ()
    collections: tuple[str, ...] | None = None
    top_k: int | None = None
    where: SearchFilter = field(default_factory=SearchFilter)
    mode: SearchMode | None = None
    highlights: Highlighting = "sentences"
    context: int = 0
    diversity: float = 0.0
    instruct: str = ""
    rerank: bool | None = None
    min_score: float | None = None

    def __post_init__(self) -> None:
        """Refuse values that no search can use."""
        if self.context < 0 or not 0 <= self.diversity <= 1:
            msg = (
                f"context is {self.context} and diversity {self.diversity}, but must be 0 or more, "
                "and from 0 to 1"
            )
            raise SettingsError(msg)
        if self.query and self.queries:
            msg = "a request has one query or several; give either `query` or `queries`"
            raise SettingsError(msg)
        if len(self.queries) > MOST_QUERIES:
            msg = f"{len(self.queries)} queries are given, but a request has at most {MOST_QUERIES}"
            raise SettingsError(msg)
        _require_mode(self.mode)
        own = {each.mode for each in self.queries}
        if self.mode and own and None not in own and own != {self.mode}:
            msg = (
                f"every query has a mode of its own, so the mode {self.mode!r} has no effect; "
                "leave it out, or leave out the mode of a query"
            )
            raise SettingsError(msg)
        if self.highlights not in get_args(Highlighting):
            choices = ", ".join(get_args(Highlighting))
            msg = f"highlights cannot be {self.highlights!r}; choose from {choices}"
            raise SettingsError(msg)
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            msg = f"min_score is {self.min_score}, but must be within 0 and 1"
            raise SettingsError(msg)
        if self.top_k is not None and self.top_k < 1:
            msg = f"top_k is {self.top_k}, but must be 1 or more"
            raise SettingsError(msg)

    @property
    def asked(self) -> tuple[WeightedQuery, ...]:
        """Its queries; a single one if it has only ``query``."""
        return self.queries or (WeightedQuery(text=self.query),)


def _require_mode(mode: object) -> None:
    if mode is not None and mode not in get_args(SearchMode):
        choices = ", ".join(get_args(SearchMode))
        msg = f"there is no mode {mode!r}; choose from {choices}"
        raise SettingsError(msg)
