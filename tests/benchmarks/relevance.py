"""From which score on a hit answers: what "nothing relevant found" declines, rightly and wrongly.

    KB_EVAL=FOLDER_OF_SETS python tests/benchmarks/relevance.py [SET …] [--queries 200]

Each question is searched twice: as it is, and with the documents that answer it left out. For
least scores from 0.05 to 0.9, printed are the share of questions whose best hit has less: with
their answer (wrongly declined) and without it (rightly declined).
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path

import numpy as np
from cached_embedder import CachedEmbedder
from platformdirs import user_cache_path

from kb import KnowledgeBase, SearchHit, Settings
from kb.catalog.filters import SearchFilter
from kb.embedding import open_embedder
from kb.evaluation import runs
from kb.evaluation.judged import JudgedSet, read_set

LEAST = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_LOOKED_AT = 10


def best_scores(base: KnowledgeBase, judged: JudgedSet, most: int) -> list[tuple[float, ...]]:
    """Return for each question the best score with and without the documents that answer it."""
    asked = sorted(judged.queries)
    asked = random.Random(0).sample(asked, min(most, len(asked)))  # noqa: S311 - a benchmark
    ids = {info.sources[0].path: info.id for info in base.documents()}
    result = []
    for key in asked:
        left = tuple(number for name, number in ids.items() if name not in judged.relevant[key])
        result.append(
            tuple(
                max((hit.score for hit in _hits(base, judged.queries[key], where)), default=0.0)
                for where in (SearchFilter(), SearchFilter(documents=left))
            )
        )
    return result


def _hits(base: KnowledgeBase, query: str, where: SearchFilter) -> list[SearchHit]:
    return base.search(query, top_k=_LOOKED_AT, highlights="none", where=where)


def main() -> None:
    """Measure the sets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="names of sets; all if none is given")
    parser.add_argument("--queries", type=int, default=200, help="most of each set")
    arguments = parser.parse_args()
    if "KB_EVAL" not in os.environ:
        sys.exit("KB_EVAL must name a folder of judged sets")
    cache = Path(os.environ.get("KB_EVAL_CACHE", user_cache_path("shelfmark") / "eval.sqlite3"))
    embedder = CachedEmbedder(open_embedder(Settings.load()), cache)
    print(
        f"| Set | {' | '.join(f'{least:g}' for least in LEAST)} |\n|{' --- |' * (len(LEAST) + 1)}"
    )
    every = []
    for folder in sorted(Path(os.environ["KB_EVAL"]).iterdir()):
        if not (folder / "qrels.tsv").is_file() or (
            arguments.sets and folder.name not in arguments.sets
        ):
            continue
        judged = read_set(folder)
        with runs.ingested(judged, Settings.load(), embedder) as base:
            found = np.array(best_scores(base, judged, arguments.queries))
        every.append(found)
        _row(folder.name, [found])
    _row("**Mean**", every)
    embedder.close()


def _row(name: str, sets: list[np.ndarray[tuple[int, int], np.dtype[np.float64]]]) -> None:
    cells = []
    for least in LEAST:
        wrongly, rightly = np.mean([(found < least).mean(axis=0) for found in sets], axis=0)
        cells.append(f"{wrongly:.2f} / {rightly:.2f}")
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
