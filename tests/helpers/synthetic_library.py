"""A library of any size for measuring searches: real sentences, synthetic vectors around real ones.

Each document is one chunk, so that a collection of 100,000 chunks is one of 100,000 documents as
well: the worst case for filters, which judge documents. Filling goes on where it was broken off.

A vector is a mixture of those of two sentences, the first being :data:`LEAST_SHARE` to all of it:
so a passage has neighbours at every distance, as real ones have. What tells whether an approximate
search finds the best is how fast cosines fall: among 100,000 of these the 10th and the 100th
nearest of a question are .021 apart, as among 10,487 real passages of six sets. (Until 2026-11
each was a sentence moved by a fixed length, and the samples have but 82 sentences: the nearest
1,200 of 100,000 were as near as one another, .008 between the 10th and the 100th.) Sentences are
their chunk moved at random: their cosine with it is 0.91, as that of real ones with their passage
is (0.90 to 0.94 on four sets).
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

from kb import KnowledgeBase
from kb.catalog.sentences import StoredSentences
from kb.embedding.base import Embedder, Vectors
from kb.errors import CollectionError
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import Chunk, CollectionInfo, Document, FileState, Section, Source
from kb.sentences.packed import pack, pack_spans
from kb.sentences.windows import windows
from kb.words.terms import index_text

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
LEAST_SHARE = 0.3
SEEDS = 3000
_SENTENCE_SPREAD = 0.45
_SENTENCES_PER_CHUNK = 5
_FILTERS = re.compile(r'["“”「」]|(?<!\w)-')
_ENDS = re.compile(r"(?<=[.。!?！？\n])")
_GROUP = 1000


class SyntheticLibrary:
    """Sentences of a folder's files and vectors of some of them, kept in ``folder``.

    Without a folder of texts: those of the samples and of Python's own reference, 3,300 in all.
    """

    def __init__(self, texts: Path | None, folder: Path, embedder: Embedder) -> None:
        read = chain(_of_files(SAMPLES), _of_the_reference()) if texts is None else _of_files(texts)
        stripped = (sentence.strip() for sentence in read)
        self.sentences = list(dict.fromkeys(s for s in stripped if 20 < len(s) < 400))
        self._folder = folder
        self._embedder = embedder

    def queries(self, count: int) -> list[str]:
        """Return the beginnings of ``count`` sentences, without what a search takes for filters."""
        draw = random.Random("queries")  # noqa: S311 - a benchmark
        drawn = (draw.choice(self.sentences)[:80] for _ in range(count))
        return [_FILTERS.sub(" ", query) for query in drawn]

    def fill(self, base: KnowledgeBase, size: int, seconds: float) -> bool:
        """Add documents until there are ``size``; return False if time ran out before."""
        started = time.monotonic()
        seeds = self._seeds()
        try:
            target = base.collection()
        except CollectionError:
            target = base.create_collection(base.settings.collection)
        have = target.documents
        while have < size:
            if time.monotonic() - started > seconds:
                return False
            numbers = range(have, min(size, have + _GROUP))
            documents = list(self._documents(target, numbers, seeds))
            added = base._store.commit_all(target, documents)
            rows = [_sentences_of(*each) for each in zip(documents, numbers, strict=True)]
            base._store.put_sentences(target, rows, {each.document_id: 1 for each in added})
            have = numbers.stop
        return True

    def _seeds(self) -> Vectors:
        path = self._folder / "seeds.npy"
        if not path.exists():
            draw = random.Random("seeds")  # noqa: S311 - a benchmark
            texts = draw.sample(self.sentences, min(SEEDS, len(self.sentences)))
            np.save(path, self._embedder.embed_documents(texts))
        seeds: Vectors = np.load(path)
        return seeds

    def _documents(
        self, target: CollectionInfo, numbers: range, seeds: Vectors
    ) -> Iterator[EmbeddedDocument]:
        for number in numbers:
            draw = random.Random(number)  # noqa: S311 - a benchmark
            picked = (draw.choice(self.sentences) for _ in range(_SENTENCES_PER_CHUNK))
            text = " ".join(picked)[:1000]
            share = draw.uniform(LEAST_SHARE, 1)
            first, second = (seeds[draw.randrange(len(seeds))] for _ in range(2))
            vector = share * first + (1 - share) * second
            yield _document(target, number, text, vector / np.linalg.norm(vector))


def _document(
    target: CollectionInfo, number: int, text: str, vector: np.ndarray
) -> EmbeddedDocument:
    document = Document(
        text=text,
        media_type="pdf" if number % 2 else "text",
        title=f"document {number}",
        sections=(Section(start=0, end=len(text)),),
        metadata={
            "author": f"author {number}",
            "tags": f"all, tag{number % 1000}",
            "language": "zh" if number % 3 else "en",
            "date": f"{2000 + number % 25}-{1 + number % 12:02}-01",
        },
    )
    language = "zh" if number % 3 else "en"
    prepared = PreparedDocument(
        language=language,
        languages=(language,),
        collection=target,
        document=document,
        content_hash=str(number),
        settings_hash="benchmark",
        size=len(text),
        chunks=(Chunk(ordinal=0, text=text, start=0, end=len(text)),),
        inputs=(text,),
        keys=(str(number).encode(),),
        index_texts=(index_text(text, language),),
    )
    file = FileState(
        source=Source(root="benchmark", path=f"folder {number % 100}/{number}.txt"),
        size=len(text),
        mtime_ns=0,
        content_hash=str(number),
        settings_hash="benchmark",
        outcome="indexed",
    )
    vectors = vector[np.newaxis, :].astype(np.float32)
    return EmbeddedDocument(prepared=prepared, vectors=vectors, file=file)


def _sentences_of(document: EmbeddedDocument, number: int) -> StoredSentences:
    text = document.prepared.document.text
    spans = windows(text)
    own = document.vectors
    noise = np.random.default_rng(-1 - number & 0xFFFFFFFF).standard_normal(
        (len(spans), own.shape[1])
    )
    moved = own + _SENTENCE_SPREAD / np.sqrt(own.shape[1]) * noise
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    return StoredSentences(
        key=document.prepared.keys[0],
        characters=len(text),
        spans=pack_spans(spans),
        vectors=pack(np.concatenate([own, moved]).astype(np.float32)),
    )


def _of_files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.*")):
        if path.suffix in {".txt", ".md", ".jsonl"}:
            yield from _ENDS.split(path.read_text(errors="replace")[:400_000])


def _of_the_reference() -> Iterator[str]:
    for text in topics.values():
        for paragraph in re.split(r"\n\s*\n", text):
            yield from _ENDS.split(" ".join(paragraph.split()))
