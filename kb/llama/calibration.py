"""Chooses how a processor's cores share the work of a model, by measuring, and remembers it.

What is measured is work that has to be done anyway: the first large calls of a bulk take the
candidates in turn. The answer holds for one processor, number of cores, build and model.
"""

from __future__ import annotations

import json
import logging
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from kb.drafts import draft

_log = logging.getLogger(__name__)

ROUNDS = 3
LEAST_TEXTS = 16
LEAST_TOKENS = 2_000
"""A smaller call says little: texts of a call end at different times, and cores then idle."""

CLEARLY = 1.1
"""How much faster than the default a candidate must be, in its median, to be chosen. Other work
on the machine disturbs a measurement by about as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """``contexts`` texts are computed at the same time, by ``threads`` threads each."""

    contexts: int
    threads: int


def candidates(cores: int) -> list[Setup]:
    """Return the setups worth trying on so many cores, the default first.

    One thread a text leaves no thread waiting for another, but where two cores share an
    arithmetic unit or the weights do not fit into the cache, half as many texts may be faster.
    """
    half = cores // 2
    found = [(cores, 1)] + ([(half, 2), (half, 1)] if half > 1 else [(1, cores)])
    return [Setup(contexts=contexts, threads=threads) for contexts, threads in found]


class Calibration:
    """Says how to set a call up, learns how fast it was, and decides after a few of them.

    Used by one thread at a time.

    Args:
        file: where decisions are kept, of all models and processors; made when needed. One that
            is damaged or cannot be written costs measuring again.
        model: fingerprint of the weights.
        build: what llama.cpp says it was built with.
        cores: how many this process may use.
    """

    def __init__(self, file: Path, *, model: str, build: str, cores: int) -> None:
        self._file = file
        self._key = f"{processor()} | {cores} cores | {build} | {model}"
        self._candidates = candidates(cores)
        self._rates: dict[Setup, list[float]] = {setup: [] for setup in self._candidates}
        self._calls = 0
        self.chosen = self._remembered()

    @property
    def default(self) -> Setup:
        """What is taken where nothing was measured yet."""
        return self._candidates[0]

    def next(self, texts: int, tokens: int) -> Setup | None:
        """Return what to measure with a call of this size; None if nothing."""
        if self.chosen is not None or texts < LEAST_TEXTS or tokens < LEAST_TOKENS:
            return None
        return self._candidates[self._calls % len(self._candidates)]

    def learn(self, setup: Setup, tokens: int, seconds: float) -> None:
        """Take note of a call; after the last one :attr:`chosen` is there, and remembered."""
        self._rates[setup].append(tokens / seconds)
        self._calls += 1
        if self._calls < ROUNDS * len(self._candidates):
            return
        medians = {each: statistics.median(rates) for each, rates in self._rates.items()}
        best = max(medians, key=medians.__getitem__)
        clear = medians[best] >= CLEARLY * medians[self.default]
        self.chosen = best if clear else self.default
        _log.info("measured %s; chose %s", medians, self.chosen)
        self._remember(medians)

    def _remembered(self) -> Setup | None:
        try:
            found = _read(self._file)[self._key]
            wanted = (found["contexts"], found["threads"])
        except (KeyError, TypeError):
            return None
        of_that_shape = [s for s in self._candidates if (s.contexts, s.threads) == wanted]
        return of_that_shape[0] if of_that_shape else None

    def _remember(self, medians: dict[Setup, float]) -> None:
        if self.chosen is None:
            return
        known = _read(self._file)
        known[self._key] = asdict(self.chosen) | {
            "tokens_per_s": {f"{s.contexts}x{s.threads}": round(r) for s, r in medians.items()}
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with draft(self._file) as part:
                part.write_text(json.dumps(known, indent=1), "utf-8")
        except OSError as error:
            _log.warning("%s cannot be written, so it is measured again: %s", self._file, error)


def _read(file: Path) -> dict[str, dict[str, object]]:
    try:
        known = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def processor() -> str:
    """Return the processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
