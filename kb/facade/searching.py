"""Questions to a knowledge base: passages, and answers made of them."""

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
        """Return the passages that answer ``query`` best, best first: see :meth:`find`.

        Args:
            query: what is asked; ``"words in quotes"`` must stand in every hit, ``-word`` in none.
                Of several queries, each with its mode and weight, the scores are fused:
                :mod:`kb.search.several` says how.
            top_k: most hits; this and the rest are explained by :class:`~kb.SearchRequest`.
            collection: one name, or several of the same model; no hits for an empty list.
            where: conditions that every hit meets.
            mode: by meaning, by words, or both.
            highlights: what is marked in each hit.
            context: chunks before and after each hit.
            diversity: how much hits are to differ, from 0 to 1.
            instruct: what the query asks for, for models that take an instruction.
            rerank: have the reranker of the settings order the best hits.
            min_score: leave out hits below this score, from 0 to 1.
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

        Near-copies are one hit that lists all its sources.

        Raises:
            CollectionError: there is no such collection.
            SettingsError: there is an instruction, but the model takes none; the query holds
                nothing but exclusions.
            EmbedderMismatchError: a collection was made with another model.
            InputTooLongError: the query is longer than the model reads, or than is looked up
                (16,384 characters, 2,048 different words).
        """
        return self._searcher.search(request)

    def did_you_mean(self, query: str, *, collection: str | Sequence[str] | None = None) -> str:
        """Return a query with its misspelt words as they were probably meant; empty if none is.

        A word is taken for misspelt if it stands in no passage, and another that is one letter away
        (more, less, other, or two swapped) does. Passages with that one come last among the hits
        of :meth:`search`.

        Args:
            query: as it was searched for.
            collection: as for :meth:`search`.

        Raises:
            CollectionError: there is no such collection.
            InputTooLongError: the query is too long to be looked up.
        """
        return self._searcher.did_you_mean(query, _names(collection))

    def highlight(
        self, query: str, hits: Sequence[SearchHit], *, instruct: str = ""
    ) -> list[SearchHit]:
        """Return hits of a search with ``highlights="words"``, marked as by ``"sentences"``.

        For programs that show hits at once and their marks when they are there.

        Args:
            query: what was searched for.
            hits: what was found; nothing but their highlights changes.
            instruct: as for the search, else each hit's collection says it.
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
        """Return the answer to a question, in the making, by the chat model of the settings.

        ``base.ask("…").answer`` is the whole of it; iterating gives it piece by piece.

        Args:
            question: what is asked.
            history: the conversation so far; a question that leans on it is worded anew.
            top_k: most passages to answer from; the settings' if not given.
            collection: as for :meth:`search`, like the rest.
            where: conditions that every passage meets.
            mode: how to search.
            min_score: passages below this score are not answered from; without any other the
                documents do not say.
        """
        request = SearchRequest(
            query=question,
            collections=_names(collection),
            top_k=top_k,
            where=where or SearchFilter(),
            mode=mode,
            min_score=min_score,
            highlights="words",  # the answer is waited for
        )
        return AnswerStream(
            lambda query: self.find(replace(request, query=query)),
            self._chat.get,
            question,
            history=history,
            most_tokens=self.settings.chat_answer_tokens,
        )

    def continue_answer(self, answer: Answer) -> AnswerStream:
        """Return the rest of an answer that was cut short, in the making, from the same passages.

        Its pieces are what comes anew; ``.answer`` is the answer from its beginning.

        Args:
            answer: one whose ``can_go_on`` is true.

        Raises:
            ChatError: the chat server's filter cut it short.
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
