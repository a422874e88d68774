"""Own questions: queries that people asked, with the hits that they judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kb.catalog.catalog import Catalog
from kb.catalog.numbers import no_document
from kb.catalog.questions import Judgement, OwnQuestion
from kb.errors import SettingsError
from kb.records import SearchHit
from kb.same_passage import same_passage

MOST_CHARACTERS = 4_000
"""Longest question, in characters."""


class OwnQuestions:
    """The questions of each collection, with the judged passages. Thread-safe.

    A judgement consists of a file and a passage's text. It survives new versions of the file, other
    chunk sizes and another model, and is deleted with the file. Questions belong to the knowledge
    base, not to a person: every user sees all of them.

    Raises (every method that changes something):
        StoreError: the folder is read-only, the disk is full, or the file failed.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, collection: str) -> list[OwnQuestion]:
        """Return the questions of a collection, the newest first.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self._catalog.reading() as state:
            return state.own_questions(state.collection(collection).id)

    def judge(self, question: str, hit: SearchHit, *, good: bool | None) -> None:
        """Store whether a passage answers a question; None deletes the judgement.

        Args:
            question: the query of the search.
            hit: the passage, a hit of the search.
            good: whether the passage answers.

        Raises:
            CollectionError: the hit's collection is gone.
            DocumentNotFoundError: its file is gone.
            SettingsError: the question is empty or too long.
        """
        text = _worded(question)
        with self._catalog.change() as change:
            collection = change.collection(hit.collection).id
            known = change.own_question(collection, text)
            if known is not None:
                change.forget_judgements(each.id for each in known.judgements if _is(each, hit))
            if good is None:
                return
            kept = any(
                change.judge(collection, text, source, passage=hit.text, place=hit.place, good=good)
                for source in hit.sources
            )
            if not kept:
                raise no_document(hit.document_id)

    def marks(self, question: str, hits: Sequence[SearchHit]) -> Mapping[int, bool]:
        """Return the judgements of hits for a question, by chunk id, without unjudged ones."""
        text = " ".join(question.split())
        found: dict[int, bool] = {}
        with self._catalog.reading() as state:
            names = {each.name: each.id for each in state.collections()}
            for name in {hit.collection for hit in hits} & names.keys():
                known = state.own_question(names[name], text)
                for each in known.judgements if known else ():
                    mine = [hit for hit in hits if hit.collection == name and _is(each, hit)]
                    found.update({hit.chunk_id: each.good for hit in mine})
        return found

    def reword(self, question_id: int, text: str) -> None:
        """Reword a question; an existing question with these words takes its judgements over.

        Raises:
            SettingsError: the text is empty or too long.
        """
        with self._catalog.change() as change:
            change.reword_question(question_id, _worded(text))

    def forget(self, question_id: int) -> None:
        """Delete a question with its judgements; do nothing if it is gone."""
        with self._catalog.change() as change:
            change.forget_question(question_id)

    def forget_judgement(self, judgement_id: int) -> None:
        """Delete one judgement, and its question if that has no other."""
        with self._catalog.change() as change:
            change.forget_judgements([judgement_id])


def _is(judgement: Judgement, hit: SearchHit) -> bool:
    return judgement.source in hit.sources and same_passage(judgement.passage, hit.text)


def _worded(question: str) -> str:
    text = " ".join(question.split())
    if not text or len(text) > MOST_CHARACTERS:
        msg = (
            f"a question of {len(text):,} characters cannot be kept; give one of 1 to "
            f"{MOST_CHARACTERS:,} characters"
        )
        raise SettingsError(msg)
    return text
