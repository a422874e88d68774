"""Search options of retrievers, the same for every library, checked when given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Annotated, Any, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    InstanceOf,
    TypeAdapter,
    model_validator,
)

from kb.catalog.filters import SearchFilter
from kb.client import Client
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.near_names import near_names
from kb.records import Highlighting, SearchMode
from kb.search.request import SearchRequest, WeightedQuery
from kb.search.typed import query_from_text

_CALLED_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "top_k": ("k",),
    "similarity_top_k": ("k",),
    "limit": ("k",),
    "collections": ("collection",),
    "collection_name": ("collection",),
    "filter": ("where",),
    "filters": ("where",),
    "score_threshold": ("min_score",),
    "similarity_cutoff": ("min_score",),
    "search_type": ("mode",),
    "vector_store_query_mode": ("mode",),
    "lambda_mult": ("diversity",),
    "query": ("queries", "text"),
    "since": ("date_from",),
    "until": ("date_to",),
    "pages": ("page_first",),
}
"""Names of options in other libraries."""


_FILTER = TypeAdapter(SearchFilter)
_LISTS = {"documents", "media_types", "languages", "tags"}

Base: TypeAlias = KnowledgeBase | Client
"""A knowledge base in this process, or the client of a served one."""


def refuse_unknown(given: Iterable[str], known: Iterable[str], *, of: str) -> None:
    """Refuse unknown names.

    Args:
        given: the names to check.
        known: the known names.
        of: what is named, for the message.

    Raises:
        TypeError: a name is unknown. The message suggests the most similar known name, if any.
    """
    names = list(known)
    for name in given:
        if name in names:
            continue
        likely = (*_CALLED_OTHERWISE.get(name, ()), *near_names(name, names))
        meant = [each for each in likely if each in names]
        hint = f"; did you mean {meant[0]!r}?" if meant else "."
        msg = f"{of} has no {name!r}{hint} It has {', '.join(names)}"
        raise TypeError(msg)


def _as_filter(given: object) -> object:
    if not isinstance(given, Mapping):
        return given
    refuse_unknown(given, [each.name for each in fields(SearchFilter)], of="a filter")
    several = {name: [given[name]] for name in _LISTS & given.keys() if _is_single(given[name])}
    return _FILTER.validate_python({**given, **several})


def _is_single(value: object) -> bool:
    return isinstance(value, str | int)


def _as_queries(given: object) -> object:
    several = [given] if isinstance(given, str | Mapping | WeightedQuery) else given
    return tuple(map(_as_query, several)) if isinstance(several, Iterable) else given


def _as_query(given: object) -> object:
    if isinstance(given, Mapping):
        refuse_unknown(given, [each.name for each in fields(WeightedQuery)], of="a query")
        return WeightedQuery(**given)
    return query_from_text(given) if isinstance(given, str) else given


def _as_names(given: object) -> object:
    return (given,) if isinstance(given, str) else given


class SearchOptions(BaseModel):
    """Options of a retriever; unknown ones are errors.

    Attributes:
        k: most passages; None for the number in the settings.
        collection: one name, or several with the same model; None for that of the settings.
        where: conditions that every passage must meet, as :class:`kb.SearchFilter` or a mapping.
        mode: ``dense`` (by meaning), ``keyword`` (by words) or ``hybrid``.
        min_score: lowest score of a passage, from 0 to 1.
        queries: additional queries of each call, whose scores are fused with those of its own
            query. Each is a :class:`kb.WeightedQuery`, a mapping of its fields, or a text as for
            ``kb search -q``: ``meaning:…``, ``words:…``, ``both*2:…``, or without a kind.
        context: number of chunks before and after each passage that its text includes.
        diversity: how much the passages should differ, from 0 to 1.
        instruct: instruction for queries, for models that take one.
        rerank: let the reranker of the settings order the best passages; by default if there is
            one.
        highlights: the marks in the metadata, as ``sentence`` and ``matched``; ``sentences`` takes
            the model's time.

    Raises:
        TypeError: an option does not exist.
        SettingsError: a value is out of bounds.
    """

    model_config = ConfigDict(extra="forbid")

    k: int | None = None
    collection: Annotated[tuple[str, ...] | None, BeforeValidator(_as_names)] = None
    where: Annotated[InstanceOf[SearchFilter], BeforeValidator(_as_filter)] = SearchFilter()
    mode: SearchMode | None = None
    min_score: float | None = None
    queries: Annotated[tuple[InstanceOf[WeightedQuery], ...], BeforeValidator(_as_queries)] = ()
    context: int = 0
    diversity: float = 0.0
    instruct: str = ""
    rerank: bool | None = None
    highlights: Highlighting = "none"

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the caller passed
        if isinstance(given, Mapping):
            refuse_unknown(given, cls.model_fields, of="a retriever")
        return given

    @model_validator(mode="after")
    def _possible(self) -> SearchOptions:
        if self.k is not None and self.k < 1:
            msg = f"k is {self.k}, but must be 1 or more"
            raise SettingsError(msg)
        self._request("", self.queries)
        return self

    def request(self, query: str, *more: WeightedQuery) -> SearchRequest:
        """Return the search request for a query, together with ``more`` queries.

        Raises:
            SettingsError: there is no query.
        """
        others = (*more, *self.queries)
        if not (query.strip() or others):
            msg = "the query is blank; ask something, or give the retriever `queries` of its own"
            raise SettingsError(msg)
        first = (WeightedQuery(text=query),) if query.strip() else ()
        return self._request("" if others else query, (*first, *others) if others else ())

    def _request(self, query: str, queries: tuple[WeightedQuery, ...]) -> SearchRequest:
        # The mode is for the query of each call; a call without a query needs none.
        followed = not queries or any(each.mode is None for each in queries)
        return SearchRequest(
            query=query,
            queries=queries,
            collections=self.collection,
            top_k=self.k,
            where=self.where,
            mode=self.mode if followed else None,
            highlights=self.highlights,
            context=self.context,
            diversity=self.diversity,
            instruct=self.instruct,
            rerank=self.rerank,
            min_score=self.min_score,
        )
