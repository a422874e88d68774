"""How well search finds: every judged set in every mode, as the table in docs/search.md.

    KB_EVAL=FOLDER_OF_SETS python tests/benchmarks/quality.py [SET …] [--save FOLDER]

Each set (``corpus.jsonl``, ``queries.jsonl``, ``qrels.tsv``) is ingested into a throw-away store
and searched by meaning, by words, and by both. Printed are nDCG@10 of each, and how far the two
together are from the better one, with a 95 % interval over the queries (bootstrap, paired);
then the means over the sets. Where the set's README gives the nDCG@10 of a plain BM25, it is
printed beside. Vectors are kept in the file that ``KB_EVAL_CACHE`` names, else in the user's
cache folder: the first run embeds for a quarter of an hour on two cores, others search only.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
from pathlib import Path

from cached_embedder import CachedEmbedder
from platformdirs import user_cache_path

from kb import Settings
from kb.embedding import open_embedder
from kb.evaluation import runs
from kb.evaluation.judged import JudgedSet, read_set
from kb.evaluation.runs import Run

METRIC = "ndcg@10"
HEADINGS = ("Set", "Queries", "By meaning", "By words", "Plain BM25", "Both", "Both − the better")


def plain_bm25(folder: Path) -> str:
    """Return the nDCG@10 that a set's README gives for BM25 with k1 0.9 and b 0.4."""
    readme = folder / "README.md"
    text = readme.read_text("utf-8") if readme.is_file() else ""
    found = re.search(r"BM25 .*nDCG@10 ([\d.]+)", text)
    return found[1].rstrip(".") if found else "–"


def measure(judged: JudgedSet, embedder: CachedEmbedder) -> dict[str, Run]:
    """Ingest a set and search it in all modes."""
    with runs.ingested(judged, Settings.load(), embedder) as base:
        return {mode: runs.run(base, judged, mode=mode) for mode in runs.MODES}


def row(folder: Path, found: dict[str, Run]) -> list[str]:
    """Return a set's line of the table."""
    means = {mode: run.means()[METRIC][0] for mode, run in found.items()}
    better = max(("dense", "keyword"), key=means.__getitem__)
    difference, (low, high), _ = runs.compare(found[better], found["hybrid"], METRIC)
    return [
        folder.name,
        f"{len(found['hybrid'].queries):,}",
        f"{means['dense']:.3f}",
        f"{means['keyword']:.3f}",
        plain_bm25(folder),
        f"{means['hybrid']:.3f}",
        f"{difference:+.3f} ({low:+.3f} to {high:+.3f})",
    ]


def main() -> None:
    """Measure the sets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="names of sets; all if none is given")
    parser.add_argument("--save", type=Path, help="folder for the runs, for `kb eval --compare`")
    asked = parser.parse_args()
    if "KB_EVAL" not in os.environ:
        sys.exit("KB_EVAL must name a folder of judged sets")
    folders = [
        folder
        for folder in sorted(Path(os.environ["KB_EVAL"]).iterdir())
        if (folder / "qrels.tsv").is_file() and (not asked.sets or folder.name in asked.sets)
    ]
    cache = Path(os.environ.get("KB_EVAL_CACHE", user_cache_path("shelfmark") / "eval.sqlite3"))
    embedder = CachedEmbedder(open_embedder(Settings.load()), cache)
    print(f"| {' | '.join(HEADINGS)} |\n|{' --- |' * len(HEADINGS)}")
    totals: dict[str, list[float]] = {mode: [] for mode in runs.MODES}
    for folder in folders:
        found = measure(read_set(folder), embedder)
        for mode, run in found.items():
            totals[mode].append(run.means()[METRIC][0])
        if asked.save:
            asked.save.mkdir(parents=True, exist_ok=True)
            runs.save(list(found.values()), asked.save / f"{folder.name}.json")
        print(f"| {' | '.join(row(folder, found))} |", flush=True)
    mean = {mode: f"{statistics.fmean(values):.3f}" for mode, values in totals.items() if values}
    if mean:
        print(f"| **Mean** | | {mean['dense']} | {mean['keyword']} | | {mean['hybrid']} | |")
    embedder.close()


if __name__ == "__main__":
    main()
