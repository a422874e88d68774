"""What is asked of a search: one value, made by Python, command line, HTTP and browser alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import get_args

from kb.catalog.filters import SearchFilter
from kb.errors import SettingsError
from kb.records import Highlighting, SearchMode

MOST_QUERIES = 16
"""Queries of one request: each costs a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedQuery:
    """One of several queries of a request.

    Attributes:
        text: what is asked; what it requires or excludes holds for this query alone.
        mode: how to search for it; the request's if not given.
        weight: how much it counts beside the others, above 0.

    Raises:
        SettingsError: there is no such mode, or the weight is no number above 0.
    """

    text: str
    mode: SearchMode | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be weighed."""
        _require_mode(self.mode)
        if not 0 < self.weight < math.inf:
            msg = f"the weight of a query is {self.weight}, but must be a number above 0"
            raise SettingsError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A question, and how it is to be answered. It is checked when it is made.

    Attributes:
        query: what is asked; blank gives no hits.
        queries: several queries in its place, whose scores are fused: see
            :mod:`kb.search.several`.
        collections: names of collections of the same model; None is the settings', and an empty
            one gives no hits.
        top_k: most hits; the settings' if not given.
        where: conditions that every hit meets.
        mode: by meaning (``dense``), by words (``keyword``, which goes without the model
            where it cannot be loaded), or both (``hybrid``); if not given the collection's,
            else the settings'. Several collections whose modes differ are searched in the
            settings' mode, for their scores would not compare. Refused where each of several
            queries has another one of its own.
        highlights: what is marked in each hit; ``sentences`` costs model time, see
            :meth:`kb.KnowledgeBase.highlight`.
        context: chunks before and after each hit whose text it is given as well.
        diversity: from 0 to 1, how much hits are to differ from each other: 1 less the
            lambda of maximal marginal relevance.
        instruct: what the query asks for, in place of the collection's instruction and of
            the one in the settings; for models that take one.
        rerank: have the reranker of the settings order the best hits; if not given, where
            the settings name one.
        min_score: hits below this score, from 0 to 1, are left out; the settings' if not given.

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
        """Refuse what no search can do."""
        if self.context < 0 or not 0 <= self.diversity <= 1:
            msg = (
                f"context {self.context} must not be below 0, diversity {self.diversity} be "
                "within 0 and 1"
            )
            raise SettingsError(msg)
        if self.query and self.queries:
            msg = "a request has one query or several; give either `query` or `queries`"
            raise SettingsError(msg)
        if len(self.queries) > MOST_QUERIES:
            msg = f"{len(self.queries)} queries are more than one request may have, {MOST_QUERIES}"
            raise SettingsError(msg)
        _require_mode(self.mode)
        own = {each.mode for each in self.queries}
        if self.mode and own and None not in own and own != {self.mode}:
            msg = (
                f"each query says itself how it is searched for, so that the mode {self.mode!r} "
                "would change nothing; leave it out, or leave it out of a query"
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
        """Its queries; one if it is about one."""
        return self.queries or (WeightedQuery(text=self.query),)


def _require_mode(mode: object) -> None:
    if mode is not None and mode not in get_args(SearchMode):
        choices = ", ".join(get_args(SearchMode))
        msg = f"there is no mode {mode!r}; choose from {choices}"
        raise SettingsError(msg)
