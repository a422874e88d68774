"""How long a search takes, by size of the collection: real passages, synthetic vectors.

    python tests/benchmarks/search.py TEXT_FOLDER [--sizes 1000,10000,100000]

Vectors are real ones moved at random, texts are sentences of TEXT_FOLDER's files shuffled, so
that a large collection costs no model time. The query's own embedding is not counted.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from kb import KnowledgeBase, Settings
from kb.embedding import open_embedder
from kb.embedding.base import Embedder, Vectors
from kb.records import Chunk, Document, FileState, Section, Source
from kb.search import dense
from kb.search.filters import SearchFilter
from kb.search.terms import index_text
from kb.store.prepared import PreparedDocument

CHUNKS_PER_DOCUMENT = 100
QUERIES = 100
SPREAD = 0.6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", type=Path)
    parser.add_argument("--sizes", default="1000,10000,100000")
    arguments = parser.parse_args()
    sentences = [
        sentence
        for path in sorted(arguments.texts.rglob("*.*"))
        if path.suffix in {".txt", ".md", ".jsonl"}
        for sentence in re.split(r"(?<=[.。!?！？\n])", path.read_text(errors="replace")[:400_000])
        if 20 < len(sentence) < 400
    ]
    draw = random.Random(1)  # noqa: S311 - a benchmark
    settings = Settings.load()
    embedder = open_embedder(settings)
    seeds = embedder.embed_documents([draw.choice(sentences) for _ in range(300)])
    queries = [draw.choice(sentences)[:80] for _ in range(QUERIES)]
    for size in map(int, arguments.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            scratch = settings.model_copy(update={"data_dir": Path(folder)})
            with KnowledgeBase.open(scratch, embedder=embedder) as base:
                started = time.perf_counter()
                _fill(base, size, sentences, seeds, draw)
                print(f"\n{size} chunks, filled in {time.perf_counter() - started:.0f} s")
            started = time.perf_counter()
            with KnowledgeBase.open(scratch, embedder=embedder) as base:
                base.search(queries[0], highlights=False)
                print(f"open and first query {time.perf_counter() - started:.2f} s")
                _measure(base, queries, embedder)


def _fill(
    base: KnowledgeBase,
    size: int,
    sentences: list[str],
    seeds: Vectors,
    draw: random.Random,
) -> None:
    generator = np.random.default_rng(2)
    for number in range(size // CHUNKS_PER_DOCUMENT):
        chunks = []
        at = 0
        for ordinal in range(CHUNKS_PER_DOCUMENT):
            text = " ".join(draw.choice(sentences).strip() for _ in range(5))[:1000]
            chunks.append(Chunk(ordinal=ordinal, text=text, start=at, end=at + len(text)))
            at += len(text) + 1
        body = "\n".join(chunk.text for chunk in chunks)
        document = Document(
            text=body,
            media_type="pdf" if number % 2 else "text",
            title=f"document {number}",
            sections=(Section(start=0, end=len(body)),),
        )
        texts = tuple(chunk.text for chunk in chunks)
        prepared = PreparedDocument(
            collection=base.create_collection("default").name if number == 0 else "default",
            document=document,
            content_hash=str(number),
            settings_hash="benchmark",
            size=len(body),
            chunks=tuple(chunks),
            inputs=texts,
            keys=tuple(f"{number}/{n}".encode() for n in range(len(chunks))),
            index_texts=tuple(map(index_text, texts)),
        )
        noise = generator.standard_normal((len(chunks), seeds.shape[1])) / np.sqrt(seeds.shape[1])
        vectors = seeds[generator.integers(0, len(seeds), len(chunks))] + SPREAD * noise
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        file = FileState(
            source=Source(root="benchmark", path=f"{number}.txt"),
            size=len(body),
            mtime_ns=0,
            content_hash=str(number),
            settings_hash="benchmark",
            outcome="indexed",
        )
        base.indexing.commit(prepared, vectors, file)


def _measure(base: KnowledgeBase, queries: list[str], embedder: Embedder) -> None:
    for query in queries:  # so that the cache answers, and only the rest is measured
        base.search(query, highlights=False)
    few, half = SearchFilter(path="7.txt"), SearchFilter(media_types=("pdf",))
    cases: dict[str, Callable[[str], object]] = {
        "hybrid": lambda query: base.search(query, highlights=False),
        "dense": lambda query: base.search(query, mode="dense", highlights=False),
        "keyword": lambda query: base.search(query, mode="keyword", highlights=False),
        "hybrid, one document": lambda query: base.search(query, where=few, highlights=False),
        "hybrid, half of all": lambda query: base.search(query, where=half, highlights=False),
    }
    for name, search in cases.items():
        print(f"{name:22}", _quantiles([_time(search, query) for query in queries]))
    with ThreadPoolExecutor(8) as pool:
        times = list(pool.map(lambda query: _time(cases["hybrid"], query), queries * 4))
    print(f"{'hybrid, 8 clients':22}", _quantiles(times))
    info = base.collection()
    store = base._store
    ids = list(store.vectors.ids(info.id))
    vectors = store.stored_vectors(info.id, ids)
    order = list(vectors)
    matrix = np.stack([vectors[item] for item in order])
    shared = 0
    for query in queries:
        vector = embedder.embed_query(query)
        exact = {order[row] for row in np.argsort(-(matrix @ vector))[:10]}
        found = {item for item, _ in store.query(info.id, vector, 50 + dense.OVERFETCH)[:10]}
        shared += len(exact & found)
    print(f"{'recall@10 of index':22} {shared / (10 * len(queries)):.4f}")


def _time(search: Callable[[str], object], query: str) -> float:
    started = time.perf_counter()
    search(query)
    return (time.perf_counter() - started) * 1000


def _quantiles(times: list[float]) -> str:
    return "p50 {:6.1f} ms   p95 {:6.1f} ms".format(*np.quantile(times, (0.5, 0.95)))


if __name__ == "__main__":
    main()
