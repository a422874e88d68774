"""What the scores of a search mean: fit them to judged queries, families of sets left out.

    KB_EVAL=FOLDER_OF_SETS python tests/benchmarks/calibration.py

Reads the arrays that ``tests/benchmarks/fusion.py --make`` wrote. Each query counts twice: as it
is, and with half the weight with its answers taken out. Printed is the last table of
docs/search.md, every line fitted without the set's family, then the numbers for
``kb/search/calibration.py``, fitted on all sets.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from judged_index import JudgedIndex, load
from platformdirs import user_cache_path
from ranking import NONE, Way, ranks, scores_of

from kb import Settings
from kb.embedding import open_embedder
from kb.languages.neutral import ModelMeans
from kb.languages.shipped import shipped_means

FIRST, FIFTH, TENTH = 5, 4, 10
WITHOUT_ANSWER = 0.5
RIDGE = 1e-6
ROUNDS = 40

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Hits:
    """The first hits of the queries of a set: scores, how far ahead they are, which answer."""

    scores: Values
    leads: Values
    right: npt.NDArray[np.bool_]

    @property
    def features(self) -> Values:
        """Shape (queries, hits, 3): what the logarithm of the odds is a sum of."""
        return np.stack([np.ones_like(self.scores), self.scores, self.leads], axis=-1)


def main() -> None:
    """Print the table and the numbers."""
    if "KB_EVAL" not in os.environ:
        sys.exit("KB_EVAL must name a folder of judged sets")
    cache = Path(os.environ.get("KB_EVAL_CACHE", user_cache_path("shelfmark") / "eval.sqlite3"))
    folders = sorted(Path(os.environ["KB_EVAL"]).iterdir())
    known = [each for each in folders if (cache.parent / f"{each.name}.npz").is_file()]
    embedder = open_embedder(Settings.load())
    means = shipped_means(embedder.identity.fingerprint) or ModelMeans()
    embedder.close()
    sets = {each.name: load(each, cache.parent) for each in known}
    ways: tuple[Literal["now", "meaning", "words"], ...] = ("now", "meaning", "words")
    for fusion in ways:
        pairs, usual = _pairs(sets, means, Way(fusion=fusion))
        if fusion == "now":
            _table(pairs)
        base, score, lead = _fitted(pairs, list(pairs))
        print(f"{fusion}: {base:.1f}, {score:.1f} score, {lead:.1f} lead, usual {usual:.2f}")


def _pairs(
    sets: dict[str, JudgedIndex], means: ModelMeans, way: Way
) -> tuple[dict[str, tuple[Hits, Hits]], float]:
    """Return each set's hits, as they are and without answers, and the usual score behind them."""
    scored = {}
    for name, index in sets.items():
        found = ranks(index, scores_of(index, means, way), way)
        right = np.array(
            [
                [row >= 0 and index.documents[row] in wanted for row in rows]
                for rows, wanted in zip(found.rows, index.relevant, strict=True)
            ]
        )
        # In a search by words scores are shares of the most that there could be.
        scores = found.scores
        if way.fusion == "words":
            best = np.maximum(index.words.best[:, np.newaxis], RIDGE)
            scores = np.where(scores > NONE, np.minimum(1.0, scores / best), NONE)
        scored[name] = (scores, right)
    behind = []
    for scores, _ in scored.values():
        later = -np.sort(-scores, axis=1)[:, FIFTH:TENTH]
        if (later > NONE).any():
            behind.append(later[later > NONE].mean())
    usual = float(np.mean(behind))
    return {
        name: (
            _hits(scores, right, usual),
            _hits(np.where(right, NONE, scores), np.zeros_like(right), usual),
        )
        for name, (scores, right) in scored.items()
    }, usual


def _hits(scores: Values, right: npt.NDArray[np.bool_], usual: float) -> Hits:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :TENTH]
    first = np.take_along_axis(scores, order, 1)
    later = np.where(first > NONE, first, usual)[:, FIFTH:].mean(axis=1, keepdims=True)
    answers = np.take_along_axis(right, order, 1)
    return Hits(scores=first[:, :FIRST], leads=(first - later)[:, :FIRST], right=answers[:, :FIRST])


def _table(pairs: dict[str, tuple[Hits, Hits]]) -> None:
    print("| Set | First hit: said | is | Answered: kept at 0.2 | 0.5 | Declined at 0.2 | 0.5 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, (asked, without) in pairs.items():
        others = [each for each in pairs if _family(each) != _family(name)]
        weights = _fitted(pairs, others or list(pairs))
        said, unanswered = (_logistic(each.features[:, 0] @ weights) for each in (asked, without))
        right = asked.right[:, 0]
        kept = [f"{(said[right] >= least).mean():.2f}" for least in (0.2, 0.5)]
        declined = [f"{(unanswered < least).mean():.2f}" for least in (0.2, 0.5)]
        cells = [f"{said.mean():.2f}", f"{right.mean():.2f}", *kept, *declined]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _fitted(pairs: dict[str, tuple[Hits, Hits]], names: Sequence[str]) -> Values:
    """Fit a logistic regression, each family of sets counting once."""
    families = Counter(_family(name) for name in names)
    features, right, weights = [], [], []
    for name in names:
        for hits, share in zip(pairs[name], (1.0, WITHOUT_ANSWER), strict=True):
            there = hits.scores > NONE
            features.append(hits.features[there])
            right.append(hits.right[there])
            count = max(1, int(there.sum()))
            weights.append(np.full(there.sum(), share / count / families[_family(name)]))
    x, y, w = (np.concatenate(each) for each in (features, right, weights))
    fitted = np.zeros(x.shape[1])
    for _ in range(ROUNDS):  # Newton's method
        said = _logistic(x @ fitted)
        slope = x.T @ (w * (said - y))
        curve = (x * (w * said * (1 - said))[:, np.newaxis]).T @ x
        fitted = fitted - np.linalg.solve(curve + RIDGE * np.eye(len(fitted)), slope)
    return np.asarray(fitted)


def _logistic(values: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-values)))


def _family(name: str) -> str:
    return name.partition("-")[0]


if __name__ == "__main__":
    main()
