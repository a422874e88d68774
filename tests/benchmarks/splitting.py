"""Measure splitting: ``python tests/benchmarks/splitting.py [FILES…]``.

Prints speed without token counting, chunk lengths against plain langchain, and how many chunks
an edit changes. Files are read as text (UTF-8, else GB18030), each as one section; without
files, texts are made up. With ``KB_EVAL`` set to the folder that holds ``chunkeval-spans-en``,
prints how well its gold spans are covered by the best chunks of a keyword ranking (BM25), so
that cuts can be compared without a model.
"""

# ruff: noqa: S311 - seeded texts, nothing secret

from __future__ import annotations

import json
import math
import os
import random
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from langchain_text_splitters import RecursiveCharacterTextSplitter

from kb.records import Document
from kb.splitting import SplitOptions, split

SEED = 7
EDITS = 20
TOP = 5
Span = tuple[int, int]


def no_tokens(texts: Sequence[str]) -> list[int]:
    return [0] * len(texts)


def ours(text: str, size: int = 1024, overlap: int = 128) -> list[Span]:
    options = SplitOptions(chunk_size=size, chunk_overlap=overlap)
    document = Document.from_text(text)
    chunks = split(document, options, count_tokens=no_tokens, max_tokens=10**9)
    return [(chunk.start, chunk.end) for chunk in chunks]


def plain(text: str, size: int = 1024, overlap: int = 128) -> list[str]:
    return RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap).split_text(text)


def plain_spans(text: str, size: int, overlap: int) -> list[Span]:
    spans: list[Span] = []
    search = 0
    for chunk in plain(text, size, overlap):
        start = text.find(chunk, search)
        spans.append((start, start + len(chunk)))
        search = start + 1
    return spans


def made_up() -> dict[str, str]:
    chance = random.Random(SEED)
    words = [
        "".join(chance.choices("abcdefghiklmnoprstu", k=chance.randint(2, 9))) for _ in range(4000)
    ]

    def sentence(wide: bool) -> str:  # noqa: FBT001 - a local helper
        if wide:
            codes = chance.choices(range(0x4E00, 0x5E00), k=chance.randint(8, 50))
            return "".join(map(chr, codes)) + "。"
        return " ".join(chance.choices(words, k=chance.randint(5, 25))).capitalize() + ". "

    def paragraphs(count: int, *, wide: bool) -> list[str]:
        return ["".join(sentence(wide) for _ in range(chance.randint(1, 9))) for _ in range(count)]

    log = [f"2024-05-{n % 28 + 1:02} {n} GET /{chance.choice(words)} 200" for n in range(25_000)]
    return {
        "English, 1 MB": "\n\n".join(paragraphs(2100, wide=False)),
        "Chinese, 1 MB": "\n\n".join(paragraphs(2200, wide=True)),
        "English, one line": "".join(paragraphs(850, wide=False)),
        "Chinese, one line": "".join(paragraphs(2700, wide=True)),
        "no spaces": "".join(chance.choices("ABCDEFGHabcdefgh0123456789", k=400_000)),
        "log": "\n".join(log),
    }


def read(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def own_texts(text: str) -> list[str]:
    return [text[start:end] for start, end in ours(text)]


def changed(cut: Callable[[str], list[str]], text: str, position: int, insert: str) -> int:
    """Count the chunks that are others after an insertion, and are embedded anew."""
    before, after = (
        Counter(cut(Document.from_text(version).text))
        for version in (text, text[:position] + insert + text[position:])
    )
    return max((before - after).total(), (after - before).total())


def report(name: str, text: str) -> None:
    text = Document.from_text(text).text
    ours(text[:2000])
    begin = time.perf_counter()
    spans = ours(text)
    seconds = time.perf_counter() - begin
    lengths = [end - start for start, end in spans]
    others = [len(chunk) for chunk in plain(text)]
    chance = random.Random(SEED)
    at = [0, len(text) // 1000, *(chance.randrange(len(text)) for _ in range(EDITS - 2))]
    inserted = " An inserted sentence. 插入的一句话。"
    edits = [changed(own_texts, text, place, inserted) for place in at]
    plain_edits = [changed(plain, text, place, inserted) for place in at]
    print(
        f"{name[-24:]:24} {len(text):9,} chars {len(text.encode()) / 1e6 / seconds:5.1f} MB/s  "
        f"{len(lengths):5} chunks, mean {statistics.mean(lengths):4.0f} "
        f"median {statistics.median(lengths):4.0f}; plain {len(others):5}, "
        f"mean {statistics.mean(others):4.0f} median {statistics.median(others):4.0f} "
        f"({statistics.mean(lengths) / statistics.mean(others):4.0%}); changed by an edit: "
        f"mean {statistics.mean(edits):4.1f} most {max(edits):3} chunks; "
        f"plain mean {statistics.mean(plain_edits):5.1f} most {max(plain_edits):4}",
    )


def terms(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def evaluate(folder: Path, spans_of: dict[str, list[Span]], texts: dict[str, str]) -> str:
    """Return recall, precision and IoU in characters of the first chunks of a BM25 ranking."""
    chunks = [(doc, *span) for doc, spans in spans_of.items() for span in spans]
    postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
    sizes = []
    for index, (doc, start, end) in enumerate(chunks):
        counts = Counter(terms(texts[doc][start:end]))
        sizes.append(counts.total())
        for term, count in counts.items():
            postings[term].append((index, count))
    mean = statistics.mean(sizes)
    gold: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for line in (folder / "spans.tsv").read_text().splitlines():
        name, doc, first, beyond = line.split("\t")
        gold[name].append((doc, int(first), int(beyond)))
    figures = []
    for line in (folder / "queries.jsonl").read_text().splitlines():
        query = json.loads(line)
        scores: dict[int, float] = defaultdict(float)
        for term in set(terms(query["text"])):
            found = postings.get(term, [])
            rarity = math.log(1 + (len(chunks) - len(found) + 0.5) / (len(found) + 0.5))
            for index, count in found:
                norm = 1.2 * (0.25 + 0.75 * sizes[index] / mean)
                scores[index] += rarity * count * 2.2 / (count + norm)
        best = [chunks[index] for index in sorted(scores, key=lambda index: -scores[index])[:TOP]]
        got = {(doc, place) for doc, start, end in best for place in range(start, end)}
        wanted = {(d, place) for d, start, end in gold[query["id"]] for place in range(start, end)}
        both = len(got & wanted)
        held = sum(end - start for _, start, end in best)
        figures.append((both / len(wanted), both / max(1, held), both / len(got | wanted)))
    recall, precision, iou = (statistics.mean(column) for column in zip(*figures, strict=True))
    return (
        f"recall@{TOP} {recall:.3f}  precision {precision:.3f}  IoU {iou:.3f}  {len(chunks)} chunks"
    )


def gold_spans(folder: Path) -> None:
    lines = (folder / "corpus.jsonl").read_text().splitlines()
    texts = {doc["id"]: doc["text"] for doc in map(json.loads, lines)}
    for size, overlap in ((1024, 128), (1024, 0), (512, 64), (2048, 256)):
        for name, method in (("ours", ours), ("plain", plain_spans)):
            spans = {doc: method(text, size, overlap) for doc, text in texts.items()}
            print(f"{name:5} {size:4}/{overlap:3}  {evaluate(folder, spans, texts)}")


def main() -> None:
    texts = {path: read(Path(path)) for path in sys.argv[1:]} or made_up()
    for name, text in texts.items():
        report(name, text)
    small = texts.get("English, 1 MB") or next(iter(texts.values()))
    times = []
    for text in (small, small * 4):
        begin = time.perf_counter()
        ours(text)
        times.append(time.perf_counter() - begin)
    print(f"four times the text takes {times[1] / times[0]:.1f} times as long")
    if "KB_EVAL" in os.environ:
        gold_spans(Path(os.environ["KB_EVAL"]) / "chunkeval-spans-en")


if __name__ == "__main__":
    main()
