"""Questions to a served knowledge base: passages, and answers made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kb import wire
from kb.answering.answer import Answer
from kb.catalog.filters import SearchFilter
from kb.chat.base import Message
from kb.client.answering import ServedAnswer
from kb.client.parts import Parts, place
from kb.records import Highlighting, SearchHit, SearchMode
from kb.search.request import SearchRequest, WeightedQuery


class SearchCalls(Parts):
    """Searching and asking."""

    def search(
        self,
        query: str | Sequence[str | WeightedQuery],
        *,
        top_k: int | None = None,
        collection: str | Sequence[str] | None = None,
        where: SearchFilter | None = None,
        mode: SearchMode | None = None,
        highlights: Highlighting = "sentences",
        context: int = 0,
        diversity: float = 0.0,
        instruct: str = "",
        rerank: bool | None = None,
        min_score: float | None = None,
    ) -> list[SearchHit]:
        """Return the passages that answer ``query`` best, best first.

        The arguments are those of :meth:`kb.KnowledgeBase.search`.
        """
        return self.find(
            SearchRequest(
                query=query if isinstance(query, str) else "",
                queries=() if isinstance(query, str) else _weighted(query),
                collections=_names(collection),
                top_k=top_k,
                where=where or SearchFilter(),
                mode=mode,
                highlights=highlights,
                context=context,
                diversity=diversity,
                instruct=instruct,
                rerank=rerank,
                min_score=min_score,
            )
        )

    def find(self, request: SearchRequest) -> list[SearchHit]:
        """Return the passages that answer a request best, best first.

        Raises:
            CollectionError: there is no such collection.
            SettingsError: there is an instruction, but the model takes none; the query holds
                nothing but exclusions; a value is above what the server takes.
            EmbedderMismatchError: a collection was made with another model.
            InputTooLongError: the query is longer than the model reads, or than is looked up.
        """
        if request.collections == ():
            return []
        path = place("search")
        told = self._server.ask("POST", path, json=_body(request))
        return self._records(wire.hit_from_json, told, path)

    def did_you_mean(self, query: str, *, collection: str | Sequence[str] | None = None) -> str:
        """Return a query with its misspelt words as they were probably meant; empty if none is.

        Raises:
            CollectionError: there is no such collection.
            InputTooLongError: the query is too long to be looked up.
        """
        names = _names(collection)
        if names == ():
            return ""
        asked = SearchRequest(
            query=query, collections=names, mode="keyword", top_k=1, highlights="none", rerank=False
        )
        meant = self._server.ask("POST", place("search"), json=_body(asked))["did_you_mean"]
        return str(meant)

    def highlight(
        self, query: str, hits: Sequence[SearchHit], *, instruct: str = ""
    ) -> list[SearchHit]:
        """Return hits of a search with ``highlights="words"``, marked as by ``"sentences"``."""
        if not hits:
            return []
        path = place("highlights")
        body = {
            "query": query,
            "instruct": instruct,
            "hits": [wire.hit_json(hit) for hit in hits],
        }
        told = self._server.ask("POST", path, json=body)
        return self._records(wire.hit_from_json, told, path)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        collection: str | Sequence[str] | None = None,
        where: SearchFilter | None = None,
        mode: SearchMode | None = None,
        min_score: float | None = None,
    ) -> ServedAnswer:
        """Return the answer to a question, in the making, by the chat model of the server.

        ``client.ask("…").answer`` is the whole of it; iterating gives it piece by piece. The
        arguments are those of :meth:`kb.KnowledgeBase.ask`.
        """
        request = SearchRequest(
            query=question,
            collections=_names(collection),
            top_k=top_k,
            where=where or SearchFilter(),
            mode=mode,
            min_score=min_score,
        )
        known = {"query", "highlights"}
        body = {name: value for name, value in _body(request).items() if name not in known}
        body["question"] = question
        if history:
            body["history"] = [
                {"role": message.role, "content": message.content} for message in history
            ]
        return ServedAnswer(self._server, body, question)

    def continue_answer(self, answer: Answer) -> ServedAnswer:
        """Return the rest of an answer that was cut short, in the making, from the same passages.

        Raises:
            ChatError: the chat server's filter cut it short.
        """
        return ServedAnswer.going_on(self._server, answer)


def _body(request: SearchRequest) -> dict[str, Any]:
    """Return a request as ``POST /v1/search`` takes it; what is not given is left out."""
    where = request.where
    body: dict[str, Any] = {
        "query": request.query,
        "queries": [
            {"query": each.text, "mode": each.mode, "weight": each.weight}
            for each in request.queries
        ],
        "collection": None if request.collections is None else list(request.collections),
        "top_k": request.top_k,
        "mode": request.mode,
        "context": request.context,
        "diversity": request.diversity,
        "instruct": request.instruct,
        "rerank": request.rerank,
        "min_score": request.min_score,
        "filters": {} if where.is_empty else _filters(where),
    }
    if request.queries:
        del body["query"]
    given = {name: value for name, value in body.items() if value or name == "query"}
    if request.rerank is not None:
        given["rerank"] = request.rerank
    if request.min_score is not None:
        given["min_score"] = request.min_score
    return given | {"highlights": request.highlights}


def _filters(where: SearchFilter) -> dict[str, Any]:
    told: dict[str, Any] = {
        "documents": list(where.documents),
        "path": where.path,
        "media_types": list(where.media_types),
        "tags": list(where.tags),
        "languages": list(where.languages),
        "since": where.date_from,
        "until": where.date_to,
        "pages": _pages(where.page_first, where.page_last),
        "metadata": dict(where.metadata),
    }
    return {name: value for name, value in told.items() if value}


def _pages(first: int | None, last: int | None) -> str:
    if first is None and last is None:
        return ""
    return f"{'' if first is None else first}-{'' if last is None else last}"


def _names(collection: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if collection is None:
        return None
    return (collection,) if isinstance(collection, str) else tuple(collection)


def _weighted(queries: Sequence[str | WeightedQuery]) -> tuple[WeightedQuery, ...]:
    return tuple(WeightedQuery(text=each) if isinstance(each, str) else each for each in queries)
