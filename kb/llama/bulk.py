"""Computes many texts: plans calls, spreads them over contexts, and measures their speed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import numpy as np
import numpy.typing as npt

from kb.errors import OutOfMemoryError
from kb.llama.calibration import Calibration, Setup
from kb.llama.context import Context
from kb.llama.pool import ContextPool
from kb.llama.tokens import Tokens
from kb.stopping import checkpoint

_log = logging.getLogger(__name__)

_AHEAD = 1  # calls that a request keeps ready, so that no context waits for work
_LOOK_S = 0.25
"""Seconds between two checks whether a waiting request is still wanted."""


class Bulk:
    """Runs the calls for many texts in parallel. Thread-safe.

    Args:
        pool: lends contexts.
        width: width of the model's vectors.
        threads: highest number of parallel calls.
        calibration: chooses the number of contexts and of their threads; None if there is no
            choice.
        make: creates the contexts of a setup.
    """

    def __init__(
        self,
        pool: ContextPool,
        *,
        width: int,
        threads: int,
        calibration: Calibration | None,
        make: Callable[[Setup], Sequence[Context]],
    ) -> None:
        self._pool = pool
        self._width = width
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="embed")
        self._calibration = calibration
        self._make = make
        self._mutex = threading.Lock()
        self._running = 0
        self._alone = True
        self._ready = _Counter()  # calls of all requests that no thread has taken yet

    @property
    def chosen_by(self) -> str:
        """Says why the contexts and threads have their number."""
        if self._calibration is None:
            return "rule"
        return "measuring" if self._calibration.chosen else "rule, until a bulk has measured it"

    def run(
        self,
        texts: Sequence[Tokens],
        on_progress: Callable[[int], None] | None,
        *,
        short: bool = False,
    ) -> npt.NDArray[np.float32]:
        """Return the vectors of all texts, float32, shape (n, width), not unit length, in order.

        ``short`` lets short texts share calls even where every text would otherwise have its own.
        Their vectors then differ in the fourth digit, depending on the texts in the same call.
        """
        setup = self._enter(len(texts), sum(map(len, texts)))
        began = time.perf_counter()
        try:
            vectors = self._compute(texts, on_progress, short=short)
        except BaseException:
            self._leave(None, 0, 0.0)
            raise
        self._leave(setup, sum(map(len, texts)), time.perf_counter() - began)
        return vectors

    def close(self) -> None:
        """Wait for running work."""
        self._workers.shutdown(wait=True)

    def _enter(self, texts: int, tokens: int) -> Setup | None:
        """Start a request; return the setup to measure with its texts, if any."""
        with self._mutex:
            self._running += 1
            self._alone = self._running == 1
            if self._calibration is None:
                return None
            setup = self._calibration.next(texts, tokens) if self._alone else None
            if setup is not None and self._arrange(setup):
                return setup
            # The setup measured last may have a single context, too few for many requests.
            self._arrange(self._calibration.chosen or self._calibration.default)
            return None

    def _leave(self, setup: Setup | None, tokens: int, seconds: float) -> None:
        with self._mutex:
            self._running -= 1
            # The time of a call that ran beside others tells nothing about its setup.
            if self._calibration is None or setup is None or not self._alone:
                return
            self._calibration.learn(setup, tokens, seconds)
            if self._calibration.chosen is not None:
                self._arrange(self._calibration.chosen)

    def _arrange(self, setup: Setup) -> bool:
        present = self._pool.any()
        if (self._pool.size, present.threads) == (setup.contexts, setup.threads):
            return True
        try:
            self._pool.replace(lambda: self._make(setup))
        except OutOfMemoryError as error:
            _log.warning("%s is not tried: %s", setup, error)
            return False
        return True

    def _compute(
        self, texts: Sequence[Tokens], on_progress: Callable[[int], None] | None, *, short: bool
    ) -> npt.NDArray[np.float32]:
        raw = np.empty((len(texts), self._width), dtype=np.float32)
        check = checkpoint()

        def run(rows: list[int], left: int) -> None:
            calls = max(left, self._ready.value)
            self._ready.add(-1)
            check()
            with self._pool.borrow(calls=calls) as context:
                raw[rows] = encode(context, [texts[row] for row in rows])
            if on_progress is not None:
                on_progress(len(rows))

        planned = list(_planned([len(s) for s in texts], self._pool.any(), short=short))
        # A few calls at a time, so that calls of other requests can come between them.
        most = self._pool.size + _AHEAD
        waiting: set[Future[None]] = set()
        try:
            for at, rows in enumerate(planned):
                if len(waiting) >= most:
                    waiting = _some_done(waiting, check)
                self._ready.add(1)
                waiting.add(self._workers.submit(run, rows, len(planned) - at))
            while waiting:
                waiting = _some_done(waiting, check)
        finally:
            for future in waiting:
                if future.cancel():
                    self._ready.add(-1)
        return raw


class _Counter:
    """A number that several threads change."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self.value = 0

    def add(self, more: int) -> None:
        """Add to the number."""
        with self._mutex:
            self.value += more


def _some_done(waiting: set[Future[None]], check: Callable[[], None]) -> set[Future[None]]:
    """Wait until a call has ended; return the running ones. An error of a call passes through."""
    done: set[Future[None]] = set()
    while not done:
        done, left = wait(waiting, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        check()
    for future in done:
        future.result()
    return left


def encode(context: Context, texts: list[Tokens]) -> npt.NDArray[np.float32]:
    """Encode in one call, or in smaller ones if memory runs out; vectors are not unit length."""
    try:
        return context.encode(texts)
    except OutOfMemoryError as error:
        if len(texts) == 1:
            raise
        _log.warning("%d texts are embedded in two calls instead of one: %s", len(texts), error)
    half = len(texts) // 2
    return np.vstack([encode(context, texts[:half]), encode(context, texts[half:])])


def _planned(lengths: Sequence[int], context: Context, *, short: bool) -> Iterator[list[int]]:
    if not context.n_packed:
        return plan_calls(lengths, context.n_ubatch, context.n_seq)
    if short:
        return plan_calls(lengths, context.n_packed, context.n_seq)
    return plan_calls(lengths, context.n_ubatch, 1)


def plan_calls(lengths: Sequence[int], n_batch: int, n_seq: int) -> Iterator[list[int]]:
    """Group rows into calls of at most ``n_batch`` tokens and ``n_seq`` sequences.

    A row longer than ``n_batch`` becomes a call of its own. The longest rows come first: texts of
    similar length share a call, and no long text keeps a single core busy at the end.
    """
    rows: list[int] = []
    tokens = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if rows and (tokens + lengths[row] > n_batch or len(rows) == n_seq):
            yield rows
            rows, tokens = [], 0
        rows.append(row)
        tokens += lengths[row]
    if rows:
        yield rows
