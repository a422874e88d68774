"""Saved searches and conversations in the catalog, stored as text."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kb.catalog.base import Transaction
from kb.catalog.rows import now, pack, unpack

Place = tuple[int, int]
"""Place of a passage in a conversation: the turn, from 0, and its number there, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationInfo:
    """A conversation in a list: ``title`` is its first question."""

    id: int
    title: str
    turns: int
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPassage:
    """A passage of an answer as JSON, and its document."""

    document_id: int
    passage: str


class RememberedReads(Transaction):
    """Reads saved searches and conversations."""

    def remembered_searches(self) -> list[tuple[int, str]]:
        """Return the ids and texts of all saved searches, newest first."""
        rows = self._db.execute(
            "SELECT id, wording FROM remembered_searches ORDER BY kept_at DESC, id DESC"
        )
        return [(row["id"], row["wording"]) for row in rows]

    def conversations(self) -> list[ConversationInfo]:
        """Return all conversations, the last changed first."""
        rows = self._db.execute(
            "SELECT id, title, turn_count, changed_at FROM conversations"
            " ORDER BY changed_at DESC, id DESC"
        )
        return [
            ConversationInfo(
                id=row["id"],
                title=row["title"],
                turns=row["turn_count"],
                changed_at=datetime.fromisoformat(row["changed_at"]),
            )
            for row in rows
        ]

    def conversation(self, conversation_id: int) -> tuple[str, dict[Place, str]] | None:
        """Return the turns of a conversation and its existing passages, as JSON."""
        row: sqlite3.Row | None = self._db.execute(
            "SELECT turns FROM conversations WHERE id = ?", (conversation_id,)
        ).fetchone()
        if row is None:
            return None
        passages = self._db.execute(
            "SELECT p.turn, p.number, p.passage FROM conversation_passages p"
            " JOIN documents d ON d.id = p.document_id"
            " WHERE p.conversation_id = ? AND d.state = 'active'",
            (conversation_id,),
        )
        kept = {(each["turn"], each["number"]): unpack(each["passage"]) for each in passages}
        return unpack(row["turns"]), kept


class RememberedChanges(RememberedReads):
    """Saves and deletes searches and conversations."""

    def remember_search(self, wording: str) -> None:
        """Save a search; one that is saved already becomes the newest."""
        self._db.execute(
            "INSERT INTO remembered_searches (wording, kept_at) VALUES (?, ?)"
            " ON CONFLICT (wording) DO UPDATE SET kept_at = excluded.kept_at",
            (wording, now()),
        )

    def forget_search(self, search_id: int) -> None:
        """Delete a saved search; do nothing if it is gone."""
        self._db.execute("DELETE FROM remembered_searches WHERE id = ?", (search_id,))

    def keep_conversation(
        self,
        conversation_id: int | None,
        title: str,
        turns: Sequence[str],
        passages: Mapping[Place, KeptPassage],
    ) -> int:
        """Store a conversation, replacing its stored version; return its id.

        Passages of deleted documents are left out. A conversation deleted meanwhile gets a new id.
        """
        packed, changed = pack(f"[{','.join(turns)}]"), now()
        row = self._db.execute(
            "UPDATE conversations SET title = ?, turns = ?, turn_count = ?, changed_at = ?"
            " WHERE id = ? RETURNING id",
            (title, packed, len(turns), changed, conversation_id),
        ).fetchone()
        if row is None:
            row = self._db.execute(
                "INSERT INTO conversations (title, turns, turn_count, changed_at)"
                " VALUES (?, ?, ?, ?) RETURNING id",
                (title, packed, len(turns), changed),
            ).fetchone()
        kept = int(row["id"])
        self._db.execute("DELETE FROM conversation_passages WHERE conversation_id = ?", (kept,))
        for (turn, number), each in passages.items():
            self._db.execute(
                "INSERT INTO conversation_passages"
                " SELECT ?, ?, ?, id, ? FROM documents WHERE id = ? AND state = 'active'",
                (kept, turn, number, pack(each.passage), each.document_id),
            )
        return kept

    def forget_conversation(self, conversation_id: int) -> None:
        """Delete a conversation with its passages; do nothing if it is gone."""
        self._db.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
