"""The token limit of a served model, and the refusal of longer texts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from kb.embedding.remote.bounds import most_tokens
from kb.embedding.remote.counts import TokenCounts
from kb.embedding.remote.model import ServedModel
from kb.embedding.remote.server import Server
from kb.errors import InputTooLongError
from kb.remote.pool import ServerPool

_log = logging.getLogger(__name__)

ASSUMED_CONTEXT = 512
"""Limit of an unknown model whose server does not report one."""


class InputLimit:
    """Finds the token limit once. Thread-safe.

    Args:
        pool: the servers.
        counts: counts the tokens of texts.
        model: the model, which a server has already identified.
        context_tokens: the user's limit of one text with everything around it; 0 for none.
    """

    def __init__(
        self,
        pool: ServerPool[Server],
        counts: TokenCounts,
        model: ServedModel,
        *,
        context_tokens: int,
    ) -> None:
        self._pool = pool
        self._counts = counts
        self._model = model
        self._context_tokens = context_tokens
        self._mutex = threading.Lock()  # held during requests to servers
        self._found: int | None = None

    @property
    def tokens(self) -> int:
        """Most tokens of one document, without prompt and special tokens.

        The first known one counts: the user's, the server's, that of the model's name; else 512.
        """
        with self._mutex:
            if self._found is None:
                self._found = self._find()
            return self._found

    def check(self, texts: Sequence[str]) -> None:
        """Refuse texts that exceed the limit.

        Raises:
            InputTooLongError: a text exceeds it. The message has the number of the first one.
        """
        most = self.tokens
        doubtful = [row for row, text in enumerate(texts) if most_tokens(text) > most]
        counts = self._counts.of([texts[row] for row in doubtful])
        for row, count in zip(doubtful, counts, strict=True):
            if count > most:
                at_most = "" if self._counts.exact else "at most "
                msg = (
                    f"input {row} of {len(texts)} has {at_most}{count} tokens, but "
                    f"{self._model.identity.model_id} reads {most}; split it, or raise "
                    "KB_CONTEXT_TOKENS if the server reads more (nothing was cut off)"
                )
                raise InputTooLongError(msg)

    def _find(self) -> int:
        family = self._model.family
        told = self._pool.call("queries", Server.limit)
        limits = [limit for limit in (self._context_tokens, told) if limit]
        whole = min(limits) if limits else family.context_tokens
        if not whole:
            _log.warning(
                "neither the embedding server nor the name %r tells how much the model reads; "
                "%d tokens are assumed. Set KB_CONTEXT_TOKENS if it reads more",
                self._model.identity.model_id,
                ASSUMED_CONTEXT,
            )
            whole = ASSUMED_CONTEXT
        if not self._counts.exact:
            _log.warning(
                "the embedding server does not count tokens; an upper bound is used, so chunks "
                "may be smaller than need be"
            )
        own = self._model.own
        return whole - (
            own.around if own else self._counts.around(family.prompts.word_document(""))
        )
