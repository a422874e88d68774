"""The contents of an archive's members, checked before use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kb.archive.exporting import original_member, sentences_member
from kb.archive.file import ORIGINALS, VERSION, ArchiveReader, beyond_python, damaged
from kb.archive.sentences import sentences_from
from kb.archive.shapes import DocumentShape, FileShape, ManifestShape, shaped
from kb.catalog.sentences import StoredSentences
from kb.embedding.base import Vectors
from kb.errors import SettingsError
from kb.folders import changed
from kb.languages.chunks import chunk_language
from kb.languages.documents import language_of
from kb.metadata import MOST_CHARACTERS
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import (
    Chunk,
    CollectionInfo,
    Document,
    FileState,
    with_header,
)
from kb.sentences.windows import RULES
from kb.uploads import UPLOADS_ROOT
from kb.words.terms import index_text

_UNIT_TOLERANCE = 1e-3
# Chunks overlap by at most half of their size, and each is stored with its document's title.
_MOST_REPEATED = 8
_FREE_CHARACTERS = 2**24
_FLOAT_BYTES = 4
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"(?:[0-9a-f]{2})+")
# Errors that values of the wrong kind raise in use; deep nesting is a RecursionError.
_NONSENSE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A source, the time it was last seen (in the catalog's form), and its given tags."""

    state: FileState
    seen_at: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedDocument:
    """A document with its chunks, their vectors and keys, and its files.

    ``vectors``: float32, shape (chunks, dim), unit length.
    """

    document: Document
    content_hash: str
    settings_hash: str
    size: int
    chunks: tuple[Chunk, ...]
    keys: tuple[bytes, ...]
    vectors: Vectors
    files: list[ArchivedFile]
    added_at: str
    sentences: tuple[StoredSentences | None, ...] = ()

    @property
    def refined(self) -> int:
        """Number of its first chunks that have vectors of their sentences."""
        unknown = (at for at, row in enumerate(self.sentences) if row is None)
        return next(unknown, len(self.sentences))

    def embedded(self, collection: CollectionInfo) -> EmbeddedDocument:
        """Return it ready for a collection; what the archive leaves out is computed."""
        language = language_of(self.document)
        texts = tuple(with_header(chunk.header, chunk.text) for chunk in self.chunks)
        prepared = PreparedDocument(
            collection=collection,
            document=self.document,
            content_hash=self.content_hash,
            settings_hash=self.settings_hash,
            size=self.size,
            chunks=self.chunks,
            inputs=texts,
            keys=self.keys,
            index_texts=tuple(index_text(text, language) for text in texts),
            language=language,
            languages=tuple(chunk_language(chunk.text, language) for chunk in self.chunks),
            known=dict(enumerate(self.vectors)),
        )
        return EmbeddedDocument(prepared=prepared, vectors=self.vectors, file=self.files[0].state)


class ArchivedCollection:
    """The collection of an archive.

    ``originals`` are (path of the upload, SHA-256) of the archive's originals that a source refers
    to. ``folders`` are the folders of its other sources, on any machine. Both are known once
    :meth:`verify` has read everything.

    Raises:
        ArchiveError: the manifest is invalid.
    """

    def __init__(self, path: Path, archive: ArchiveReader) -> None:
        self.path = path
        self._archive = archive
        self.originals: list[tuple[str, str]] = []
        self.folders: set[str] = set()
        with self._making_sense("its manifest"):
            found = shaped(ManifestShape, archive.manifest)
            collection = found.collection
            self.embedder = found.embedder
            self.name = collection.name
            self.description = collection.description
            self.instruction = collection.instruction
            self.mode = collection.mode
            self.described = _described(collection.folders)
            self.created_at = _time(collection.created_at)
            self.unread = [_file(each, None) for each in found.unread]
            self.documents = found.documents
            self.chunks = found.chunks

    def verify(self) -> None:
        """Read every member once.

        Raises:
            ArchiveError: a member is missing, superfluous, damaged or invalid.
        """
        names = self._archive.names
        if not 0 <= self.documents <= len(names):
            raise damaged(self.path, f"it cannot hold {self.documents} documents")
        expected = {member for pair in self._pairs() for member in pair}
        if missing := sorted(expected - names):
            raise damaged(self.path, f"{missing[0]} is missing")
        expected |= names & set(self._sentences())
        hashes = {name.removeprefix(ORIGINALS) for name in names - expected}
        if {original_member(each) for each in hashes} != names - expected:
            raise damaged(self.path, "it has members that belong to no document")
        wanted: dict[tuple[str, str], None] = {}
        chunks = 0
        for item in self.items():
            chunks += len(item.chunks)
            self.folders |= _folders(item.files)
            wanted.update(dict.fromkeys(_uploads(item.files, item.content_hash)))
        wanted.update(dict.fromkeys(_uploads(self.unread, "")))
        self.folders |= _folders(self.unread)
        if chunks != self.chunks:
            raise damaged(self.path, f"it has {chunks} chunks and should have {self.chunks}")
        self.originals = [each for each in wanted if each[1] in hashes]
        if hashes != {content_hash for _, content_hash in self.originals}:
            raise damaged(self.path, "it has originals that belong to no document")
        for content_hash in hashes:
            self._verify_original(content_hash)

    def items(self) -> Iterator[ArchivedDocument]:
        """Yield the documents in the order in which they were added.

        Raises:
            ArchiveError: a document is damaged or invalid.
        """
        for number, (name, vectors_name) in enumerate(self._pairs(), start=1):
            with self._making_sense(name):
                record = shaped(DocumentShape, self._archive.read_json(name))
                size = len(record.chunks) * self.embedder.dim * _FLOAT_BYTES
                fits = self._archive.manifest["members"][vectors_name]["bytes"] == size
                _require(fits, "its vectors do not fit its chunks")
                vectors = np.frombuffer(self._archive.read(vectors_name), dtype="<f4")
                found = _document(record, vectors.reshape(-1, self.embedder.dim))
                item = self._with_sentences(found, sentences_member(number))
            yield item

    def embedded(
        self, collection: CollectionInfo
    ) -> Iterator[tuple[ArchivedDocument, EmbeddedDocument]]:
        """Yield the documents, each with its form for a collection.

        Raises:
            ArchiveError: a document is damaged or invalid.
        """
        for item, (name, _) in zip(self.items(), self._pairs(), strict=True):
            with self._making_sense(name):
                ready = item.embedded(collection)
            yield item, ready

    @contextmanager
    def _making_sense(self, name: str) -> Iterator[None]:
        try:
            yield
        except _NONSENSE as error:
            reason = beyond_python(error) or error
            raise damaged(self.path, f"{name} does not make sense: {reason}") from error

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for number in range(1, self.documents + 1):
            yield f"documents/{number:06}.json", f"vectors/{number:06}.f32"

    @property
    def _may_have_sentences(self) -> bool:
        return bool(self._archive.manifest["version"] >= VERSION)

    def _sentences(self) -> Iterator[str]:
        """Yield the names of members with vectors of sentences."""
        if self._may_have_sentences:
            yield from (sentences_member(number) for number in range(1, self.documents + 1))

    def _with_sentences(self, found: ArchivedDocument, name: str) -> ArchivedDocument:
        if name not in self._archive.names or not self._may_have_sentences:
            return found
        rows = sentences_from(self._archive.read(name), found.chunks, found.keys, found.vectors)
        # Windows of other rules are computed again.
        known = self._archive.manifest.get("windows") == RULES
        return replace(found, sentences=tuple(rows)) if known else found

    def _verify_original(self, content_hash: str) -> None:
        name = original_member(content_hash)
        for _ in self._archive.parts(name):
            pass  # reading compares the bytes with the manifest's checksum
        if self._archive.manifest["members"][name]["sha256"] != content_hash:
            raise damaged(self.path, f"{name} is another file")


def _folders(files: list[ArchivedFile]) -> set[str]:
    sources = (file.state.source for file in files)
    return {source.root for source in sources if source.file is not None}


def _uploads(files: list[ArchivedFile], document_hash: str) -> Iterator[tuple[str, str]]:
    """Yield (path, SHA-256) of the originals that these sources refer to."""
    for file in files:
        if file.state.source.root == UPLOADS_ROOT:
            for content_hash in (document_hash, file.state.content_hash):
                if content_hash:
                    yield file.state.source.path, content_hash


def _document(found: DocumentShape, vectors: Vectors) -> ArchivedDocument:
    document = found.document
    inside = all(0 <= each.start <= each.end <= len(document.text) for each in found.chunks)
    _require(inside, "its chunks do not fit its text")
    ordinals = [chunk.ordinal for chunk in found.chunks]
    _require(ordinals == list(range(len(ordinals))), "its chunks are not in order")
    repeated = sum(chunk.end - chunk.start + len(document.title) for chunk in found.chunks)
    repeated += sum(len(chunk.header) for chunk in found.chunks)
    most = _FREE_CHARACTERS + _MOST_REPEATED * len(document.text)
    _require(repeated <= most, "its chunks repeat its text too often")
    lengths = np.linalg.norm(vectors, axis=1)
    _require(bool(np.all(np.abs(lengths - 1) < _UNIT_TOLERANCE)), "its vectors are damaged")
    _require(bool(found.files), "it has no source")
    keys = tuple(map(_key, found.keys))
    _require(len(keys) == len(found.chunks), "its keys do not fit its chunks")
    _require(found.size >= 0, "its size is less than nothing")
    return ArchivedDocument(
        document=document,
        content_hash=_hash(found.content_hash),
        settings_hash=found.settings_hash,
        size=found.size,
        chunks=tuple(
            replace(chunk, text=document.text[chunk.start : chunk.end]) for chunk in found.chunks
        ),
        keys=keys,
        vectors=vectors.astype(np.float32),
        files=[_file(each, 0) for each in found.files],
        added_at=_time(found.added_at),
    )


def _file(found: FileShape, document_id: int | None) -> ArchivedFile:
    own = {each.name: getattr(found, each.name) for each in fields(FileState)}
    state = FileState(**{**own, "document_id": document_id})
    source = state.source
    # It names a file below the folder of uploads: anything but a hash could lead out of it.
    if state.content_hash:
        _hash(state.content_hash)
    _require("\0" not in source.path, "a path holds a NUL character")
    inside = source.file is not None or not source.root.startswith("/")
    _require(inside, "a path leads out of its folder")
    tagged = all(0 < len(tag) <= MOST_CHARACTERS for tag in found.tags)
    _require(tagged, f"a tag is empty or has more than {MOST_CHARACTERS} characters")
    return ArchivedFile(state, _time(found.seen_at), found.tags)


def _described(folders: dict[str, str]) -> dict[str, str]:
    """Return the descriptions of folders; archives of older releases have none."""
    try:
        return changed({}, folders)
    except SettingsError as error:
        raise ValueError(str(error)) from error


def _key(value: str) -> bytes:
    _require(_KEY.fullmatch(value) is not None, f"{value[:80]!r} is no key of a vector")
    return bytes.fromhex(value)


def _hash(value: str) -> str:
    _require(_SHA256.fullmatch(value) is not None, f"{value[:80]!r} is no SHA-256")
    return value


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    if not condition:
        raise ValueError(otherwise)
