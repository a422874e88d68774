"""One embedding server: identified at first use, with checked answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from kb.embedding.base import unit_rows
from kb.embedding.remote.counting import count_tokens, probe_llama_limit
from kb.embedding.remote.kinds import OLLAMA_CONTEXT, Profile, identify
from kb.embedding.remote.wire import (
    DOCUMENT,
    Answer,
    Meaning,
    embedding_url,
    read_answer,
    request_body,
)
from kb.remote.client import ServerClient

_log = logging.getLogger(__name__)


class Server:
    """One server of a pool. Thread-safe.

    Args:
        client: its connections.
        model: the model's name from the user; ``""`` to ask the server.
        context_tokens: the user's limit of one text; 0 to ask the server.
    """

    def __init__(self, client: ServerClient, *, model: str, context_tokens: int) -> None:
        self._client = client
        self._model = model
        self._context_tokens = context_tokens
        self._profile: Profile | None = None
        self._limit: int | None = None
        self._asking = threading.RLock()

    @property
    def where(self) -> str:
        """Its address, for messages."""
        return self._client.where

    def profile(self) -> Profile:
        """Return its properties, requested once.

        Raises:
            UnavailableError: the server does not answer now.
            ModelError: the server has several models, and ``model`` names none.
        """
        with self._asking:
            if self._profile is None:
                self._profile = identify(self._client, self._model, self._context_tokens)
                _log.info("%s is %s", self.where, self._profile)
            return self._profile

    def limit(self) -> int:
        """Return the token limit of one text, including special tokens; 0 if unknown."""
        profile = self.profile()
        with self._asking:
            if self._limit is None:
                known = profile.context_tokens
                if profile.kind == "llama.cpp" and known:
                    known = probe_llama_limit(self._client, profile)
                self._limit = known
            return self._limit

    def count(self, text: str, *, special: bool = False, meaning: Meaning = DOCUMENT) -> int | None:
        """Return the tokens of ``text``; None if the server cannot count."""
        profile = self.profile()
        return count_tokens(self._client, profile, text, special=special, meaning=meaning)

    def embed(self, texts: Sequence[str], meaning: Meaning = DOCUMENT) -> Answer:
        """Return the raw vectors of worded texts, one row each, in order.

        Servers of this project take bare texts, and ``meaning`` to choose the prompt.

        Raises:
            UnavailableError: retrying, with this or another server, may help.
            BatchTooLargeError: fewer texts may succeed.
            InputTooLongError: a text has too many tokens.
            EmbeddingError: the server refuses, or its answer is invalid.
        """
        profile = self.profile()
        context = profile.context_tokens or self._context_tokens or OLLAMA_CONTEXT
        body = request_body(
            profile.dialect,
            profile.model,
            texts,
            context_tokens=context,
            meaning=meaning if profile.own else None,
            refuse_long=profile.own is not None and profile.own.windows,
        )
        answered = self._client.post(embedding_url(profile.dialect, self._client.address), body)
        answer = read_answer(profile.dialect, answered, len(texts), self.where)
        unit_rows(answer.vectors)  # a row of zeros is this server's error: raise it here
        return answer

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
