"""Whether documents are found by titles whose words their texts do not hold.

    KB_EVAL=FOLDER_OF_SETS python tests/benchmarks/titles.py [--among xquad-en] [--passages 160]

Short texts of our own (``titled_texts.py``) stand among passages of a judged set, which have no
titles. Each is asked for in the words of its title and in others, by the whole product: chunks
embedded alone, and behind their titles (``contextual``). Takes two minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from titled_texts import TITLED

from kb import Settings
from kb.embedding import open_embedder
from kb.evaluation import runs
from kb.evaluation.judged import JudgedDocument, JudgedSet, read_set


def main() -> None:
    """Print nDCG@10 of each mode, with titles embedded and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--among", default="xquad-en")
    parser.add_argument("--passages", type=int, default=160)
    asked = parser.parse_args()
    if "KB_EVAL" not in os.environ:
        sys.exit("KB_EVAL must name a folder of judged sets")
    others = read_set(Path(os.environ["KB_EVAL"]) / asked.among).documents[: asked.passages]
    judged = _judged(others)
    embedder = open_embedder(Settings.load())
    print(f"{len(judged.documents)} documents, {len(TITLED)} of them titled\n")
    print("| Chunks embedded | Asked in | By meaning | By words | Both |")
    print("| --- | --- | --- | --- | --- |")
    for contextual in (False, True):
        with runs.ingested(judged, Settings.load(contextual=contextual), embedder) as base:
            found = {mode: runs.run(base, judged, mode=mode) for mode in runs.MODES}
        for kind in ("the title's words", "other words"):
            scores = [_mean(found[mode], kind) for mode in ("dense", "keyword", "hybrid")]
            label = "behind title and headings" if contextual else "alone"
            print(f"| {label} | {kind} | " + " | ".join(f"{each:.3f}" for each in scores) + " |")
    embedder.close()


def _judged(others: tuple[JudgedDocument, ...]) -> JudgedSet:
    documents = [
        JudgedDocument(id=f"titled {at}", text=each.text, title=each.title)
        for at, each in enumerate(TITLED)
    ]
    queries = {}
    for at, each in enumerate(TITLED):
        queries[f"{at} the title's words"] = each.same_words
        queries[f"{at} other words"] = each.other_words
    return JudgedSet(
        name="titled texts",
        documents=(*documents, *others),
        queries=queries,
        relevant={key: frozenset({f"titled {key.split()[0]}"}) for key in queries},
        spans={},
    )


def _mean(run: runs.Run, kind: str) -> float:
    values = [each.scores["ndcg@10"] for each in run.queries if each.id.endswith(kind)]
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
