"""Queries: passages, and answers based on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kb.answering.answer import Answer, AnswerStream
from kb.catalog.filters import SearchFilter
from kb.chat.base import FILTERED, Message
from kb.errors import ChatError
from kb.facade.parts import Parts
from kb.records import Highlighting, SearchHit, SearchMode
from kb.search.request import SearchRequest, WeightedQuery


class SearchMethods(Parts):
    """Methods for searching and asking."""

    def warm_up(self) -> None:
        """Load the model and the index of the default collection now, not in the first search.

        A collection that is small enough to be searched without its index does without here.

        Raises:
            ModelError: the model is missing, or cannot be loaded.
        """
        self._searcher.warm_up()

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
        """Return the passages that best answer ``query``, best first: see :meth:`find`.

        Args:
            query: the query. Every hit contains ``"words in quotes"``, and none contains ``-word``.
                The scores of several queries, each with its mode and weight, are fused as in
                :mod:`kb.search.several`.
            top_k: most hits; :class:`~kb.SearchRequest` explains this and the rest.
            collection: one name, or several with the same model; an empty list gives no hits.
            where: conditions that every hit must meet.
            mode: by meaning, by words, or both.
            highlights: the marks in each hit.
            context: number of chunks before and after each hit.
            diversity: how much the hits should differ, from 0 to 1.
            instruct: instruction of the query, for models that take one.
            rerank: let the reranker of the settings order the best hits.
            min_score: lowest score of a hit, from 0 to 1.
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
        """Return the passages that best answer a request, best first.

        Near-copies become one hit that lists all their sources.

        Raises:
            CollectionError: a collection does not exist.
            SettingsError: the request has an instruction, but the model takes none; or the query
                has only exclusions.
            EmbedderMismatchError: a collection was made with another model.
            InputTooLongError: the query exceeds the model's limit, or that of searches (16,384
                characters, 2,048 different words).
        """
        return self._searcher.search(request)

    def did_you_mean(self, query: str, *, collection: str | Sequence[str] | None = None) -> str:
        """Return a query with its misspelt words corrected; empty if there are none.

        A word counts as misspelt if no passage contains it, but one contains a word that is one
        letter away (added, removed, changed, or two swapped). Passages with the corrected word come
        last among the hits of :meth:`search`.

        Args:
            query: the query of the search.
            collection: as for :meth:`search`.

        Raises:
            CollectionError: a collection does not exist.
            InputTooLongError: the query exceeds the limit of searches.
        """
        return self._searcher.did_you_mean(query, _names(collection))

    def highlight(
        self, query: str, hits: Sequence[SearchHit], *, instruct: str = ""
    ) -> list[SearchHit]:
        """Return hits of a search with ``highlights="words"``, marked as with ``"sentences"``.

        Programs can so show hits at once, and their marks a moment later.

        Args:
            query: the query of the search.
            hits: its hits; only their highlights change.
            instruct: the search's instruction, or else that of each hit's collection.
        """
        return self._searcher.highlight(query, hits, instruct=instruct)

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
    ) -> AnswerStream:
        """Return the answer to a question, as a stream from the chat model of the settings.

        ``base.ask("…").answer`` waits for the whole answer; iterating gives it piece by piece.

        Args:
            question: the question.
            history: the conversation so far; a question that depends on it is reworded.
            top_k: most passages to answer from; None for the number in the settings.
            collection: as for :meth:`search`.
            where: conditions that every passage must meet.
            mode: search mode.
            min_score: lowest score of a passage to answer from. Without such a passage, the answer
                is that the documents do not say.
        """
        request = SearchRequest(
            query=question,
            collections=_names(collection),
            top_k=top_k,
            where=where or SearchFilter(),
            mode=mode,
            min_score=min_score,
            highlights="words",  # nobody needs marks while waiting for the answer
        )
        return AnswerStream(
            lambda query: self.find(replace(request, query=query)),
            self._chat.get,
            question,
            history=history,
            most_tokens=self.settings.chat_answer_tokens,
        )

    def continue_answer(self, answer: Answer) -> AnswerStream:
        """Return the rest of an answer that was cut short, as a stream, from the same passages.

        Its pieces are only the new text; ``.answer`` is the answer from its beginning.

        Args:
            answer: an answer whose ``can_go_on`` is true.

        Raises:
            ChatError: the chat server's filter cut the answer short.
        """
        if answer.ended == FILTERED:
            msg = (
                "the chat server's filter cut the answer short, so it cannot be continued; ask in "
                "other words"
            )
            raise ChatError(msg)
        return AnswerStream(
            lambda _: list(answer.sources),
            self._chat.get,
            answer.question,
            most_tokens=self.settings.chat_answer_tokens,
            begun=answer,
        )


def _names(collection: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if collection is None:
        return None
    return (collection,) if isinstance(collection, str) else tuple(collection)


def _weighted(queries: Sequence[str | WeightedQuery]) -> tuple[WeightedQuery, ...]:
    return tuple(WeightedQuery(text=each) if isinstance(each, str) else each for each in queries)
