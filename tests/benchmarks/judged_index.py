"""A judged set as the product indexes it, in arrays: trials of ranking then cost seconds.

The real splitter cuts the documents and the real keyword index ranks them; vectors of chunks, of
their sentences in windows of several kinds, and of the queries come from a cached embedder. All of
it is kept in one file for each set, next to the cache of vectors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cached_embedder import CachedEmbedder

from kb import Settings
from kb.catalog.chunks import StoredChunk
from kb.catalog.filters import SearchFilter
from kb.embedding.base import Vectors
from kb.evaluation import runs
from kb.evaluation.judged import read_set
from kb.search import lexical
from kb.search.query import parse
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies
from kb.sentences.windows import windows

WORDS_KEPT = 200
"""Places of each keyword ranking that are kept."""

KINDS = {"80": (80, 1), "80-wide": (80, 3), "160": (160, 1), "250": (250, 1)}
"""Windows: the fewest characters of one, and for how many a Chinese character counts."""

_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """Windows of one kind: vectors of unit length, and the row of the chunk of each."""

    owner: npt.NDArray[np.int32]
    vectors: Vectors


@dataclass(frozen=True, kw_only=True)
class JudgedIndex:
    """A set in arrays; a row of ``words`` ends with −1 where there are no more."""

    name: str
    queries: list[str]
    relevant: list[frozenset[str]]
    asked: Vectors
    documents: list[str]
    languages: list[str]
    chunks: Vectors
    words: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    best: npt.NDArray[np.float32]
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
            **{name: arrays[name] for name in ("asked", "chunks", "words", "scores", "best")},
            sentences={
                kind: Sentences(owner=arrays[f"owner {kind}"], vectors=arrays[f"vectors {kind}"])
                for kind in told["kinds"]
            },
        )


def make(folder: Path, cache: Path, embedder: CachedEmbedder, kinds: Sequence[str]) -> None:
    """Index a set, search it by words, embed its windows, and write all of it to the cache."""
    judged = read_set(folder)
    with runs.ingested(judged, Settings.load(), embedder) as base:
        info, store, known = base.collection(), base._store, TermFrequencies()
        with store.catalog.reading() as state:
            ids = sorted(state.visible_chunk_ids(info.id))
            stored = state.visible_chunks([info.id], ids)
            sources = state.sources_of(chunk.document_id for chunk in stored.values())
            spoken = state.languages_of([chunk.document_id for chunk in stored.values()])
            parsed = {key: parse(text) for key, text in judged.queries.items()}
            row_of = {chunk_id: row for row, chunk_id in enumerate(ids)}
            words = np.full((len(parsed), WORDS_KEPT), -1, np.int32)
            scores = np.zeros((len(parsed), WORDS_KEPT), np.float32)
            best = np.zeros(len(parsed), np.float32)
            for at, query in enumerate(parsed.values()):
                allowed = Restriction(state, info, query, SearchFilter())
                sought = lexical.weigh(state, info, query, known)
                found = lexical.nearest(state, info, sought, WORDS_KEPT, allowed)
                best[at] = sought.best_score
                for place, (chunk_id, score) in enumerate(found):
                    words[at, place], scores[at, place] = row_of[chunk_id], score
        vectors = store.stored_vectors(info.id, ids)
    chunks = [stored[chunk_id] for chunk_id in ids]
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "asked": np.stack([embedder.embed_query(query.text) for query in parsed.values()]),
        "chunks": np.stack([vectors[chunk_id] for chunk_id in ids]),
        "words": words,
        "scores": scores,
        "best": best,
    }
    for kind in kinds:
        owner, embedded = _windows(chunks, embedder, kind)
        arrays[f"owner {kind}"], arrays[f"vectors {kind}"] = owner, embedded
    told = {
        "queries": list(judged.queries.values()),
        "relevant": [sorted(judged.relevant[key]) for key in parsed],
        "documents": [sources[chunk.document_id][0].path for chunk in chunks],
        "languages": [spoken.get(chunk.document_id, "") for chunk in chunks],
        "kinds": list(kinds),
    }
    arrays["told"] = np.array(json.dumps(told))
    np.savez(cache / f"{folder.name}.npz", **arrays)  # type: ignore[arg-type] # of its stubs


def _windows(
    chunks: Sequence[StoredChunk], embedder: CachedEmbedder, kind: str
) -> tuple[npt.NDArray[np.int32], Vectors]:
    least, wide = KINDS[kind]
    found = [
        (row, piece)
        for row, chunk in enumerate(chunks)
        for piece in _pieces(chunk.text, least, wide)
    ]
    vectors = embedder.embed_documents([piece for _, piece in found])
    return np.array([row for row, _ in found], np.int32), vectors


def _pieces(text: str, least: int, wide: int) -> list[str]:
    """Return the windows of a text; of text in wide characters shorter ones, by their share."""
    share = len(_WIDE.findall(text)) / max(1, len(text))
    spans = windows(text, least=round(least / (1 + (wide - 1) * share)))
    return [text[start:end] for start, end in spans]
