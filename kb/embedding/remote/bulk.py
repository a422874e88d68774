"""Sends many texts in parallel requests, as large as the servers accept, without truncation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from kb.embedding.remote.plan import plan_requests
from kb.embedding.remote.wire import Answer
from kb.errors import InputTooLongError
from kb.remote.failures import BatchTooLargeError
from kb.stopping import checkpoint

Ask = Callable[[list[str]], Answer]
"""Requests the vectors of texts from a server."""


class BulkRequests:
    """Plans requests and sends them from threads. Thread-safe.

    Args:
        lanes: number of parallel requests.
        batch: most texts of a request; shrinks if a server refuses it.
    """

    def __init__(self, *, lanes: int, batch: int) -> None:
        self._lanes = lanes
        self._batch = batch
        self._workers = ThreadPoolExecutor(lanes, thread_name_prefix="embed")

    def run(
        self,
        texts: list[str],
        least: list[int],
        width: int,
        ask: Ask,
        on_progress: Callable[[int], None] | None,
    ) -> npt.NDArray[np.float32]:
        """Return raw vectors, float32, shape (n, width), in order.

        Args:
            texts: the texts as sent.
            least: lower bound of each text's tokens; 0 if unknown.
            width: width of the vectors.
            ask: requests some of the vectors.
            on_progress: called with the number of newly finished texts.

        Raises:
            InputTooLongError: a text is too long for the server, or the server truncated it.
            EmbeddingError: no server answers, one refuses, or its answer is invalid.
        """
        raw = np.empty((len(texts), width), dtype=np.float32)
        check = checkpoint()

        def run(rows: list[int]) -> None:
            check()
            for done, answer in self._request(texts, rows, least, ask):
                raw[done] = answer.vectors
                if on_progress is not None:
                    on_progress(len(done))

        plan = plan_requests([len(text) for text in texts], lanes=self._lanes, most=self._batch)
        _run_all([self._workers.submit(run, rows) for rows in plan])
        return raw

    def close(self) -> None:
        """Wait for running requests; waiting ones are not sent."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _request(
        self, texts: list[str], rows: list[int], least: list[int], ask: Ask
    ) -> list[tuple[list[int], Answer]]:
        """Return rows with their answers; halve a request that is too large, and send it again."""
        part = [texts[row] for row in rows]
        try:
            answer = ask(part)
        except (BatchTooLargeError, InputTooLongError) as error:
            if len(rows) == 1:
                msg = f"input {rows[0]} of {len(texts)} is too long: {error} (nothing was cut off)"
                raise InputTooLongError(msg) from error
            middle = len(rows) // 2
            if isinstance(error, BatchTooLargeError) and error.by_count:
                self._batch = max(1, min(self._batch, middle))
            halves = (rows[:middle], rows[middle:])
            return [done for half in halves for done in self._request(texts, half, least, ask)]
        fewest = sum(least[row] for row in rows)
        if 0 < answer.tokens < fewest:
            msg = (
                f"the embedding server read {answer.tokens} tokens of {len(rows)} texts that have "
                f"at least {fewest}: it cuts long texts off. Set KB_CONTEXT_TOKENS to its limit; "
                "nothing of this answer was used"
            )
            raise InputTooLongError(msg)
        return [(rows, answer)]


def _run_all(futures: Sequence[Future[None]]) -> None:
    try:
        for future in futures:
            future.result()
    finally:
        for future in futures:
            future.cancel()
