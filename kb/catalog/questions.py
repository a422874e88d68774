"""Own questions in the catalog, with their judged passages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from kb.catalog.base import Transaction
from kb.catalog.rows import pack, unpack
from kb.records import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A judged passage. ``document_id`` is the present version of its file.

    ``passage`` and ``place`` are its text and its place in the document at the time of the
    judgement.
    """

    id: int
    source: Source
    document_id: int | None
    passage: str
    place: str
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuestion:
    """A question with its judged passages, in the order of judging."""

    id: int
    text: str
    judgements: tuple[Judgement, ...]

    @property
    def good(self) -> tuple[Judgement, ...]:
        """The passages that answer it."""
        return tuple(each for each in self.judgements if each.good)


class QuestionReads(Transaction):
    """Reads questions and judgements."""

    def own_questions(self, collection_id: str) -> list[OwnQuestion]:
        """Return a collection's questions with at least one judgement, the newest first."""
        return self._questions(collection_id, None)

    def own_question(self, collection_id: str, text: str) -> OwnQuestion | None:
        """Return a question of a collection by its text."""
        found = self._questions(collection_id, text)
        return found[0] if found else None

    def _questions(self, collection_id: str, text: str | None) -> list[OwnQuestion]:
        rows = self._db.execute(
            "SELECT j.*, q.question, s.root, s.path, s.document_id FROM own_questions q"
            " JOIN judgements j ON j.question_id = q.id JOIN sources s ON s.id = j.source_id"
            " WHERE q.collection_id = ?1 AND (?2 IS NULL OR q.question = ?2)"
            " ORDER BY q.id DESC, j.id",
            (collection_id, text),
        )
        return list(_by_question(rows))


class QuestionChanges(QuestionReads):
    """Writes and deletes questions and judgements."""

    def judge(
        self,
        collection_id: str,
        question: str,
        source: Source,
        passage: str,
        *,
        place: str,
        good: bool,
    ) -> bool:
        """Store whether a file's passage answers a question; return False if the file is gone."""
        self._db.execute(
            "INSERT OR IGNORE INTO own_questions (collection_id, question) VALUES (?, ?)",
            (collection_id, question),
        )
        done = self._db.execute(
            "INSERT INTO judgements (question_id, source_id, passage, place, good)"
            " SELECT q.id, s.id, ?, ?, ? FROM own_questions q JOIN sources s"
            " ON s.collection_id = q.collection_id AND s.root = ? AND s.path = ?"
            " WHERE q.collection_id = ? AND q.question = ?",
            (pack(passage), place, good, source.root, source.path, collection_id, question),
        )
        return done.rowcount > 0

    def forget_judgements(self, ids: Iterable[int]) -> None:
        """Delete judgements, and the questions without any other."""
        self._db.executemany("DELETE FROM judgements WHERE id = ?", [(each,) for each in ids])
        self._db.execute(
            "DELETE FROM own_questions WHERE id NOT IN (SELECT question_id FROM judgements)"
        )

    def forget_question(self, question_id: int) -> None:
        """Delete a question with its judgements."""
        self._db.execute("DELETE FROM own_questions WHERE id = ?", (question_id,))

    def reword_question(self, question_id: int, text: str) -> None:
        """Reword a question; an existing question with these words takes its judgements over."""
        self._db.execute(
            "UPDATE judgements SET question_id = other.id FROM own_questions mine"
            " JOIN own_questions other ON other.collection_id = mine.collection_id"
            " WHERE judgements.question_id = mine.id AND mine.id = ? AND other.question = ?",
            (question_id, text),
        )
        self._db.execute(
            "UPDATE OR REPLACE own_questions SET question = ?1 WHERE id = ?2"
            " AND EXISTS (SELECT 1 FROM judgements WHERE question_id = ?2)",
            (text, question_id),
        )
        self.forget_judgements(())

    def carry_questions_over(self, old_id: str, new_id: str) -> None:
        """Copy the questions of a collection to another one with the same files."""
        self._db.execute(
            "UPDATE own_questions SET collection_id = ? WHERE collection_id = ?", (new_id, old_id)
        )
        self._db.execute(
            "UPDATE judgements SET source_id = new.id FROM sources old JOIN sources new"
            " ON new.root = old.root AND new.path = old.path AND new.collection_id = ?"
            " WHERE judgements.source_id = old.id AND old.collection_id = ?",
            (new_id, old_id),
        )


def _by_question(rows: Iterable[sqlite3.Row]) -> Iterable[OwnQuestion]:
    found: dict[int, tuple[str, list[Judgement]]] = {}
    for row in rows:
        judgement = Judgement(
            id=row["id"],
            source=Source(root=row["root"], path=row["path"]),
            document_id=row["document_id"],
            passage=unpack(row["passage"]),
            place=row["place"],
            good=bool(row["good"]),
        )
        found.setdefault(row["question_id"], (row["question"], []))[1].append(judgement)
    for question_id, (text, judgements) in found.items():
        yield OwnQuestion(id=question_id, text=text, judgements=tuple(judgements))
