"""A library of up to millions of chunks for measuring: varied sentences, several chunks a document.

What it adds to :mod:`synthetic_library`: a document has :data:`CHUNKS` chunks, and every sentence
is varied each time that it is used. About one word in eight becomes an invented name, whose
frequencies follow Zipf's law, and every number another. So the vocabulary grows with the size, as
that of real collections does (Heaps' law). One document in ten is Chinese; its vectors are moved by
what tells the Chinese sentences from the others, so that the means of languages have something to
take out.

Documents are made in a process of their own while this one stores them. Number n is always the same
document, so that filling goes on where it was broken off.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from synthetic_library import LEAST_SHARE, SyntheticLibrary

from kb import KnowledgeBase
from kb.catalog.sentences import StoredSentences
from kb.embedding.base import Embedder, Vectors
from kb.errors import CollectionError
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import Chunk, CollectionInfo, Document, FileState, Section, Source
from kb.sentences.packed import pack, pack_spans
from kb.words.terms import index_text

CHUNKS = 10
"""Of each document, which are its pages too."""
FOLDERS, TAGS = 100, 100
"""A hundredth of the documents is in each."""

CHINESE_TEXTS = Path(__file__).parents[2] / "ui" / "i18n" / "zh.json"

_LEAST_CHINESE, _LONG = 12, 400
_SENTENCES_PER_CHUNK = 7
_CHINESE_EVERY = 10
_AHEAD = 3
_GROUP = 200
_SPREAD = 0.45
_LEAST_WINDOW = 80
# Of Zipf and Mandelbrot: the name of rank r is drawn as often as (r + 20) ** -1.4.
_ZIPF, _FLAT = 1.4, 20
_WORD = re.compile(r"[A-Za-z]{4,}|\d+|[\u4e00-\u9fff]{2}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SYLLABLES = [c + v for c in ("b", "ch", *"dfghklmnprstvz") for v in "aeiou"]
_CHARACTERS = "安白成大方高光海和华江金康兰立林龙明南宁平青清荣山石天文西新阳永元云志中"


@dataclass(frozen=True, slots=True)
class Made:
    """Documents with the vectors of their chunks' sentences, on the way into a collection."""

    documents: list[EmbeddedDocument]
    sentences: list[StoredSentences]


@dataclass(frozen=True, slots=True)
class _Recipe:
    """All that documents are made of, in any process."""

    english: list[str]
    chinese: list[str]
    seeds: Vectors
    towards_chinese: np.ndarray


class LargeLibrary(SyntheticLibrary):
    """Sentences and vectors as there, varied; ``dim`` widens the vectors by turning them."""

    def __init__(self, folder: Path, embedder: Embedder, dim: int | None = None) -> None:
        super().__init__(None, folder, embedder)
        told = json.loads(CHINESE_TEXTS.read_text("utf-8"))
        spoken = (each.strip() for text in _texts(told) for each in re.split("(?<=[。！？])", text))
        more = dict.fromkeys(
            each for each in spoken if len(_CHINESE.findall(each)) > _LEAST_CHINESE
        )
        self.sentences += [each for each in more if len(each) < _LONG]
        self._dim = dim or embedder.dim
        self._chinese = [each for each in self.sentences if _is_chinese(each)]
        known = set(self._chinese)
        self._english = [each for each in self.sentences if each not in known]

    def queries(self, count: int) -> list[str]:
        """Return the beginnings of sentences that stand in the library, varied as there."""
        draw = random.Random("queries")  # noqa: S311 - a benchmark
        found = []
        for at in range(count):
            pool = self._chinese if at % _CHINESE_EVERY == 0 else self._english
            words = " ".join(varied(draw.choice(pool), draw).split())[:80]
            found.append(re.sub(r'["“”「」]|(?<!\w)-', " ", words))
        return found

    def fill(self, base: KnowledgeBase, size: int, seconds: float) -> bool:
        """Add documents until there are ``size`` chunks; return False if time ran out before."""
        started = time.monotonic()
        try:
            target = base.collection()
        except CollectionError:
            target = base.create_collection(base.settings.collection)
        parts = _parts(target.documents, size // CHUNKS)
        recipe = self._recipe()
        context = get_context("spawn")
        with ProcessPoolExecutor(1, context, initializer=_begin, initargs=(recipe, target)) as pool:
            ahead: list[Future[Made]] = []
            while parts or ahead:
                while parts and len(ahead) < _AHEAD:
                    ahead.append(pool.submit(_made, parts.pop(0)))
                if time.monotonic() - started > seconds:
                    for each in ahead:
                        each.cancel()
                    return False
                store_made(base, target, ahead.pop(0).result())
        return True

    def made(self, target: CollectionInfo, numbers: Sequence[int]) -> Made:
        """Return some documents, made here."""
        return make(self._recipe(), target, numbers)

    def _recipe(self) -> _Recipe:
        seeds = self._seeds()
        texts = random.Random("seeds").sample(self.sentences, len(seeds))  # noqa: S311
        rows = np.array([_is_chinese(each) for each in texts])
        towards = seeds[rows].mean(axis=0) - seeds[~rows].mean(axis=0)
        turn = turning(seeds.shape[1], self._dim)
        return _Recipe(self._english, self._chinese, seeds @ turn, towards @ turn)


def turning(narrow: int, wide: int) -> np.ndarray:
    """Return what turns vectors into a wider space: their cosines stay. Shape (narrow, wide)."""
    if narrow == wide:
        return np.eye(narrow, dtype=np.float32)
    drawn = np.random.default_rng(wide).standard_normal((wide, narrow))
    return np.ascontiguousarray(np.linalg.qr(drawn)[0].T, np.float32)


def store_made(base: KnowledgeBase, target: CollectionInfo, made: Made) -> list[int]:
    """Store documents and their sentences' vectors as an ingestion does; return their ids."""
    added = base._store.commit_all(target, made.documents)
    base._store.put_sentences(
        target, made.sentences, {each.document_id: each.chunks for each in added}
    )
    return [each.document_id for each in added]


def make(recipe: _Recipe, target: CollectionInfo, numbers: Sequence[int]) -> Made:
    """Return documents by their numbers."""
    documents = [_document(recipe, target, number) for number in numbers]
    pairs = zip(documents, numbers, strict=True)
    return Made(documents, [row for each, number in pairs for row in _sentences(each, number)])


def varied(sentence: str, draw: random.Random) -> str:
    """Return a sentence with some of its words and all of its numbers replaced."""

    def other(found: re.Match[str]) -> str:
        word = found.group()
        if word.isdigit():
            return str(draw.randrange(10 ** min(len(word), 6)))
        if draw.random() > 1 / 8:
            return word
        rank = int(_FLAT * (1 - draw.random()) ** (-1 / (_ZIPF - 1))) - _FLAT
        return chinese_name(rank) if _CHINESE.match(word) else name(rank)

    return _WORD.sub(other, sentence)


@lru_cache(1 << 16)
def name(rank: int) -> str:
    """Return an invented name, a longer one for a rarer."""
    return "".join(_digits(rank + len(_SYLLABLES), _SYLLABLES)).capitalize()


def chinese_name(rank: int) -> str:
    """Return an invented name of Chinese characters."""
    return "".join(_digits(rank + len(_CHARACTERS), _CHARACTERS))


def _digits(number: int, of: Sequence[str]) -> Iterator[str]:
    while number:
        number, digit = divmod(number, len(of))
        yield of[digit]


def _texts(told: object) -> Iterator[str]:
    if isinstance(told, dict):
        for each in told.values():
            yield from _texts(each)
    elif isinstance(told, str):
        yield told


def _is_chinese(sentence: str) -> bool:
    return len(_CHINESE.findall(sentence)) > _LEAST_CHINESE


def _parts(first: int, last: int) -> list[range]:
    edges = [*range(first, last, _GROUP), last]
    return [range(one, other) for one, other in pairwise(edges)]


_here: list[tuple[_Recipe, CollectionInfo]] = []


def _begin(recipe: _Recipe, target: CollectionInfo) -> None:
    _here[:] = [(recipe, target)]


def _made(numbers: range) -> Made:
    return make(*_here[0], numbers)


def _document(recipe: _Recipe, target: CollectionInfo, number: int) -> EmbeddedDocument:
    draw = random.Random(number)  # noqa: S311 - a benchmark
    language = "zh" if number % _CHINESE_EVERY == 0 else "en"
    pool = recipe.chinese if language == "zh" else recipe.english
    texts = [
        " ".join(varied(draw.choice(pool), draw) for _ in range(_SENTENCES_PER_CHUNK))[:1000]
        for _ in range(CHUNKS)
    ]
    whole = "\n\n".join(texts)
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text) + 2)
    chunks = tuple(
        Chunk(
            ordinal=at,
            text=text,
            start=start,
            end=start + len(text),
            tokens=len(text) // 4,
            page_first=at + 1,
            page_last=at + 1,
        )
        for at, (text, start) in enumerate(zip(texts, starts, strict=True))
    )
    document = Document(
        text=whole,
        media_type="pdf" if number % 2 else "text",
        title=f"{name(draw.randrange(1, 5000))} {name(draw.randrange(1, 5000))} {number}",
        sections=(Section(start=0, end=len(whole)),),
        metadata={
            "author": f"author {number}",
            "tags": f"all, tag{number * 7 % TAGS}",
            "language": language,
            "date": f"{2000 + number % 25}-{1 + number % 12:02}-01",
        },
    )
    hashed = hashlib.sha256(f"{target.dim} {number}".encode()).hexdigest()
    prepared = PreparedDocument(
        language=language,
        languages=(language,) * CHUNKS,
        collection=target,
        document=document,
        content_hash=hashed,
        settings_hash="benchmark",
        size=len(whole.encode()),
        chunks=chunks,
        inputs=tuple(texts),
        keys=tuple(hashlib.sha256(text.encode()).digest() for text in texts),
        index_texts=tuple(index_text(text, language) for text in texts),
    )
    file = FileState(
        source=Source(root="benchmark", path=f"folder {number // 3 % FOLDERS}/{number}.txt"),
        size=prepared.size,
        mtime_ns=0,
        content_hash=hashed,
        settings_hash="benchmark",
        outcome="indexed",
    )
    vectors = _vectors(recipe, draw, chinese=language == "zh")
    return EmbeddedDocument(prepared=prepared, vectors=vectors, file=file)


def _vectors(recipe: _Recipe, draw: random.Random, *, chinese: bool) -> Vectors:
    count = len(recipe.seeds)
    rows = []
    for _ in range(CHUNKS):
        share = draw.uniform(LEAST_SHARE, 1)
        first, second = recipe.seeds[draw.randrange(count)], recipe.seeds[draw.randrange(count)]
        rows.append(share * first + (1 - share) * second + chinese * recipe.towards_chinese)
    stacked = np.stack(rows)
    return np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), np.float32)


def _sentences(document: EmbeddedDocument, number: int) -> Iterator[StoredSentences]:
    noise = np.random.default_rng(number)
    prepared = document.prepared
    for chunk, key, own in zip(prepared.chunks, prepared.keys, document.vectors, strict=True):
        spans = _windows(chunk.text)
        drawn = noise.standard_normal((len(spans), len(own)), dtype=np.float32)
        moved = own + _SPREAD / np.float32(np.sqrt(len(own))) * drawn
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        yield StoredSentences(
            key=key,
            characters=len(chunk.text),
            spans=pack_spans(spans),
            vectors=pack(np.concatenate([own[np.newaxis, :], moved])),
        )


def _windows(text: str) -> list[tuple[int, int]]:
    """Return spans of sentences, joined as the product joins them: what tells them is cheaper."""
    found, begin = [], 0
    for end in (each.end() for each in re.finditer(r"[.。!?！？] |$", text)):
        if end - begin >= _LEAST_WINDOW or (end == len(text) and begin < end):
            found.append((begin, end))
            begin = end
    return found
