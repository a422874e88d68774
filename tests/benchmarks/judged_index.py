"""A judged set as the product indexes it, in arrays: trials of ranking then cost seconds.

The real splitter cuts the documents and the real keyword index ranks them; vectors of chunks, of
their sentences in windows of several kinds, and of the queries come from a cached embedder. All of
it is kept in one file for each set, next to the cache of vectors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cached_embedder import CachedEmbedder

from kb import Settings
from kb.catalog.chunks import StoredChunk
from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.embedding.base import Vectors
from kb.evaluation import runs
from kb.evaluation.judged import JudgedSet, read_set
from kb.records import CollectionInfo
from kb.search import lexical
from kb.search.kept_filters import KeptFilters
from kb.search.query import Query, parse
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies
from kb.search.writing import as_typed_first
from kb.sentences.windows import windows
from kb.splitting.context import ContextPrefix

WORDS_KEPT = 200
"""Places of each keyword ranking that are kept."""

KINDS = {"80": (80, 1), "80-wide": (80, 3), "160": (160, 1), "250": (250, 1)}
"""Windows: the fewest characters of one, and for how many a Chinese character counts."""

_NAMES = ("rows", "scores", "best")
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """Windows of one kind: vectors of unit length, and the row of the chunk of each."""

    owner: npt.NDArray[np.int32]
    vectors: Vectors


@dataclass(frozen=True, kw_only=True)
class Words:
    """Keyword rankings: rows of chunks, −1 where there are no more, their scores and the most."""

    rows: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    best: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class JudgedIndex:
    """A set in arrays; ``unstemmed`` is the search by words as it was without word forms."""

    name: str
    queries: list[str]
    relevant: list[frozenset[str]]
    asked: Vectors
    documents: list[str]
    languages: list[str]
    chunks: Vectors
    words: Words
    unstemmed: Words
    sentences: dict[str, Sentences]


def load(folder: Path, cache: Path) -> JudgedIndex:
    """Read what :func:`make` wrote for a set."""
    with np.load(cache / f"{folder.name}.npz") as arrays:
        told = json.loads(str(arrays["told"]))
        return JudgedIndex(
            name=folder.name,
            queries=told["queries"],
            relevant=[frozenset(each) for each in told["relevant"]],
            documents=told["documents"],
            languages=told["languages"],
            asked=arrays["asked"],
            chunks=arrays["chunks"],
            words=Words(**{name: arrays[f"words {name}"] for name in _NAMES}),
            unstemmed=Words(**{name: arrays[f"unstemmed {name}"] for name in _NAMES}),
            sentences={
                kind: Sentences(owner=arrays[f"owner {kind}"], vectors=arrays[f"vectors {kind}"])
                for kind in told["kinds"]
            },
        )


def by_page(index: JudgedIndex, judged: JudgedSet) -> JudgedIndex:
    """Return a set of ``manuals.py`` as the program has manuals: each page is one document.

    Queries for subsections are left out: their headings, which the program embeds, stand nowhere.
    """
    kept = [at for at, key in enumerate(judged.queries) if key.startswith("n-")]
    return replace(
        index,
        queries=[index.queries[at] for at in kept],
        relevant=[frozenset(map(_page, index.relevant[at])) for at in kept],
        asked=index.asked[kept],
        documents=[_page(each) for each in index.documents],
        words=_of_queries(index.words, kept),
        unstemmed=_of_queries(index.unstemmed, kept),
    )


def _page(document: str) -> str:
    return document.partition("#")[0]


def _of_queries(words: Words, kept: Sequence[int]) -> Words:
    return Words(**{name: getattr(words, name)[list(kept)] for name in _NAMES})


def make(folder: Path, cache: Path, embedder: CachedEmbedder, kinds: Sequence[str]) -> None:
    """Index a set, search it by words, embed its windows, and write all of it to the cache."""
    judged = read_set(folder)
    settings = Settings.load(sentences=False)  # the windows are cut here
    with runs.ingested(judged, settings, embedder) as base:
        info, store = base.collection(), base._store
        with store.catalog.reading() as state:
            ids = sorted(state.visible_chunk_ids(info.id))
            stored = state.visible_chunks([info.id], ids)
            sources = state.sources_of(chunk.document_id for chunk in stored.values())
            parsed = {key: parse(text) for key, text in judged.queries.items()}
            row_of = {chunk_id: row for row, chunk_id in enumerate(ids)}
            words = _words(state, info, list(parsed.values()), row_of)
            bare = [replace(query, words={}) for query in parsed.values()]
            unstemmed = _words(state, info, bare, row_of)
        vectors = store.stored_vectors(info.id, ids)
    chunks = [stored[chunk_id] for chunk_id in ids]
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "asked": np.stack([embedder.embed_query(query.text) for query in parsed.values()]),
        "chunks": np.stack([vectors[chunk_id] for chunk_id in ids]),
    }
    for name in _NAMES:
        arrays[f"words {name}"] = getattr(words, name)
        arrays[f"unstemmed {name}"] = getattr(unstemmed, name)
    for kind in kinds:
        owner, embedded = _windows(chunks, embedder, kind)
        arrays[f"owner {kind}"], arrays[f"vectors {kind}"] = owner, embedded
    told = {
        "queries": list(judged.queries.values()),
        "relevant": [sorted(judged.relevant[key]) for key in parsed],
        "documents": [sources[chunk.document_id][0].path for chunk in chunks],
        "languages": [chunk.language for chunk in chunks],
        "kinds": list(kinds),
    }
    arrays["told"] = np.array(json.dumps(told))
    np.savez(cache / f"{folder.name}.npz", **arrays)  # type: ignore[arg-type] # of its stubs


def _words(
    state: State, info: CollectionInfo, queries: Sequence[Query], row_of: dict[int, int]
) -> Words:
    known = TermFrequencies()
    rows = np.full((len(queries), WORDS_KEPT), -1, np.int32)
    scores = np.zeros((len(queries), WORDS_KEPT), np.float32)
    best = np.zeros(len(queries), np.float32)
    for at, query in enumerate(queries):
        allowed = Restriction(state, info, query, SearchFilter(), KeptFilters())
        sought = lexical.weigh(state, info, query, known)
        found = lexical.nearest(state, info, sought, WORDS_KEPT, allowed)
        best[at] = sought.best_score
        for place, (chunk_id, score) in enumerate(as_typed_first(state, query, found)):
            rows[at, place], scores[at, place] = row_of[chunk_id], score
    return Words(rows=rows, scores=scores, best=best)


def _windows(
    chunks: Sequence[StoredChunk], embedder: CachedEmbedder, kind: str
) -> tuple[npt.NDArray[np.int32], Vectors]:
    least, wide = KINDS[kind]
    contexts: dict[str, ContextPrefix] = {}
    found: list[tuple[int, str]] = []
    for row, chunk in enumerate(chunks):
        context = contexts.setdefault(
            chunk.title, ContextPrefix(chunk.title, embedder.count_tokens)
        )
        # What stood in front of the chunk counts like a sentence, as in the product.
        if before := context.before(chunk.heading_path).strip():
            found.append((row, before))
        found += [(row, piece) for piece in _pieces(chunk.text, least, wide)]
    vectors = embedder.embed_documents([piece for _, piece in found])
    return np.array([row for row, _ in found], np.int32), vectors


def _pieces(text: str, least: int, wide: int) -> list[str]:
    """Return the windows of a text; of text in wide characters shorter ones, by their share."""
    share = len(_WIDE.findall(text)) / max(1, len(text))
    spans = windows(text, least=round(least / (1 + (wide - 1) * share)))
    return [text[start:end] for start, end in spans]
