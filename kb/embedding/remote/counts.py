"""Token counts of many texts: requested from servers in parallel, remembered, or bounded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from kb.embedding.remote.bounds import most_tokens
from kb.embedding.remote.server import Server
from kb.embedding.remote.wire import DOCUMENT, Meaning
from kb.remote.pool import ServerPool

_REMEMBERED = 1 << 16
_SPECIALS = 4  # most special tokens around a text, for servers that do not count them


class TokenCounts:
    """Counts tokens at the servers of a pool. Thread-safe.

    The splitter counts every chunk, and embedding checks it again. So the counts of 65,536 texts
    are remembered by hash, in a few MiB.
    """

    def __init__(self, pool: ServerPool[Server], *, threads: int) -> None:
        self._pool = pool
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="count")
        self._mutex = threading.Lock()
        self._remembered: dict[bytes, int] = {}
        self._exact: bool | None = None

    @property
    def exact(self) -> bool:
        """Whether the servers count tokens; otherwise counts are upper bounds."""
        if self._exact is None:
            self._exact = self._ask("a", special=False) is not None
        return self._exact

    def of(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text without prompt and special tokens."""
        if not texts:
            return []
        if not self.exact:
            return [most_tokens(text) for text in texts]
        keys = [_key(text) for text in texts]
        with self._mutex:
            known = {key: self._remembered[key] for key in keys if key in self._remembered}
        missing = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in known and text
        }
        counted = self._workers.map(partial(self._ask, special=False), missing.values())
        fresh = {
            key: count for key, count in zip(missing, counted, strict=True) if count is not None
        }
        with self._mutex:
            if len(self._remembered) + len(fresh) > _REMEMBERED:
                self._remembered.clear()
            self._remembered.update(fresh)
        known |= fresh
        # One server of several may not count: then the text gets its bound, which is not
        # remembered.
        return [
            (known[key] if key in known else most_tokens(text)) if text else 0
            for key, text in zip(keys, texts, strict=True)
        ]

    def known(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of texts with a remembered exact count; 0 for others."""
        with self._mutex:
            return [self._remembered.get(_key(text), 0) for text in texts]

    def read(self, texts: Sequence[str], meaning: Meaning = DOCUMENT) -> list[int]:
        """Return all tokens that the model reads of each worded text, or their upper bounds."""
        if not self.exact:
            return [most_tokens(text) + _SPECIALS for text in texts]
        counted = self._workers.map(partial(self._ask, special=True, meaning=meaning), texts)
        return [
            most_tokens(text) + _SPECIALS if count is None else count
            for text, count in zip(texts, counted, strict=True)
        ]

    def around(self, prompt: str) -> int:
        """Return the total of a prompt's tokens and the special tokens."""
        counted = self._ask(prompt or " ", special=True) if self.exact else None
        return most_tokens(prompt) + _SPECIALS if counted is None else counted

    def close(self) -> None:
        """End the threads."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _ask(self, text: str, *, special: bool, meaning: Meaning = DOCUMENT) -> int | None:
        return self._pool.call(
            "counts", lambda server: server.count(text, special=special, meaning=meaning)
        )


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()
