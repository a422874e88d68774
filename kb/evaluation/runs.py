"""Runs the queries of a judged set through a knowledge base, and reports the results."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kb.embedding.base import Embedder
from kb.errors import InputTooLongError, SettingsError
from kb.evaluation import metrics
from kb.evaluation.judged import JudgedSet
from kb.evaluation.scratch import scratch_folder
from kb.knowledge_base import KnowledgeBase
from kb.records import Document, SearchMode
from kb.settings import Settings

MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")
_WORST = 10
# Up to this size all vectors of a set are compared: faster than building an index, and exact.
_MOST_COMPARED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """One query of a run: the found documents, best first, and its metrics by name."""

    id: str
    query: str
    expected: tuple[str, ...]
    found: tuple[str, ...]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A judged set searched in one mode.

    Latencies are those of whole queries, in milliseconds; a query asks for as many passages as
    documents are judged. ``fingerprint`` is the set's. ``own`` says that the
    set is the own questions of the collection ``set_name``. ``changed`` holds the settings that
    differed from those in force.
    """

    set_name: str
    mode: str
    documents: int
    latency_p50_ms: float
    latency_p95_ms: float
    queries: tuple[QueryResult, ...]
    fingerprint: str = ""
    own: bool = False
    changed: Mapping[str, str] = field(default_factory=dict)

    def values(self, metric: str) -> list[float]:
        """Return one metric for every query, in the order of the queries."""
        return [result.scores[metric] for result in self.queries]

    def means(self) -> dict[str, tuple[float, tuple[float, float]]]:
        """Return the mean of each metric with its 95% interval."""
        names = self.queries[0].scores if self.queries else ()
        return {
            name: (float(np.mean(self.values(name))), metrics.interval(self.values(name)))
            for name in names
        }

    def worst(self, count: int = _WORST) -> list[QueryResult]:
        """Return the queries with the lowest nDCG, worst first, without perfect ones."""
        by_score = sorted(self.queries, key=lambda item: item.scores[f"ndcg@{metrics.DEPTH}"])
        return [item for item in by_score if item.scores[f"ndcg@{metrics.DEPTH}"] < 1][:count]


@contextmanager
def ingested(
    judged: JudgedSet,
    settings: Settings,
    embedder: Embedder | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[KnowledgeBase]:
    """Yield a knowledge base in a temporary folder with the set's documents.

    It reads models from the settings' own folder and writes nothing there. ``on_progress`` is
    called with the number of finished documents and the total.
    """
    with scratch_base(settings, embedder, documents=len(judged.documents)) as base:
        for done, item in enumerate(judged.documents, start=1):
            base.add(Document.from_text(item.text, title=item.title), name=item.id)
            if on_progress is not None:
                on_progress(done, len(judged.documents))
        if base.settings.sentences:
            base.refine()
        yield base


@contextmanager
def scratch_base(
    settings: Settings, embedder: Embedder | None, *, documents: int
) -> Iterator[KnowledgeBase]:
    """Yield an empty knowledge base in a temporary folder, for this number of documents.

    Without an embedder it loads the settings' model, from the settings' own folder.
    """
    with scratch_folder() as folder:
        scratch = settings.model_copy(
            update={
                "data_dir": folder,
                "collection": "eval",
                # Never a server: temporary data does not belong there.
                "vector_store": "exact" if documents <= _MOST_COMPARED else "chroma",
            }
        )
        with (
            _embedder(settings, embedder) as model,
            KnowledgeBase.open(scratch, embedder=model) as base,
        ):
            yield base


def run(base: KnowledgeBase, judged: JudgedSet, *, mode: SearchMode, top_k: int = 10) -> Run:
    """Search every query of a set; documents rank by their best passage.

    Raises:
        InputTooLongError: a query exceeds the model's limit.
    """
    results = []
    seconds = []
    depth = min(max(top_k, metrics.DEPTH), len(judged.documents))
    for query_id, text in judged.queries.items():
        try:
            found, second = _documents(base, text, mode, depth, judged.relevant[query_id])
        except InputTooLongError as error:
            msg = f"query {query_id!r} of {judged.name}: {error}"
            raise InputTooLongError(msg) from error
        seconds.append(second)
        expected = judged.relevant[query_id]
        results.append(
            QueryResult(
                id=query_id,
                query=text,
                expected=tuple(sorted(expected)),
                found=found[:top_k],
                scores=metrics.score(found, expected),
            )
        )
    p50, p95 = (float(np.quantile(seconds, share)) * 1000 for share in (0.5, 0.95))
    return Run(
        set_name=judged.name,
        mode=mode,
        documents=len(judged.documents),
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        queries=tuple(results),
        fingerprint=judged.fingerprint,
    )


def _documents(
    base: KnowledgeBase, text: str, mode: SearchMode, depth: int, wanted: frozenset[str]
) -> tuple[tuple[str, ...], float]:
    """Return the found documents, best first, and the time of the first search in seconds.

    Documents of many chunks may take all the first ranks. Then it asks for more passages, until it
    has ``depth`` documents, or all the ``wanted`` ones: later ranks do not count.
    """
    asked = depth
    started = time.perf_counter()
    hits = base.search(text, mode=mode, top_k=asked, highlights="none")
    seconds = time.perf_counter() - started
    while True:
        # A hit whose passage occurs in several documents counts for all of them.
        found = tuple(dict.fromkeys(source.path for hit in hits for source in hit.sources))
        if len(found) >= depth or wanted <= set(found) or len(hits) < asked:
            return found, seconds
        asked *= 4
        hits = base.search(text, mode=mode, top_k=asked, highlights="none")


def save(runs: Sequence[Run], path: Path) -> None:
    """Write runs to a file for comparison with later runs.

    Raises:
        SettingsError: the file cannot be written.
    """
    try:
        path.write_text(json.dumps([asdict(item) for item in runs], ensure_ascii=False))
    except OSError as error:
        msg = f"cannot write {path}: {error}; give another file to --save"
        raise SettingsError(msg) from error


def load(path: Path) -> list[Run]:
    """Read runs that :func:`save` has written.

    Raises:
        SettingsError: the file has another format.
    """
    try:
        return [
            Run(**{**item, "queries": tuple(map(_result, item["queries"]))})
            for item in json.loads(path.read_text())
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        msg = f"{path} is not a saved run: {error}; make one with `kb eval SET_DIR --save FILE`"
        raise SettingsError(msg) from error


def _result(item: Mapping[str, Any]) -> QueryResult:
    lists = {name: tuple(item[name]) for name in ("expected", "found")}
    return QueryResult(**{**item, **lists})


def compare(one: Run, other: Run, metric: str) -> tuple[float, tuple[float, float], float]:
    """Compare two runs over their common queries; return (difference, its interval, p).

    Raises:
        SettingsError: the runs have different sets or no common query, or lack the metric.
    """
    same = one.fingerprint == other.fingerprint if one.fingerprint and other.fingerprint else True
    if not same or one.set_name != other.set_name:
        msg = (
            f"the runs are of different sets ({one.set_name}, {other.set_name}) or the set has "
            "changed since: run the one again that is saved"
        )
        raise SettingsError(msg)
    if not all(metric in result.scores for each in (one, other) for result in each.queries):
        msg = f"a saved run of {one.set_name} has no {metric}; run it again with --save"
        raise SettingsError(msg)
    mine = {result.id: result.scores[metric] for result in one.queries}
    theirs = {result.id: result.scores[metric] for result in other.queries}
    shared = [key for key in mine if key in theirs]
    if not shared:
        msg = f"the runs of {one.set_name} and {other.set_name} have no query in common"
        raise SettingsError(msg)
    return metrics.paired([mine[key] for key in shared], [theirs[key] for key in shared])


@contextmanager
def _embedder(settings: Settings, given: Embedder | None) -> Iterator[Embedder]:
    if given is not None:
        yield given
        return
    from kb.embedding import open_embedder  # noqa: PLC0415 - llama.cpp takes a second to load

    opened = open_embedder(settings)
    try:
        yield opened
    finally:
        opened.close()
