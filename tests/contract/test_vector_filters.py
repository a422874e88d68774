"""What is found among many vectors with filters of every width: as the exact store finds it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from vector_kinds import STORES
from vector_process import DIM, opened, records

from kb.embedding.base import Vectors
from kb.vectors.base import VectorFilter, VectorRecord, VectorStore
from kb.vectors.exact import ExactStore

SIZES = [5_000, pytest.param(20_000, marks=pytest.mark.slow)]
DOCUMENTS = 200
NEAREST = 10

Make = Callable[[npt.NDArray[np.int64]], VectorFilter | None]


@functools.cache
def rows(many: int) -> Vectors:
    """Vectors in clusters, as texts have them."""
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(100, DIM))
    found = centres[rng.integers(0, 100, many)] + 0.7 * rng.normal(size=(many, DIM))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def described(first: int, last: int, many: int) -> list[VectorRecord]:
    """Chunks of documents of one length; one document is French, the even ones are English."""
    named = []
    for record in records(first, last):
        number = record.id * DOCUMENTS // many
        language = "fr" if number == 7 else ("en", "zh")[number % 2]
        named.append(replace(record, document_id=number, language=language))
    return named


def fill(store: VectorStore, many: int) -> None:
    store.drop("many")
    store.create("many", DIM)
    for at in range(0, many, 1000):
        store.upsert("many", described(at, at + 1000, many), rows(many)[at : at + 1000])


@pytest.fixture(scope="module", params=SIZES)
def many(request: pytest.FixtureRequest) -> int:
    """How many vectors there are."""
    return int(request.param)


@pytest.fixture(scope="module", params=STORES)
def full(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, many: int
) -> Iterator[VectorStore]:
    """A store of each kind that holds all vectors."""
    with STORES[request.param](tmp_path_factory.mktemp("vectors")) as address:
        store = opened(address, tmp_path_factory.mktemp("store"))
        fill(store, many)
        yield store
        store.drop("many")
        store.close()


@pytest.fixture(scope="module")
def exact(many: int) -> VectorStore:
    store = ExactStore()
    fill(store, many)
    return store


def chunks(wanted: npt.NDArray[np.int64]) -> VectorFilter:
    return VectorFilter(chunks=tuple(wanted.tolist()))


# How many chunks in a thousand pass each.
FILTERS: dict[str, tuple[int, Make]] = {
    "one chunk": (0, chunks),
    "1 % of chunks": (10, chunks),
    "10 % of chunks": (100, chunks),
    "50 % of chunks": (500, chunks),
    "one document": (5, lambda _: VectorFilter(documents=(31,))),
    "1 % in documents": (10, lambda _: VectorFilter(documents=(3, 150))),
    "50 % in documents": (500, lambda _: VectorFilter(documents=tuple(range(100)))),
    "99 % in documents": (990, lambda _: VectorFilter(documents=tuple(range(2, DOCUMENTS)))),
    "one document in a language": (5, lambda _: VectorFilter(language="fr")),
    "half in a language": (500, lambda _: VectorFilter(language="en")),
    "no filter": (1000, lambda _: None),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("place", ["anywhere", "far away"])
def test_what_passes_a_filter_is_found_as_the_exact_store_finds_it(
    full: VectorStore, exact: VectorStore, many: int, name: str, place: str
) -> None:
    share, make = FILTERS[name]
    count = many * share // 1000 or 1
    rng = np.random.default_rng(2)
    hits, wanted = 0, 0
    for _ in range(20):
        query = rows(many)[rng.integers(many)] + 0.3 * rng.normal(size=DIM)
        query = np.asarray(query / np.linalg.norm(query), dtype=np.float32)
        chosen = rng.permutation(many)[:count]
        if place == "far away":
            chosen = np.argsort(rows(many) @ query)[:count]
        where = make(chosen)
        assert where is None or len(where.chunks or ()) <= full.most_chunks
        expected = exact.query("many", query, NEAREST, where)
        found = full.query("many", query, NEAREST, where)
        assert len(found) == len(expected) == min(NEAREST, count)
        assert found == sorted(found, key=lambda hit: -hit[1])
        hits += len({item for item, _ in found} & {item for item, _ in expected})
        wanted += len(expected)
    assert hits / wanted >= 0.99
