"""Measures how a processor's cores best share a model's work, and remembers the result.

It measures real work: the first large calls of a bulk try the candidates in turn. The result holds
for one processor, number of cores, build and model.
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
"""Fewest tokens of a measured call: texts of a call end at different times, and cores then idle."""

CLEARLY = 1.1
"""Lead over the default, as a ratio of medians, that a candidate needs to be chosen.

Other work on the machine disturbs a measurement by about as much.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """``contexts`` texts are computed in parallel, with ``threads`` threads each."""

    contexts: int
    threads: int


def candidates(cores: int) -> list[Setup]:
    """Return the setups worth trying on this number of cores, the default first.

    With one thread for each text, no thread waits for another. Half as many texts may still be
    faster where two cores share an arithmetic unit, or where the weights exceed the cache.
    """
    half = cores // 2
    found = [(cores, 1)] + ([(half, 2), (half, 1)] if half > 1 else [(1, cores)])
    return [Setup(contexts=contexts, threads=threads) for contexts, threads in found]


class Calibration:
    """Proposes setups, learns how fast each call was, and decides after a few calls.

    Not thread-safe.

    Args:
        file: file of decisions for all models and processors, created when needed. If it is damaged
            or read-only, the next process measures again.
        model: fingerprint of the weights.
        build: llama.cpp's description of its build.
        cores: number of cores that this process may use.
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
        """The setup for the time before any measurement."""
        return self._candidates[0]

    def next(self, texts: int, tokens: int) -> Setup | None:
        """Return the setup to measure with a call of this size; None for no measurement."""
        if self.chosen is not None or texts < LEAST_TEXTS or tokens < LEAST_TOKENS:
            return None
        return self._candidates[self._calls % len(self._candidates)]

    def learn(self, setup: Setup, tokens: int, seconds: float) -> None:
        """Record the time of a call; the last one sets :attr:`chosen` and saves it."""
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
