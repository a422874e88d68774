"""How long a search takes, by size of the collection: real sentences, synthetic vectors.

    python tests/benchmarks/search.py [TEXT_FOLDER] [--sizes 300,1000,10000,100000] [--stores DIR]

Texts are sentences of TEXT_FOLDER's files (else the samples' and those of Python's reference)
shuffled, vectors are mixtures of real ones, so that a large collection costs no model time. Printed
are milliseconds, median and 95th percentile, of everything but the query's own embedding, which is
printed on a line of its own, and which share of the ten best by exact scores of all passages a
search by meaning finds: the passage and its best sentence, without their languages' means. Searches
are asked of an index that is approximate and knows neither. A store of 100,000 takes four minutes
to fill; ``--stores`` keeps it for another time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from synthetic_library import SyntheticLibrary

from kb import KnowledgeBase, Settings
from kb.catalog.filters import SearchFilter
from kb.embedding import open_embedder
from kb.embedding.base import Embedder
from kb.search.means import LanguageMeans
from kb.search.query import parse
from kb.search.rescoring import exact

QUERIES = 100
PER_READ = 10_000
CLIENTS = 8
FOREVER_S = 1e9


def main() -> None:
    """Measure collections of each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="?")
    parser.add_argument("--sizes", default="300,1000,10000,100000")
    parser.add_argument("--stores", type=Path, help="folder to keep the collections in")
    arguments = parser.parse_args()
    settings = Settings.load()
    embedder = open_embedder(settings)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.stores or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        library = SyntheticLibrary(arguments.texts, folder, embedder)
        queries = library.queries(QUERIES)
        for size in map(int, arguments.sizes.split(",")):
            at = settings.model_copy(update={"data_dir": folder / str(size)})
            with KnowledgeBase.open(at, embedder=embedder) as base:
                library.fill(base, size, FOREVER_S)
            started = time.perf_counter()
            with KnowledgeBase.open(at, embedder=embedder) as base:
                base.search(queries[0], highlights="none")
                print(f"\n{size:,} chunks")
                print(f"{'open and first query':26} {time.perf_counter() - started:6.2f} s")
                measure(base, size, queries, embedder)
    embedder.close()


def measure(base: KnowledgeBase, size: int, queries: Sequence[str], embedder: Embedder) -> None:
    """Print the figures of one collection."""
    embedding = [_time(base.embedder.embed_query, query) for query in queries]
    print(f"{'the query itself':26}", _quantiles(embedding))
    for query in queries:  # so that the cache has their vectors, and only the rest is measured
        base.search(query, highlights="none")
    filters = {
        "": None,
        ", one document": SearchFilter(path=f"*/{size // 2}.txt"),
        ", one author": SearchFilter(metadata={"author": f"author {size // 2}"}),
        ", one tag in 1,000": SearchFilter(tags=("tag7",)),
        ", one folder in 100": SearchFilter(path="folder 7/*"),
        ", half of all": SearchFilter(media_types=("pdf",)),
    }
    for name, where in filters.items():
        times = [_time(_searching(base, where=where), query) for query in queries]
        print(f"{'hybrid' + name:26}", _quantiles(times))
    for mode in ("dense", "keyword"):
        times = [_time(_searching(base, mode=mode), query) for query in queries]
        print(f"{mode:26}", _quantiles(times))
    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        many = list(queries) * 4
        times = list(pool.map(lambda query: _time(_searching(base), query), many))
        rate = len(many) / (time.perf_counter() - started)
    print(f"{f'hybrid, {CLIENTS} clients':26}", _quantiles(times), f"({rate:.0f} queries/s)")
    print(f"{'recall@10 by meaning':26} {recall(base, queries, embedder):.4f}")


def recall(base: KnowledgeBase, queries: Sequence[str], embedder: Embedder) -> float:
    """Return the share of the ten best by exact scores that a search by meaning gives.

    Each document is one chunk. What a hit stands for counts, too: documents that hold most of its
    text are shown as its sources.
    """
    info, shared = base.collection(), 0
    means = LanguageMeans(base._store, lambda: embedder, enabled=True)
    with base._store.catalog.reading() as state:
        order = sorted(state.visible_chunk_ids(info.id))
        parts = range(0, len(order), PER_READ)
        read = [state.scored_by(info.id, order[at : at + PER_READ]) for at in parts]
        for query in queries:
            text = parse(query).text  # a phrase in quotes would be a filter
            all_means = means.of(state, embedder.identity, [info.id], text)
            asked = all_means.shifted(embedder.embed_query(text), text)
            mean_of = cache(partial(all_means.chunk_mean, info.id))
            scores: dict[int, float] = {}
            for languages, known in read:
                scores |= exact(asked, known, languages, mean_of)
            best = sorted(scores, key=scores.__getitem__, reverse=True)[:10]
            found = base.search(text, mode="dense", top_k=10, highlights="none")
            chunks = state.visible_chunks([info.id], best)
            origins = state.sources_of(chunk.document_id for chunk in chunks.values())
            given = {source for hit in found for source in hit.sources}
            shared += sum(not given.isdisjoint(each) for each in origins.values())
    return shared / (10 * len(queries))


def _searching(base: KnowledgeBase, **options: object) -> Callable[[str], object]:
    return lambda query: base.search(query, highlights="none", **options)  # type: ignore[arg-type] # by name


def _time(work: Callable[[str], object], query: str) -> float:
    started = time.perf_counter()
    work(query)
    return (time.perf_counter() - started) * 1000


def _quantiles(times: Sequence[float]) -> str:
    middle, high = np.quantile(times, (0.5, 0.95))
    return f"p50 {middle:6.1f} ms  p95 {high:6.1f} ms"


if __name__ == "__main__":
    main()
