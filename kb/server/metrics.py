"""The server's metrics in Prometheus's text format.

The module needs only counters, gauges and histograms. Their format takes a few lines (version 0.0.4
of "Exposition formats" in Prometheus's documentation), so it uses no library.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

PREFIX = "shelfmark_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Kind = Literal["counter", "gauge", "histogram"]
_Labels = tuple[tuple[str, str], ...]

_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WINDOW_S = 60

Samples = float | Iterable[tuple[Mapping[str, str], float]]
"""A number, or numbers with labels."""


class _Metric(NamedTuple):
    kind: _Kind
    help: str


_METRICS = {
    "requests_total": _Metric("counter", "Requests answered, by route, method and status."),
    "request_seconds": _Metric("histogram", "Seconds from a request's headers to its answer."),
    "requests_under_way": _Metric("gauge", "Requests that have no answer yet."),
    "received_bytes_total": _Metric("counter", "Bytes of bodies received."),
    "sent_bytes_total": _Metric("counter", "Bytes of bodies sent."),
    "tokens_total": _Metric("counter", "Tokens of texts whose vectors were asked for."),
    "model_tokens_total": _Metric(
        "counter", "Tokens that the model of this process has read, for searches and uploads, too."
    ),
    "tokens_per_second": _Metric(
        "gauge", f"Tokens read by the model a second, in the last {_WINDOW_S} seconds."
    ),
    "windowed_texts_total": _Metric(
        "counter", "Texts longer than the model reads, embedded in windows."
    ),
    "windows_total": _Metric("counter", "Windows of texts longer than the model reads."),
    "queue_texts": _Metric("gauge", "Texts that wait for their turn at the model."),
    "queue_bytes": _Metric("gauge", "Bytes of the texts that wait."),
    "jobs": _Metric("gauge", "Jobs of ingestion that are remembered, by state."),
    "collections": _Metric("gauge", "Collections."),
    "documents": _Metric("gauge", "Documents that can be found."),
    "chunks": _Metric("gauge", "Chunks that can be found."),
    "refined_chunks": _Metric("gauge", "Chunks whose sentences have vectors."),
    "store_bytes": _Metric("gauge", "Bytes of the store's files on this machine."),
    "resident_bytes": _Metric("gauge", "Memory of this process."),
    "started_seconds": _Metric("gauge", "When the server began, in seconds since 1970."),
}
"""All metrics in their order of output."""


class Metrics:
    """Metrics of one server. Thread-safe.

    Attributes:
        paced_by: the counter whose rate is ``tokens_per_second``.
    """

    def __init__(self) -> None:
        self.paced_by = "tokens_total"
        self._mutex = threading.Lock()
        self._counts: dict[str, defaultdict[_Labels, float]] = defaultdict(
            lambda: defaultdict(float)
        )
        self._times: defaultdict[_Labels, _Times] = defaultdict(_Times)
        self._watched: dict[str, Callable[[], Samples]] = {}
        self._recent = _Recent()
        started = time.time()
        self.watch("started_seconds", lambda: started)
        self.watch("tokens_per_second", self._recent.rate)

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter or gauge; ``amount`` may be negative for a gauge."""
        key = _labels(name, labels)
        with self._mutex:
            self._counts[name][key] += amount
        if name == self.paced_by:
            self._recent.add(amount)

    def took(self, seconds: float, **labels: str) -> None:
        """Record the duration of a request."""
        key = _labels("request_seconds", labels)
        with self._mutex:
            self._times[key].add(seconds)

    def watch(self, name: str, read: Callable[[], Samples]) -> None:
        """Call ``read`` for every output of the metrics; it may take a moment."""
        _labels(name, {})
        self._watched[name] = read

    def text(self) -> str:
        """Return all metrics in Prometheus's format."""
        read = {name: list(_samples(watched())) for name, watched in self._watched.items()}
        with self._mutex:
            for name, counted in self._counts.items():
                read[name] = [(dict(labels), value) for labels, value in counted.items()]
            times = [line for labels, each in self._times.items() for line in each.lines(labels)]
        lines: list[str] = []
        for name, (kind, said) in _METRICS.items():
            told = (
                times
                if kind == "histogram"
                else [
                    _line(name, tuple(labels.items()), value)
                    for labels, value in read.get(name, ())
                ]
            )
            if told:
                lines += [f"# HELP {PREFIX}{name} {said}", f"# TYPE {PREFIX}{name} {kind}", *told]
        return "\n".join([*lines, ""])


class _Times:
    """A histogram of durations of requests."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS_S) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(_BOUNDS_S, seconds)] += 1
        self._sum += seconds

    def lines(self, labels: _Labels) -> list[str]:
        lines, total = [], 0
        for bound, count in zip((*_BOUNDS_S, float("inf")), self._counts, strict=True):
            total += count
            lines.append(_line("request_seconds_bucket", (*labels, ("le", _number(bound))), total))
        lines.append(_line("request_seconds_sum", labels, self._sum))
        lines.append(_line("request_seconds_count", labels, total))
        return lines


class _Recent:
    """Counts of the last seconds."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._seconds: deque[tuple[int, float]] = deque(maxlen=_WINDOW_S)

    def add(self, amount: float) -> None:
        now = int(time.monotonic())
        with self._mutex:
            if self._seconds and self._seconds[-1][0] == now:
                amount += self._seconds.pop()[1]
            self._seconds.append((now, amount))

    def rate(self) -> float:
        oldest = int(time.monotonic()) - _WINDOW_S
        with self._mutex:
            return sum(amount for second, amount in self._seconds if second > oldest) / _WINDOW_S


def _labels(name: str, labels: Mapping[str, str]) -> _Labels:
    if name not in _METRICS:
        raise KeyError(name)
    return tuple(sorted(labels.items()))


def _samples(value: Samples) -> Sequence[tuple[Mapping[str, str], float]]:
    return [({}, value)] if isinstance(value, int | float) else list(value)


def _line(name: str, labels: _Labels, value: float) -> str:
    written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{PREFIX}{name}{f'{{{written}}}' if written else ''} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))
