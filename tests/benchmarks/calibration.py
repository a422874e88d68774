"""What the scores of a search mean: fit them to judged queries, families of sets left out.

    KB_EVAL=FOLDER_OF_SETS python tests/benchmarks/calibration.py [SET …]

Reads the arrays that ``tests/benchmarks/fusion.py --make`` wrote. Each query counts twice: as it
is, and with half the weight with its answers taken out. Of the sets of ``manuals.py`` each page is
one document. Printed are the last tables of docs/ranking.md for all sets, every line fitted without
the set's family; then the numbers for ``kb/search/calibration.py``. Both are fitted on the sets
that are named, or on all.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from judged_index import JudgedIndex, by_page, load
from platformdirs import user_cache_path
from ranking import NONE, Ranks, Way, foreign_languages, ranks, scores_of

from kb import Settings
from kb.embedding import open_embedder
from kb.evaluation.judged import read_set
from kb.languages.neutral import ModelMeans
from kb.languages.queries import query_languages
from kb.languages.shipped import shipped_means
from kb.search.calibration import rivals_of

FIRST, FIFTH, TENTH = 5, 4, 10
WITHOUT_ANSWER = 0.5
RIDGE = 1e-4
ROUNDS = 40
LEAST = (0.05, 0.1, 0.15, 0.2, 0.5)
BINS = np.linspace(0, 1, 6)

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Hits:
    """The first hits of the queries of a set: scores, what they are compared with, which answer.

    ``rivals`` has shape (queries, 10) and ``foreign``, the share that is in other languages than
    the query, (queries,).
    """

    scores: Values
    rivals: Values
    foreign: Values
    right: Flags

    @property
    def features(self) -> Values:
        """Shape (queries, hits, 6): what the logarithm of the odds is a sum of."""
        second, others = self.rivals[:, 1:2], self.rivals[:, FIFTH:].mean(axis=1, keepdims=True)
        foreign = np.broadcast_to(self.foreign[:, np.newaxis], self.scores.shape)
        return np.stack(
            [
                np.ones_like(self.scores),
                self.scores,
                self.scores - second,
                self.scores - others,
                foreign,
                foreign * (self.scores - second),
            ],
            axis=-1,
        )


Pairs = Mapping[str, tuple[Hits, Hits]]
"""Of each set: the hits as they are, and without answers."""


def main() -> None:
    """Print the tables and the numbers."""
    if "KB_EVAL" not in os.environ:
        sys.exit("KB_EVAL must name a folder of judged sets")
    cache = Path(os.environ.get("KB_EVAL_CACHE", user_cache_path("shelfmark") / "eval.sqlite3"))
    folders = sorted(Path(os.environ["KB_EVAL"]).iterdir())
    known = [each for each in folders if (cache.parent / f"{each.name}.npz").is_file()]
    embedder = open_embedder(Settings.load())
    means = shipped_means(embedder.identity.fingerprint) or ModelMeans()
    embedder.close()
    sets = {each.name: _read(each, cache.parent) for each in known}
    fitted_on = sys.argv[1:] or list(sets)
    ways: tuple[Literal["now", "meaning", "words"], ...] = ("now", "meaning", "words")
    for fusion in ways:
        usual = _usual(sets, fitted_on, means, Way(fusion=fusion))
        pairs = {
            name: _pair(index, *_found(index, means, Way(fusion=fusion)), usual)
            for name, index in sets.items()
        }
        if fusion == "now":
            _tables(pairs, fitted_on)
        numbers = ", ".join(f"{each:.1f}" for each in _fitted(pairs, fitted_on))
        print(f"{fusion}: base, score, margin, lead, foreign, foreign margin = {numbers}")
        print(f"{fusion}: usual {usual:.2f}")


def _read(folder: Path, cache: Path) -> JudgedIndex:
    index = load(folder, cache)
    return by_page(index, read_set(folder)) if _family(folder.name) == "man" else index


def _usual(
    sets: Mapping[str, JudgedIndex], names: Sequence[str], means: ModelMeans, way: Way
) -> float:
    """Return the usual score behind the first few, each family of sets counting once."""
    behind: dict[str, list[float]] = {}
    for name in names:
        later = -np.sort(-_found(sets[name], means, way)[0], axis=1)[:, FIFTH:TENTH]
        if (later > NONE).any():
            behind.setdefault(_family(name), []).append(float(later[later > NONE].mean()))
    return float(np.mean([np.mean(each) for each in behind.values()]))


def _found(index: JudgedIndex, means: ModelMeans, way: Way) -> tuple[Values, Ranks]:
    """Return the scores and what they are of; in a search by words, shares of the most."""
    found = ranks(index, scores_of(index, means, way), way)
    if way.fusion != "words":
        return found.scores, found
    best = np.maximum(index.words.best[:, np.newaxis], RIDGE)
    return np.where(found.scores > NONE, np.minimum(1.0, found.scores / best), NONE), found


def _pair(index: JudgedIndex, scores: Values, found: Ranks, usual: float) -> tuple[Hits, Hits]:
    right = np.array(
        [
            [row >= 0 and index.documents[row] in wanted for row in rows]
            for rows, wanted in zip(found.rows, index.relevant, strict=True)
        ]
    )
    without = np.where(right, NONE, scores)
    nothing = np.zeros_like(right)
    return _hits(index, scores, found, right, usual), _hits(index, without, found, nothing, usual)


def _hits(index: JudgedIndex, scores: Values, found: Ranks, right: Flags, usual: float) -> Hits:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(index.documents))}
    order = np.argsort(-scores, axis=1, kind="stable")
    first = np.take_along_axis(scores, order, 1)
    rows = np.take_along_axis(found.rows, order, 1)
    rivals = np.full((len(scores), TENTH), usual)
    foreign = np.zeros(len(scores))
    for at, unspoken in enumerate(foreign_languages(index)):
        own = rows[at][first[at] > NONE].tolist()
        told = [
            (numbers[index.documents[row]], str(row), first[at, i]) for i, row in enumerate(own)
        ]
        among = rivals_of(told)
        rivals[at, : len(among)] = among
        if own and query_languages(index.queries[at]):
            foreign[at] = np.mean([index.languages[row] in unspoken for row in own[:TENTH]])
    answers = np.take_along_axis(right, order, 1)
    return Hits(scores=first[:, :FIRST], rivals=rivals, foreign=foreign, right=answers[:, :FIRST])


def _tables(pairs: Pairs, fitted_on: Sequence[str]) -> None:
    heads = " | ".join(f"kept / declined at {least:g}" for least in LEAST)
    print(f"| Set | Said | Is | Error | {heads} |\n|{' --- |' * (4 + len(LEAST))}")
    bins = []
    for name, (asked, without) in pairs.items():
        others = [each for each in fitted_on if _family(each) != _family(name)]
        weights = _fitted(pairs, others or fitted_on)
        said, unanswered = (_logistic(each.features[:, 0] @ weights) for each in (asked, without))
        right = asked.right[:, 0]
        cells = [
            f"{(said[right] >= least).mean():.2f} / {(unanswered < least).mean():.2f}"
            for least in LEAST
        ]
        error = _error(said, right)
        print(
            f"| {name} | {said.mean():.2f} | {right.mean():.2f} | {error:.3f} "
            f"| {' | '.join(cells)} |",
            flush=True,
        )
        bins.append(f"| {name} | {' | '.join(_bins(said, right))} |")
    spans = " | ".join(f"{low:.1f} to {high:.1f}" for low, high in itertools.pairwise(BINS))
    print(f"\n| First hit says | {spans} |\n|{' --- |' * len(BINS)}", *bins, sep="\n")
    print()


def _error(said: Values, right: Flags) -> float:
    """Return the expected calibration error in ten bins."""
    place = np.minimum((said * 10).astype(int), 9)
    apart = [abs((said - right)[place == each].sum()) for each in range(10)]
    return float(sum(apart) / len(said))


def _bins(said: Values, right: Flags) -> list[str]:
    """Return for each bin of what the first hit says the share that is right, and how many."""
    place = np.minimum(np.digitize(said, BINS) - 1, len(BINS) - 2)
    cells = []
    for each in range(len(BINS) - 1):
        own = right[place == each]
        cells.append(f"{own.mean():.2f} ({len(own)})" if len(own) else "–")
    return cells


def _fitted(pairs: Pairs, names: Sequence[str]) -> Values:
    """Fit a logistic regression.

    Each family of sets counts once with the sets whose questions are in the documents' language,
    and once with those across languages.
    """
    kinds = {name: (_family(name), pairs[name][0].foreign.mean() > 0.5) for name in names}
    counts = Counter(kinds.values())
    features, right, weights = [], [], []
    for name in names:
        for hits, share in zip(pairs[name], (1.0, WITHOUT_ANSWER), strict=True):
            there = hits.scores > NONE
            features.append(hits.features[there])
            right.append(hits.right[there])
            count = max(1, int(there.sum()))
            weights.append(np.full(there.sum(), share / count / counts[kinds[name]]))
    x, y, w = (np.concatenate(each) for each in (features, right, weights))
    fitted = np.zeros(x.shape[1])
    for _ in range(ROUNDS):  # Newton's method
        said = _logistic(x @ fitted)
        slope = x.T @ (w * (said - y)) + RIDGE * fitted
        curve = (x * (w * said * (1 - said))[:, np.newaxis]).T @ x
        fitted = fitted - np.linalg.solve(curve + RIDGE * np.eye(len(fitted)), slope)
    return np.asarray(fitted)


def _logistic(values: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-values)))


def _family(name: str) -> str:
    return name.partition("-")[0]


if __name__ == "__main__":
    main()
