"""Which sentence is marked: the share of first hits whose marked sentence holds the answer.

    python tests/benchmarks/highlights.py FILE.json … [--questions 400]

The files are in SQuAD's form, with the spans of answers: XQuAD's ``xquad.en.json`` and its other
languages, DRCD's ``DRCD_dev.json``. Each paragraph is a document. The questions are drawn, the
paragraphs of those drawn are ingested, their sentences embedded, and each question searched. Of
the first hits that are the paragraph itself, printed are the share whose marked sentence holds an
answer, how long it is, and both for the sentence whose vector alone is nearest to the query's, as
it was chosen before sentence vectors were stored.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb import KnowledgeBase, Settings
from kb.search.highlight import sentences
from kb.text import normalise

Span = tuple[int, int]
HEADINGS = (
    "File", "Questions", "First hit is right", "Holds the answer", "Characters",
    "By its vector alone", "Characters",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question, the paragraph that answers it, and where the answers stand in it."""

    question: str
    paragraph: str
    answers: tuple[Span, ...]


def read(path: Path) -> list[Asked]:
    """Read the questions of a file; those whose answers are not where they should be are left."""
    found = []
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for part in article["paragraphs"]:
            text = normalise(part["context"])
            for item in part["qas"]:
                spans = tuple(_span(part["context"], text, each) for each in item["answers"])
                known = tuple(span for span in spans if span is not None)
                if known:
                    found.append(Asked(item["question"], text, known))
    return found


def _span(context: str, text: str, answer: dict[str, object]) -> Span | None:
    words = normalise(str(answer["text"]))
    start = text.find(
        words, max(0, len(normalise(context[: int(str(answer["answer_start"]))])) - 3)
    )
    return None if start < 0 else (start, start + len(words))


def holds(span: Span, answers: Sequence[Span]) -> bool:
    """Say whether a span holds an answer."""
    return any(span[0] <= start and end <= span[1] for start, end in answers)


def measure(name: str, asked: Sequence[Asked]) -> list[str]:
    """Ingest the paragraphs, ask the questions, and return a line of the table."""
    marked: list[tuple[bool, int]] = []
    nearest: list[tuple[bool, int]] = []
    right = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        KnowledgeBase.open(Settings.load(data_dir=Path(folder), vector_store="exact")) as base,
    ):
        texts = list(dict.fromkeys(each.paragraph for each in asked))
        for number, text in enumerate(texts):
            base.add(text, name=str(number))
        base.refine()
        for each in asked:
            (hit,) = base.search(each.question, top_k=1)
            if texts[int(hit.source)] != each.paragraph or hit.sentence is None:
                continue
            right += 1
            answers = [(start - hit.start, end - hit.start) for start, end in each.answers]
            marked.append((holds(hit.sentence, answers), hit.sentence[1] - hit.sentence[0]))
            spans = sentences(hit.text)
            vectors = base.embedder.embed_documents([hit.text[a:b] for a, b in spans])
            query = base.embedder.embed_query(each.question)
            best = spans[int(np.argmax(vectors @ query))]
            nearest.append((holds(best, answers), best[1] - best[0]))
    cells = [f"{right / len(asked):.3f}"]
    for figures in (marked, nearest):
        share, length = np.mean(figures, axis=0)
        cells += [f"{share:.3f}", f"{length:.0f}"]
    return [name, f"{len(asked):,}", *cells]


def main() -> None:
    """Measure the files and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--questions", type=int, default=400, help="most of each file")
    arguments = parser.parse_args()
    print(f"| {' | '.join(HEADINGS)} |\n|{' --- |' * len(HEADINGS)}")
    for path in arguments.files:
        asked = read(path)
        drawn = random.Random(0).sample(asked, min(arguments.questions, len(asked)))  # noqa: S311 - a benchmark
        print(f"| {' | '.join(measure(path.name, drawn))} |", flush=True)


if __name__ == "__main__":
    main()
