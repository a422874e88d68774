"""Questions to a served knowledge base: passages, and answers made of them."""

from __future__ import annotations

from collections.abc import Sequence

from kb import wire
from kb.answering.answer import Answer
from kb.catalog.filters import SearchFilter
from kb.chat.base import Message
from kb.client.answering import ServedAnswer
from kb.client.parts import Parts, place, search_json
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
        told = self.server.ask("POST", path, json=search_json(request))
        return self.records(wire.hit_from_json, told, path)

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
        meant = self.server.ask("POST", place("search"), json=search_json(asked))["did_you_mean"]
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
        told = self.server.ask("POST", path, json=body)
        return self.records(wire.hit_from_json, told, path)

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
        return ServedAnswer.to(self, request, history)

    def continue_answer(self, answer: Answer) -> ServedAnswer:
        """Return the rest of an answer that was cut short, in the making, from the same passages.

        Raises:
            ChatError: the chat server's filter cut it short.
        """
        return ServedAnswer.going_on(self, answer)


def _names(collection: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if collection is None:
        return None
    return (collection,) if isinstance(collection, str) else tuple(collection)


def _weighted(queries: Sequence[str | WeightedQuery]) -> tuple[WeightedQuery, ...]:
    return tuple(WeightedQuery(text=each) if isinstance(each, str) else each for each in queries)
