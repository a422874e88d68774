"""Reranking by a server: llama.cpp, vLLM, Jina, Cohere (``/v1/rerank``) and TEI (``/rerank``)."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from kb.errors import InputTooLongError, RerankingError, failing_as
from kb.keys import key_from_environment
from kb.remote.address import parse_servers
from kb.remote.client import KEY_VARIABLES, ServerClient, sendable
from kb.remote.failures import AbsentError, BatchTooLargeError, UnavailableError
from kb.remote.pool import ServerPool
from kb.reranking.base import RerankerIdentity, Scores, best_parts, halves
from kb.retry import RetryPolicy
from kb.stopping import checkpoint

# A person waits for the search.
_POLICY = RetryPolicy(query_attempts=2, cap_s=5.0)
_LONGEST_REQUESTED_WAIT_S = 10.0
_REQUESTS = 4
_SHORTEST = 64  # characters; a passage still too long at this length is not the cause


class ServerReranker:
    """A :class:`~kb.reranking.base.Reranker` over one or several servers. Thread-safe.

    Scores are in [0, 1]: the server's own, or the sigmoid of the model's raw scores (llama.cpp). A
    passage that is too long for the server is sent in parts, and the best part counts.

    A request is tried at most twice, because a person waits for the search; a stalled one costs
    twice ``timeout_s``. Invalid answers are not retried.

    Args:
        model: the addresses, with the model's name after ``#``, as for embedding servers.
        batch: most passages of one request.
        timeout_s: longest pause of a server within one answer, in seconds.
        policy: number of attempts and waiting times.

    Raises:
        SettingsError: an address or the key is invalid.
    """

    def __init__(
        self,
        model: str,
        *,
        batch: int = 32,
        timeout_s: float = 120.0,
        policy: RetryPolicy | None = None,
    ) -> None:
        addresses, self._model = parse_servers(model)
        key = key_from_environment(*KEY_VARIABLES)
        servers = [
            _Server(
                ServerClient(address, key=key, timeout_s=timeout_s, kind="reranking server"),
                self._model,
            )
            for address in addresses
        ]
        self._pool = ServerPool(servers, slots={"queries": _REQUESTS}, policy=policy or _POLICY)
        self._batch = batch

    @property
    def identity(self) -> RerankerIdentity:
        """Name of the served model, if it was given."""
        return RerankerIdentity(model_id=self._model or self._pool.servers[0].where)

    @property
    def description(self) -> dict[str, str | int]:
        """Properties for `kb doctor`."""
        return {"servers": ", ".join(server.where for server in self._pool.servers)}

    @failing_as(RerankingError)
    def score(self, query: str, passages: Sequence[str], *, task: str = "") -> Scores:  # noqa: ARG002 - servers take none
        """Score passages in [0, 1]; see :meth:`kb.reranking.base.Reranker.score`."""
        found: list[float] = []
        check = checkpoint()
        for start in range(0, len(passages), self._batch):
            check()
            found += self._scored(query, passages[start : start + self._batch])
        scores = np.array(found, dtype=np.float64)
        if len(scores) and not (scores.min() >= 0 and scores.max() <= 1):
            scores = 0.5 * (1 + np.tanh(scores / 2))
        return best_parts(scores.astype(np.float32), range(len(scores)), len(scores))

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
        for server in self._pool.servers:
            server.close()

    def _scored(self, query: str, passages: Sequence[str]) -> list[float]:
        try:
            return self._pool.call("queries", lambda server: _soon(server, query, passages))
        except (BatchTooLargeError, InputTooLongError):
            if len(passages) > 1:
                middle = len(passages) // 2
                first = self._scored(query, passages[:middle])
                return first + self._scored(query, passages[middle:])
            cut = halves(passages[0])
            if cut is None or len(passages[0]) < _SHORTEST:
                raise
            return [max(self._scored(query, [cut[0]]) + self._scored(query, [cut[1]]))]


def _soon(server: _Server, query: str, passages: Sequence[str]) -> list[float]:
    """Return scores; a server that asks for a longer wait than a search allows is given up."""
    try:
        return server.scores(query, passages)
    except UnavailableError as error:
        if error.wait_s is None or error.wait_s <= _LONGEST_REQUESTED_WAIT_S:
            raise
        msg = f"{error} and asks to wait {error.wait_s:.0f} s; try again after that"
        raise RerankingError(msg) from error


class _Server:
    """One server; the first request finds out which of the two protocols it speaks."""

    def __init__(self, client: ServerClient, model: str) -> None:
        self._client = client
        self._model = model
        self._form: str | None = None

    @property
    def where(self) -> str:
        return self._client.where

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        address = self._client.address
        sent = {"query": sendable(query), "model": self._model}
        texts = [sendable(text) for text in passages]
        if self._form != "tei":
            try:
                answer = self._client.post(f"{address.api}/rerank", {**sent, "documents": texts})
                self._form = "jina"
                return _read(answer, len(texts), self.where)
            except AbsentError:
                if self._form == "jina":
                    raise
        answer = self._client.post(f"{address.root}/rerank", {**sent, "texts": texts})
        self._form = "tei"
        return _read(answer, len(texts), self.where)

    def close(self) -> None:
        self._client.close()


def _read(answer: Any, count: int, where: str) -> list[float]:  # noqa: ANN401 - JSON
    """Return scores in the order of the passages.

    Raises:
        RerankingError: the answer does not score every passage once, or a score is not finite. A
            retry would give the same answer.
    """
    listed: Any = answer.get("results") if isinstance(answer, dict) else answer
    found: dict[int, float] = {}
    wrong = ""
    try:
        for each in listed:
            score = each["relevance_score"] if "relevance_score" in each else each["score"]
            at = int(each["index"])
            wrong = wrong or _misplaced(at, found, count)
            found[at] = float("nan") if score is None else float(score)
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        msg = f"the reranking server {where} sent no scores; is it a reranker's address?"
        raise RerankingError(msg) from error
    if not wrong and len(found) != count:
        wrong = f"scored {len(found)} of {count} passages"
    if wrong:
        msg = f"the reranking server {where} {wrong}; nothing of this answer was used"
        raise RerankingError(msg)
    if not all(map(math.isfinite, found.values())):
        msg = f"the reranking server {where} gave a score that is not finite"
        raise RerankingError(msg)
    return [found[at] for at in range(count)]


def _misplaced(at: int, found: Container[int], count: int) -> str:
    if at in found:
        return f"scored passage {at} twice"
    return "" if 0 <= at < count else f"scored passage {at} of {count}, counted from 0"
