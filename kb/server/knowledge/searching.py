"""``/v1/search``: passages for a question, or for several at once."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BeforeValidator, Field

from kb import wire
from kb.records import Highlighting, SearchMode
from kb.search.query import MOST_CHARACTERS
from kb.search.request import MOST_QUERIES, SearchRequest, WeightedQuery
from kb.server.caller import Asking
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.fields import INTEGER, VALID, CollectionNames, Instruction
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.filters import Filters
from kb.server.knowledge.records import HitReply
from kb.server.knowledge.serving import STORE, Serving, listed
from kb.server.replies import Reply
from kb.server.requests import Body
from kb.server.scopes import needs

_QueryText = Annotated[str, Field(max_length=MOST_CHARACTERS), VALID]


class SearchReply(Reply):
    """Hits, best first.

    ``did_you_mean`` is the query with corrected spelling; it is empty if nothing needs correction.
    Corrections of several queries are in ``did_you_mean_each``, in their order.
    """

    object: Literal["list"]
    data: list[HitReply]
    did_you_mean: str
    did_you_mean_each: list[str]


class QueryBody(Body):
    """One of several queries: its search parameters, and its weight among them."""

    query: _QueryText
    mode: SearchMode | None = None
    weight: Annotated[float, Field(ge=0.001, le=1000)] = 1.0


def _as_query(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Turn a text into a query; rename the field to Python's name."""
    if isinstance(value, str):
        return {"query": value}
    if isinstance(value, dict) and "text" in value and "query" not in value:
        return {"query" if name == "text" else name: each for name, each in value.items()}
    return value


_Query = Annotated[
    QueryBody,
    BeforeValidator(
        _as_query,
        json_schema_input_type=Annotated[str, Field(max_length=MOST_CHARACTERS)] | QueryBody,
    ),
]


class SearchBody(Body):
    """``POST /v1/search``: the parameters of ``kb search``, for one query or for several."""

    query: _QueryText = ""
    queries: list[_Query] = Field(default=[], max_length=MOST_QUERIES)
    collection: CollectionNames | None = None
    top_k: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = None
    mode: SearchMode | None = None
    context: Annotated[int, Field(ge=0, le=100), INTEGER] = 0
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    filters: Filters = Filters()
    instruct: Instruction = ""
    rerank: bool | None = None
    min_score: Annotated[float, Field(ge=0, le=1)] | None = None
    highlights: Highlighting = "words"

    def request(self) -> SearchRequest:
        """Return the body as a request of search.

        Raises:
            SettingsError: nothing can meet a condition, such as a date that does not exist; or the
                body has both one query and several.
        """
        return SearchRequest(
            query=self.query,
            queries=tuple(
                WeightedQuery(text=each.query, mode=each.mode, weight=each.weight)
                for each in self.queries
            ),
            collections=tuple(self.collection or ()) or None,
            top_k=self.top_k,
            where=self.filters.search_filter(),
            mode=self.mode,
            highlights=self.highlights,
            context=self.context,
            diversity=self.diversity,
            instruct=self.instruct,
            rerank=self.rerank,
            min_score=self.min_score,
        )


def routes(serving: Serving) -> APIRouter:
    """Return the route of searches."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/v1/search",
        operation_id="search",
        response_model=SearchReply,
        responses=errors(*STORE, HTTPStatus.CONFLICT, body=True),
    )
    @needs("read", body="small", collections="asked")
    async def search(body: SearchBody, caller: Asking) -> Response:
        """Find the passages that best answer a question, or several questions together."""
        chosen = serving.chosen(caller, *(body.collection or ()))
        request = replace(body.request(), collections=chosen)
        return await serving.quick.run(lambda: json_response(_found(serving, request)))

    return router


def _found(serving: Serving, request: SearchRequest) -> dict[str, Any]:
    hits = [wire.hit_json(hit) for hit in serving.base.find(request)]
    meant = [
        serving.base.did_you_mean(each.text, collection=request.collections)
        for each in request.asked
    ]
    several = bool(request.queries)
    return listed(
        hits, did_you_mean="" if several else meant[0], did_you_mean_each=meant if several else []
    )
