"""API keys in the catalog: their digests, never the keys."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from kb.catalog.collections import CollectionReads
from kb.catalog.key_records import KEY_SCOPES, ApiKey, NewKey
from kb.catalog.rows import now
from kb.errors import ApiKeyError


class KeyReads(CollectionReads):
    """Reads keys."""

    def keys(self) -> list[ApiKey]:
        """Return all keys, oldest first, including revoked and expired ones."""
        rows = self._db.execute("SELECT * FROM keys ORDER BY id").fetchall()
        return [self._key(row) for row in rows]

    def key_by_label(self, label: str) -> tuple[ApiKey, bytes] | None:
        """Return the key of a label, and its digest; None if there is none."""
        row = self._db.execute("SELECT * FROM keys WHERE label = ?", (label,)).fetchone()
        return None if row is None else (self._key(row), bytes(row["digest"]))

    def has_keys(self) -> bool:
        """Return whether there is any key that is not revoked."""
        found = self._db.execute("SELECT 1 FROM keys WHERE revoked_at IS NULL LIMIT 1").fetchone()
        return found is not None

    def _key(self, row: sqlite3.Row) -> ApiKey:
        names = self._db.execute(
            "SELECT c.name FROM key_collections k JOIN collections c ON c.id = k.collection_id"
            " WHERE k.key_id = ? ORDER BY c.name",
            (row["id"],),
        )
        scopes = row["scopes"].split(",")
        return ApiKey(
            id=row["id"],
            name=row["name"],
            label=row["label"],
            scopes=tuple(scope for scope in KEY_SCOPES if scope in scopes),
            collections=None if row["every_collection"] else tuple(each["name"] for each in names),
            rate=row["rate"],
            created_at=datetime.fromisoformat(row["created_at"]),
            expires_at=_moment(row["expires_at"]),
            revoked_at=_moment(row["revoked_at"]),
        )


class KeyChanges(KeyReads):
    """Creates and revokes keys."""

    def add_key(self, key: NewKey) -> ApiKey:
        """Store a key.

        Raises:
            ApiKeyError: another key has the name.
            CollectionError: a named collection does not exist.
        """
        taken = self._db.execute(
            "SELECT 1 FROM keys WHERE name = ? AND revoked_at IS NULL", (key.name,)
        ).fetchone()
        if taken is not None:
            msg = (
                f"there is a key {key.name!r} already; choose another name, or revoke that one "
                f"first (`kb keys revoke {key.name}`)"
            )
            raise ApiKeyError(msg)
        cursor = self._db.execute(
            "INSERT INTO keys (name, label, digest, scopes, every_collection, rate, created_at,"
            " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key.name,
                key.label,
                key.digest,
                ",".join(key.scopes),
                int(key.collections is None),
                key.rate,
                now(),
                key.expires_at and key.expires_at.astimezone(UTC).isoformat(),
            ),
        )
        key_id = int(cursor.lastrowid or 0)
        for name in dict.fromkeys(key.collections or ()):
            self._db.execute(
                "INSERT INTO key_collections (key_id, collection_id) VALUES (?, ?)"
                " ON CONFLICT DO NOTHING",
                (key_id, self.collection(name).id),
            )
        row = self._db.execute("SELECT * FROM keys WHERE id = ?", (key_id,)).fetchone()
        return self._key(row)

    def revoke_key(self, name: str) -> ApiKey:
        """Revoke a key.

        Raises:
            ApiKeyError: no key has that name, or it is already revoked.
        """
        row = self._db.execute(
            "UPDATE keys SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING *",
            (now(), name),
        ).fetchone()
        if row is None:
            msg = f"there is no key {name!r} to be revoked; `kb keys list` shows all"
            raise ApiKeyError(msg)
        return self._key(row)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
