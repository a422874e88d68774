"""An embedder that remembers on disk what it embedded: tuning a search costs no model time."""

from __future__ import annotations

import hashlib
import sqlite3  # noqa: TID251 - a cache of its own
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kb.embedding.base import Embedder, EmbedderIdentity, Vector, Vectors

# Texts embedded between two commits to the cache: a run that is stopped loses no more.
_BATCH = 256


class CachedEmbedder:
    """Any embedder, in front of a SQLite file of vectors keyed by the text and the model.

    Token counts are remembered as well, since cutting texts needs them.
    """

    def __init__(self, inner: Embedder, path: Path) -> None:
        self._inner = inner
        self._mutex = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)")
        self._db.execute("CREATE TABLE IF NOT EXISTS counts (key BLOB PRIMARY KEY, tokens INTEGER)")

    @property
    def identity(self) -> EmbedderIdentity:
        return self._inner.identity

    @property
    def dim(self) -> int:
        return self._inner.dim

    @property
    def max_tokens(self) -> int:
        return self._inner.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        with self._mutex:
            keys = [self._key("count", text) for text in texts]
            found = {key: self._one("SELECT tokens FROM counts WHERE key = ?", key) for key in keys}
            missing = [row for row, key in enumerate(keys) if found[key] is None]
            fresh = self._inner.count_tokens([texts[row] for row in missing]) if missing else []
            for row, tokens in zip(missing, fresh, strict=True):
                found[keys[row]] = tokens
                self._db.execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (keys[row], tokens))
            self._db.commit()
            return [int(str(found[key])) for key in keys]

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        result = np.empty((len(texts), self.dim), dtype=np.float32)
        for at in range(0, len(texts), _BATCH):
            part = texts[at : at + _BATCH]
            result[at : at + len(part)] = self._embed("document", part, self._inner.embed_documents)
            if on_progress is not None:
                on_progress(len(part))
        return result

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        rows = self._embed(
            f"query {task}".rstrip(),
            [text],
            lambda missing: self._inner.embed_query(missing[0], task=task)[np.newaxis],
        )
        vector: Vector = rows[0]
        return vector

    def close(self) -> None:
        self._db.close()
        self._inner.close()

    def _embed(
        self, role: str, texts: Sequence[str], compute: Callable[[list[str]], Vectors]
    ) -> Vectors:
        with self._mutex:
            keys = [self._key(role, text) for text in texts]
            found = {
                key: self._one("SELECT vector FROM vectors WHERE key = ?", key) for key in keys
            }
            missing = {
                key: text for key, text in zip(keys, texts, strict=True) if found[key] is None
            }
            if missing:
                vectors = compute(list(missing.values()))
                for key, vector in zip(missing, vectors, strict=True):
                    found[key] = vector.tobytes()
                    self._db.execute(
                        "INSERT OR REPLACE INTO vectors VALUES (?, ?)", (key, found[key])
                    )
                self._db.commit()
            return np.stack([np.frombuffer(bytes(found[key]), np.float32) for key in keys])  # type: ignore[call-overload]  # all are filled

    def _one(self, sql: str, key: bytes) -> object:
        row = self._db.execute(sql, (key,)).fetchone()
        return None if row is None else row[0]

    def _key(self, role: str, text: str) -> bytes:
        parts = (self.identity.fingerprint, role, text)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
