"""Embeddings from one or several servers: OpenAI-compatible ones, llama-server, Ollama."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from kb.embedding.base import Abilities, Batching, EmbedderIdentity, Vector, Vectors, unit_rows
from kb.embedding.remote.bounds import most_tokens
from kb.embedding.remote.bulk import BulkRequests
from kb.embedding.remote.counts import TokenCounts
from kb.embedding.remote.families import PromptsName, family_of
from kb.embedding.remote.limit import InputLimit
from kb.embedding.remote.model import PROBE, ServedModel
from kb.embedding.remote.server import Server
from kb.embedding.remote.wire import BARE, DOCUMENT, Answer, Meaning, never_empty
from kb.errors import EmbeddingError, SettingsError, failing_as
from kb.keys import key_from_environment
from kb.remote.address import parse_servers
from kb.remote.client import KEY_VARIABLES, ServerClient, sendable
from kb.remote.failures import DisconnectedError
from kb.remote.pool import ServerPool
from kb.retry import RetryPolicy

QUERY_SLOTS = 2
COUNT_SLOTS = 8
_UNCOUNTED = 64  # no model's limit is lower, so shorter texts need no count


class ServerEmbedder:
    """An :class:`~kb.embedding.base.Embedder` over one or several servers. Thread-safe.

    Opening it asks the servers until one answers. Each other server is asked before its first
    request, and again when it returns after a failure. A server whose vectors differ from the first
    one's is refused.

    The fingerprint covers the model's name, its width and the prompts, because servers do not
    identify their weights. Never serve other weights under the same name: a collection would mix
    their vectors. ``kb serve`` is the exception: it reports the fingerprint of the model in its
    process.

    Args:
        model: the addresses, with the model's name after ``#``; see
            :func:`~kb.remote.address.parse_servers`.
        dimensions: cut vectors to this width before scaling (Matryoshka models).
        context_tokens: most tokens of one input; 0 to ask the server.
        prompts: the family of prompts for texts; "auto" chooses it by the model's name.
        requests: most parallel requests with documents to one server.
        batch: most texts of one request.
        timeout_s: longest pause of a server within one answer, in seconds.
        policy: number of attempts and waiting times.
        key: the servers' API key; empty for none. The default is that of the environment.

    Raises:
        SettingsError: an address or the key is invalid.
        ModelError: the server has several models, and ``model`` names none.
        EmbeddingError: no server answers, or one refuses.
    """

    @failing_as(EmbeddingError)
    def __init__(
        self,
        model: str,
        *,
        dimensions: int | None = None,
        context_tokens: int = 0,
        prompts: PromptsName = "auto",
        requests: int = 4,
        batch: int = 32,
        timeout_s: float = 120.0,
        policy: RetryPolicy | None = None,
        key: str | None = None,
    ) -> None:
        addresses, name = parse_servers(model)
        secret = key_from_environment(*KEY_VARIABLES) if key is None else key
        advice = {} if key is None else {"key_advice": "give a key that allows this"}
        servers = [
            Server(
                ServerClient(address, key=secret, timeout_s=timeout_s, **advice),
                model=name,
                context_tokens=context_tokens,
            )
            for address in addresses
        ]
        self._pool = ServerPool(
            servers,
            slots={"documents": requests, "queries": QUERY_SLOTS, "counts": COUNT_SLOTS},
            policy=policy or RetryPolicy(),
        )
        self._batching = Batching(calls=requests * len(servers), texts=batch)
        self._bulk = BulkRequests(lanes=self._batching.calls, batch=batch)
        self._chosen = (prompts, dimensions)
        self._mutex = threading.Lock()
        self._verified: set[str] = set()
        self._model: ServedModel | None = None
        self._counts = TokenCounts(self._pool, threads=COUNT_SLOTS)
        try:
            self._pool.call("queries", self._meet)
            self._limit = InputLimit(
                self._pool, self._counts, self._known, context_tokens=context_tokens
            )
        except BaseException:
            self.close()
            raise

    @property
    def identity(self) -> EmbedderIdentity:
        """The served model's name, fingerprint and width."""
        return self._known.identity

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self._known.identity.dim

    @property
    @failing_as(EmbeddingError)
    def max_tokens(self) -> int:
        """Most tokens of one document, without prompt and special tokens."""
        return self._limit.tokens

    @property
    def batching(self) -> Batching:
        """The best way of passing the texts of many clients: as many as servers take at once."""
        return self._batching

    @property
    def abilities(self) -> Abilities:
        """Whether vectors may be cut (which few servers report) and queries take an instruction."""
        known = self._known
        task = bool(known.family.prompts.instruct)
        if known.own is None:
            return Abilities(least_dim=self.dim, takes_task=task)
        return Abilities(
            least_dim=min(known.own.least_dim, self.dim), takes_task=known.own.takes_task
        )

    @property
    @failing_as(EmbeddingError)
    def description(self) -> dict[str, str | int]:
        """Properties of the servers for `kb doctor`."""
        known = self._known.own or family_of(self.identity.model_id, self._chosen[0])
        return {
            "servers": ", ".join(server.where for server in self._pool.servers),
            "server_kind": self._pool.call("queries", lambda server: server.profile().kind),
            "prompts_known": "yes" if known else "no",
            "tokens_counted_by": "the server" if self._counts.exact else "an upper bound",
        }

    @failing_as(EmbeddingError)
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text, with the server's tokenizer if it offers that.

        Otherwise return an upper bound (:func:`~kb.embedding.remote.bounds.most_tokens`).
        """
        return self._counts.of([sendable(text) for text in texts])

    @failing_as(EmbeddingError)
    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        """Count the tokens of each text with prompt and special tokens."""
        words = self._known.family.prompts
        bare = [sendable(text) for text in texts]
        worded = [words.word_query(t, task) if query else words.word_document(t) for t in bare]
        meaning = Meaning(input_type="query", instruct=task) if query else DOCUMENT
        return self._counts.read([self._filled(text) for text in worded], meaning)

    @failing_as(EmbeddingError)
    def count_bare(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of texts without a prompt, but with special tokens."""
        return self._counts.read([self._filled(sendable(text)) for text in texts], BARE)

    @failing_as(EmbeddingError)
    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed documents: float32, shape (n, dim), unit length, input order.

        Raises:
            InputTooLongError: a text has more than ``max_tokens`` tokens.
            EmbeddingError: no server answers, one refuses, or its answer is invalid.
        """
        bare = [sendable(text) for text in texts]
        prompts = self._known.family.prompts
        worded = [self._filled(prompts.word_document(text)) for text in bare]
        return self._embed_all(bare, worded, DOCUMENT, on_progress)

    @failing_as(EmbeddingError)
    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        """Embed as :meth:`embed_documents`, without a prompt around the texts."""
        bare = [sendable(text) for text in texts]
        return self._embed_all(bare, [self._filled(text) for text in bare], BARE, None)

    @failing_as(EmbeddingError)
    def embed_query(self, text: str, *, task: str = "") -> Vector:
        """Embed one query: float32, shape (dim,), unit length; before any waiting documents.

        ``task`` replaces the model's default instruction.

        Raises (besides those of ``embed_documents``):
            SettingsError: a task is given, but the model takes none.
        """
        if task and not self.abilities.takes_task:
            msg = (
                f"judging by its name, {self.identity.model_id} takes no instruction for its "
                "queries; leave the instruction out, or name its family in KB_PROMPTS"
            )
            raise SettingsError(msg)
        bare = sendable(text)
        if most_tokens(bare) > _UNCOUNTED:
            self._limit.check([bare])
        worded = self._filled(self._known.family.prompts.word_query(bare, task))
        meaning = Meaning(input_type="query", instruct=task)
        answer = self._pool.call("queries", lambda server: self._embed(server, [worded], meaning))
        vector: Vector = unit_rows(answer.vectors, dim=self.dim)[0]
        return vector

    def close(self) -> None:
        """Let waiting requests fail, wait for running ones, then close the connections."""
        self._pool.close()
        self._bulk.close()
        self._counts.close()
        for server in self._pool.servers:
            server.close()

    # -- learning about the servers

    @property
    def _known(self) -> ServedModel:
        if self._model is None:  # __init__ ends only after a server has answered
            msg = "no embedding server has answered yet"
            raise EmbeddingError(msg)
        return self._model

    def _meet(self, server: Server) -> None:
        """Check that a server gives the vectors of this model, once for each of its starts."""
        if server.where in self._verified:
            return
        prompts, dimensions = self._chosen
        raw = server.embed([PROBE]).vectors[0]
        with self._mutex:
            if self._model is None:
                self._model = ServedModel.learn(server, raw, prompts=prompts, dimensions=dimensions)
            self._model.check_same(server, raw)
            self._verified.add(server.where)

    def _filled(self, text: str) -> str:
        """Return a text as its server takes it; only servers of this project take an empty one."""
        return text if self._known.own else never_empty(text)

    # -- requesting vectors

    def _embed_all(
        self,
        bare: list[str],
        worded: list[str],
        meaning: Meaning,
        on_progress: Callable[[int], None] | None,
    ) -> Vectors:
        """Embed texts in parallel, given bare and as they are sent."""
        if not worded:
            return np.empty((0, self.dim), dtype=np.float32)
        self._limit.check(bare)

        def ask(texts: list[str]) -> Answer:
            return self._pool.call("documents", lambda server: self._embed(server, texts, meaning))

        raw = self._bulk.run(worded, self._counts.known(bare), self._known.width, ask, on_progress)
        return unit_rows(raw, dim=self.dim)

    def _embed(self, server: Server, texts: list[str], meaning: Meaning) -> Answer:
        self._meet(server)
        try:
            answer = server.embed(texts, meaning)
        except DisconnectedError:
            with self._mutex:
                self._verified.discard(server.where)
            raise
        self._known.check_width(server.where, answer.vectors.shape[1])
        return answer
