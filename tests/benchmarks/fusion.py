"""What each part of ranking gives on judged sets: means, sentences, fusion, word forms.

    KB_EVAL=FOLDER_OF_SETS python tests/benchmarks/fusion.py [SET …] [--make] [--left-out]

Prints the tables of docs/ranking.md: nDCG@10 over all queries of each set, before and now, with the
paired interval of the difference, and with each part left out; the share of the exact first ten
that the index finds; and with ``--left-out`` what is chosen, and what it gives, where families of
sets are kept from the choice. ``--make`` indexes the sets and embeds their windows first, for
which the model needs an hour on two cores; all else takes a minute. Arrays and vectors are kept
next to the file that ``KB_EVAL_CACHE`` names, else in the user's cache folder.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cached_embedder import CachedEmbedder
from judged_index import JudgedIndex, load, make
from platformdirs import user_cache_path
from ranking import Matrix, Way, found_by_index, ranks, scores_of, values

from kb import Settings
from kb.embedding import open_embedder
from kb.evaluation import metrics
from kb.languages.neutral import ModelMeans
from kb.languages.shipped import shipped_means

Values = npt.NDArray[np.float64]
NOW = Way()
PARTS: Mapping[str, Way] = {
    "before": Way(query_share=0, passage_share=0, sentences=0, fusion="before"),
    "now": NOW,
    "without means": replace(NOW, query_share=0, passage_share=0),
    "without sentences": replace(NOW, sentences=0),
    "without the new fusion": replace(NOW, fusion="before"),
    "with reciprocal ranks (60)": replace(NOW, fusion="reciprocal"),
    "without word forms": replace(NOW, stems=False),
    "by meaning, before": Way(query_share=0, passage_share=0, sentences=0, fusion="meaning"),
    "by meaning, now": replace(NOW, fusion="meaning"),
    "by words": replace(NOW, fusion="words"),
}
GRID = [
    replace(NOW, query_share=share, sentences=sentences, coverage=coverage, lead=lead)
    for share, sentences, (coverage, lead) in itertools.product(
        (0.5, 0.7, 1.0), (0.3, 0.5), ((0.2, 0.0), (0.3, 0.0), (0.4, 0.0), (0.2, 0.08), (0.15, 0.1))
    )
]


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """The sets, and the model's means."""

    sets: Mapping[str, JudgedIndex]
    means: ModelMeans
    _exact: dict[tuple[str, Way], Matrix] = field(default_factory=dict)

    def values(self, name: str, way: Way) -> Values:
        """Return nDCG@10 of each query of a set."""
        index = self.sets[name]
        return values(index, ranks(index, self.exact(name, way), way))

    def exact(self, name: str, way: Way) -> Matrix:
        """Return the scores by meaning of a set, computed once for all ways of fusing them."""
        alone = replace(
            NOW,
            query_share=way.query_share,
            passage_share=way.passage_share,
            sentences=way.sentences,
        )
        if (name, alone) not in self._exact:
            self._exact[name, alone] = scores_of(self.sets[name], self.means, alone)
        return self._exact[name, alone]


def main() -> None:
    """Make what is missing if told to, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="names of sets; all if none is given")
    parser.add_argument("--make", action="store_true", help="index the sets first")
    parser.add_argument("--left-out", action="store_true", help="choose without whole families")
    asked = parser.parse_args()
    if "KB_EVAL" not in os.environ:
        sys.exit("KB_EVAL must name a folder of judged sets")
    cache = Path(os.environ.get("KB_EVAL_CACHE", user_cache_path("shelfmark") / "eval.sqlite3"))
    folders = [
        folder
        for folder in sorted(Path(os.environ["KB_EVAL"]).iterdir())
        if (folder / "qrels.tsv").is_file() and (not asked.sets or folder.name in asked.sets)
    ]
    embedder = open_embedder(Settings.load())
    fingerprint = embedder.identity.fingerprint
    if asked.make:
        kept = CachedEmbedder(embedder, cache)
        for folder in folders:
            make(folder, cache.parent, kept, ["80"])
            print(f"{folder.name} is indexed", file=sys.stderr, flush=True)
    embedder.close()
    known = [folder for folder in folders if (cache.parent / f"{folder.name}.npz").is_file()]
    if not known:
        sys.exit("nothing is indexed yet; run once with --make")
    laboratory = Laboratory(
        sets={folder.name: load(folder, cache.parent) for folder in known},
        means=shipped_means(fingerprint) or ModelMeans(),
    )
    differences(laboratory)
    parts(laboratory)
    recall(laboratory)
    if asked.left_out:
        left_out(laboratory)


def differences(laboratory: Laboratory) -> None:
    """Print before and now, with the paired interval of the difference."""
    print("| Set | Queries | Before | Now | Difference |\n| --- | --- | --- | --- | --- |")
    means = []
    for name in laboratory.sets:
        before, now = (laboratory.values(name, PARTS[each]) for each in ("before", "now"))
        difference, (low, high), _ = metrics.paired(list(before), list(now))
        means.append((before.mean(), now.mean()))
        print(
            f"| {name} | {len(now):,} | {before.mean():.3f} | {now.mean():.3f} "
            f"| {difference:+.3f} ({low:+.3f} to {high:+.3f}) |",
            flush=True,
        )
    before, now = np.mean(means, axis=0)
    print(f"| **Mean** | | {before:.3f} | {now:.3f} | {now - before:+.3f} |\n")


def parts(laboratory: Laboratory) -> None:
    """Print what each part gives."""
    _head("nDCG@10", laboratory.sets)
    for label, way in PARTS.items():
        _row(label, [laboratory.values(name, way).mean() for name in laboratory.sets])
    print()


def recall(laboratory: Laboratory) -> None:
    """Print which share of the exact first ten by meaning the index gives as candidates."""
    print("| Set | Asked as it is | Asked without preferring a language |\n| --- | --- | --- |")
    for name, index in laboratory.sets.items():
        exact = laboratory.exact(name, NOW)
        shares = [
            found_by_index(index, laboratory.means, NOW, exact, impartially=each)
            for each in (False, True)
        ]
        print(f"| {name} | {shares[0]:.4f} | {shares[1]:.4f} |", flush=True)
    print()


def left_out(laboratory: Laboratory) -> None:
    """Print what is chosen without each set, and without its family, and what that gives."""
    tried = {
        name: np.array([laboratory.values(name, way).mean() for way in GRID])
        for name in laboratory.sets
    }
    print("| Left out | Alone: chosen | nDCG@10 | With its family: chosen | nDCG@10 |")
    print("| --- | --- | --- | --- | --- |")
    totals = []
    for name, own in tried.items():
        family = {each for each in tried if _family(each) == _family(name)}
        cells = []
        for without in ({name}, family):
            at = _best({each: tried[each] for each in tried if each not in without} or tried)
            cells += [GRID[at].named(), f"{own[at]:.3f}"]
            totals.append(own[at])
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"| **Mean** | | {np.mean(totals[::2]):.3f} | | {np.mean(totals[1::2]):.3f} |")


def _best(tried: Mapping[str, Values]) -> int:
    """Return which way is best, each family counting once."""
    families: dict[str, list[Values]] = {}
    for name, means in tried.items():
        families.setdefault(_family(name), []).append(means)
    return int(np.argmax(np.mean([np.mean(each, axis=0) for each in families.values()], axis=0)))


def _family(name: str) -> str:
    return name.partition("-")[0]


def _head(label: str, names: Mapping[str, object]) -> None:
    print(f"| {label} | " + " | ".join(names) + " | Mean |\n|" + " --- |" * (len(names) + 2))


def _row(label: str, means: Sequence[float]) -> None:
    cells = " | ".join(f"{mean:.3f}" for mean in [*means, float(np.mean(means))])
    print(f"| {label} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
