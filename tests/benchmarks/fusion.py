"""Choose the weights of fusion by judged queries, with five-fold cross-validation.

    KB_EVAL=FOLDER_OF_SETS python tests/benchmarks/fusion.py [--queries 500]

Each set is searched once by meaning and once by words; then every combination of weights fuses
the two rankings of each query. A fold chooses the combination that is best on the other four
folds: the mean nDCG@10 of the sets, less half of how far the worst set is behind the better of
its two rankings. Printed are what the folds chose and how that does on the queries they did not
see, and the best combinations on all queries beside plain reciprocal rank fusion.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cached_embedder import CachedEmbedder
from platformdirs import user_cache_path

from kb import KnowledgeBase, Settings
from kb.catalog.filters import SearchFilter
from kb.embedding import open_embedder
from kb.evaluation import metrics, runs
from kb.evaluation.judged import JudgedSet, read_set
from kb.search import dense, lexical
from kb.search.fusion import CHOSEN, Weights, fuse
from kb.search.query import parse
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies

FOLDS = 5
CANDIDATES = 50
METRIC = f"ndcg@{metrics.DEPTH}"
GRID = [
    Weights(rank_offset=offset, keyword=keyword, full_coverage=coverage)
    for offset, keyword, coverage in itertools.product((2, 5, 10), (1, 2, 3), (0.3, 0.5))
]
Values = npt.NDArray[np.float64]
Ranking = list[tuple[int, float]]


@dataclass(frozen=True)
class Judged:
    """One query: its two rankings, which documents hold the chunks, and which are wanted."""

    meaning: Ranking
    words: Ranking
    best: float
    documents: dict[int, str]
    wanted: frozenset[str]

    def score(self, ranking: Ranking) -> float:
        """Return nDCG@10 of a ranking of chunks."""
        found = tuple(dict.fromkeys(self.documents[chunk] for chunk, _ in ranking))
        return metrics.score(found, self.wanted)[METRIC]

    def plain(self) -> float:
        """Return nDCG@10 of plain reciprocal rank fusion (offset 60, equal weights)."""
        scores: dict[int, float] = {}
        for ranking in (self.meaning, self.words):
            for rank, (chunk, _) in enumerate(ranking):
                scores[chunk] = scores.get(chunk, 0.0) + 1 / (60 + rank)
        return self.score(sorted(scores.items(), key=lambda item: -item[1]))

    def fused(self, weights: Weights) -> float:
        """Return nDCG@10 of the fusion by some weights."""
        ranking = fuse(self.meaning, self.words, best_keyword_score=self.best, weights=weights)
        return self.score(ranking)


def judged_queries(base: KnowledgeBase, asked: JudgedSet, most: int) -> list[Judged]:
    """Search a set's queries, drawn if there are more than ``most``, in both ways."""
    ids = sorted(asked.queries)
    ids = random.Random(0).sample(ids, min(most, len(ids)))  # noqa: S311 - a benchmark
    info, store, known = base.collection(), base._store, TermFrequencies()
    result = []
    with store.catalog.reading() as state:
        every = list(state.visible_chunk_ids(info.id))
        chunks = state.visible_chunks([info.id], every)
        sources = state.sources_of(chunk.document_id for chunk in chunks.values())
        paths = {key: sources[chunk.document_id][0].path for key, chunk in chunks.items()}
        for name in ids:
            query = parse(asked.queries[name])
            allowed = Restriction(state, info, query, SearchFilter())
            vector = base.embedder.embed_query(query.text)
            words = lexical.weigh(state, info, query, known)
            meaning = dense.nearest(store, info, vector, CANDIDATES, allowed)
            by_words = lexical.nearest(state, info, words, CANDIDATES, allowed)
            result.append(
                Judged(
                    meaning=meaning,
                    words=by_words,
                    best=words.best_score,
                    documents={c: paths[c] for c, _ in (*meaning, *by_words)},
                    wanted=frozenset(asked.relevant[name]),
                )
            )
    return result


def main() -> None:
    """Print what is chosen, how it does, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=500, help="most of each set")
    arguments = parser.parse_args()
    if "KB_EVAL" not in os.environ:
        sys.exit("KB_EVAL must name a folder of judged sets")
    cache = Path(os.environ.get("KB_EVAL_CACHE", user_cache_path("shelfmark") / "eval.sqlite3"))
    embedder = CachedEmbedder(open_embedder(Settings.load()), cache)
    alone: dict[str, Values] = {}  # shape (queries, 2): by meaning, by words
    plain: dict[str, Values] = {}
    tried: dict[str, Values] = {}  # shape (queries, combinations)
    for folder in sorted(Path(os.environ["KB_EVAL"]).iterdir()):
        if not (folder / "qrels.tsv").is_file() or (folder / "spans.tsv").is_file():
            continue  # sets of spans judge chunking
        asked = read_set(folder)
        with runs.ingested(asked, Settings.load(), embedder) as base:
            queries = judged_queries(base, asked, arguments.queries)
        name = folder.name
        alone[name] = np.array([[q.score(q.meaning), q.score(q.words)] for q in queries])
        plain[name] = np.array([q.plain() for q in queries])
        tried[name] = np.array([[q.fused(weights) for weights in GRID] for q in queries])
        print(f"{name}: {len(queries)} queries", flush=True)
    embedder.close()
    report(alone, plain, tried)


def report(alone: dict[str, Values], plain: dict[str, Values], tried: dict[str, Values]) -> None:
    """Print folds and table."""
    held: list[float] = []
    for fold in range(FOLDS):
        inside = {name: np.arange(len(values)) % FOLDS != fold for name, values in tried.items()}
        best = int(np.argmax(worth(alone, tried, inside)))
        outside = [values[~inside[name], best].mean() for name, values in tried.items()]
        held.append(float(np.mean(outside)))
        print(f"fold {fold + 1} chose {_named(GRID[best])}: {held[-1]:.4f} on the others")
    print(f"held out: {np.mean(held):.4f}, standard deviation over the folds {np.std(held):.4f}\n")
    print("| Weights | " + " | ".join(tried) + " | Mean |\n|" + " --- |" * (len(tried) + 2))
    for column, name in enumerate(("by meaning alone", "by words alone")):
        _row(name, [values[:, column].mean() for values in alone.values()])
    _row("plain fusion (offset 60, weight 1)", [values.mean() for values in plain.values()])
    everything = {name: np.ones(len(values), bool) for name, values in tried.items()}
    order = np.argsort(-worth(alone, tried, everything))[:5]
    for at in dict.fromkeys([*order, GRID.index(CHOSEN)]):
        mark = " (taken)" if GRID[at] == CHOSEN else ""
        _row(_named(GRID[at]) + mark, [values[:, at].mean() for values in tried.values()])


def worth(
    alone: dict[str, Values], tried: dict[str, Values], taken: dict[str, npt.NDArray[np.bool_]]
) -> Values:
    """Return what each combination is worth on the queries taken."""
    means = np.array([values[taken[name]].mean(axis=0) for name, values in tried.items()])
    better = np.array([values[taken[name]].mean(axis=0).max() for name, values in alone.items()])
    behind = (better[:, np.newaxis] - means).max(axis=0)
    worths: Values = means.mean(axis=0) - 0.5 * behind
    return worths


def _named(weights: Weights) -> str:
    return (
        f"offset {weights.rank_offset:g}, weight {weights.keyword:g}, "
        f"coverage {weights.full_coverage:g}"
    )


def _row(name: str, means: Sequence[float]) -> None:
    cells = " | ".join(f"{mean:.3f}" for mean in [*means, float(np.mean(means))])
    print(f"| {name} | {cells} |")


if __name__ == "__main__":
    main()
