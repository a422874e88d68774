"""The contents of an archive's members, checked before use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np

from kb.archive.exporting import original_member, sentences_member
from kb.archive.file import ORIGINALS, VERSION, ArchiveReader, beyond_python, damaged
from kb.archive.sentences import sentences_from
from kb.catalog.sentences import StoredSentences
from kb.document_json import document_from_json
from kb.embedding.base import EmbedderIdentity, Vectors
from kb.errors import SettingsError
from kb.folders import changed
from kb.languages.chunks import chunk_language
from kb.languages.documents import language_of
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import (
    Chunk,
    CollectionInfo,
    Document,
    FileState,
    SearchMode,
    Source,
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
        manifest = archive.manifest
        try:
            self.embedder = EmbedderIdentity(**manifest["embedder"])
            collection = manifest["collection"]
            self.name = str(collection["name"])
            self.description = str(collection["description"])
            self.instruction = str(collection["instruction"])
            self.mode = _mode(collection.get("mode"))  # absent in archives of older releases
            self.described = _described(collection.get("folders", {}))
            self.created_at = _time(collection["created_at"])
            self.unread = [_file(values, None) for values in manifest["unread"]]
            self.documents = int(manifest["documents"])
            self.chunks = int(manifest["chunks"])
        except _NONSENSE as error:
            beyond = beyond_python(error)
            reason = f"cannot be read: {beyond}" if beyond else f"lacks {error}"
            raise damaged(path, f"its manifest {reason}") from error

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
                record = self._archive.read_json(name)
                size = len(record["chunks"]) * self.embedder.dim * _FLOAT_BYTES
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


def _document(record: dict[str, Any], vectors: Vectors) -> ArchivedDocument:
    values = record["document"]
    for name, kind in (("text", str), ("title", str), ("metadata", dict)):
        _require(isinstance(values[name], kind), f"its {name} is a {type(values[name]).__name__}")
    document = document_from_json(values)
    spans = [(item["start"], item["end"]) for item in record["chunks"]]
    inside = all(0 <= start <= end <= len(document.text) for start, end in spans)
    _require(inside, "its chunks do not fit its text")
    headers = [item.get("header", "") for item in record["chunks"]]  # none in older releases
    _require(all(isinstance(header, str) for header in headers), "a header row is no text")
    repeated = sum(end - start + len(document.title) for start, end in spans)
    repeated += sum(map(len, headers))
    most = _FREE_CHARACTERS + _MOST_REPEATED * len(document.text)
    _require(repeated <= most, "its chunks repeat its text too often")
    chunks = tuple(
        Chunk(
            **{
                **item,
                "heading_path": tuple(item["heading_path"]),
                "text": document.text[item["start"] : item["end"]],
            }
        )
        for item in record["chunks"]
    )
    lengths = np.linalg.norm(vectors, axis=1)
    _require(bool(np.all(np.abs(lengths - 1) < _UNIT_TOLERANCE)), "its vectors are damaged")
    files = [_file(values, 0) for values in record["files"]]
    _require(bool(files), "it has no source")
    keys = tuple(bytes.fromhex(key) for key in record["keys"])
    _require(len(keys) == len(chunks), "its keys do not fit its chunks")
    return ArchivedDocument(
        document=document,
        content_hash=_hash(record["content_hash"]),
        settings_hash=str(record["settings_hash"]),
        size=int(record["size"]),
        chunks=chunks,
        keys=keys,
        vectors=vectors.astype(np.float32),
        files=files,
        added_at=_time(record["added_at"]),
    )


def _file(values: dict[str, Any], document_id: int | None) -> ArchivedFile:
    known = {key: value for key, value in values.items() if key not in {"seen_at", "tags"}}
    source = Source(**values["source"])
    state = FileState(**{**known, "source": source, "document_id": document_id})
    # It names a file below the folder of uploads: anything but a hash could lead out of it.
    if state.content_hash:
        _hash(state.content_hash)
    _require("\0" not in source.path, "a path holds a NUL character")
    inside = source.file is not None or not source.root.startswith("/")
    _require(inside, "a path leads out of its folder")
    tags = tuple(values.get("tags", ()))  # absent in archives of older releases
    _require(all(isinstance(tag, str) for tag in tags), "a tag is no text")
    return ArchivedFile(state, _time(values["seen_at"]), tags)


def _described(folders: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    """Return the descriptions of folders; archives of older releases have none."""
    if not isinstance(folders, dict) or not all(isinstance(each, str) for each in folders.values()):
        msg = "descriptions of folders"
        raise TypeError(msg)
    try:
        return changed({}, folders)
    except SettingsError as error:
        raise ValueError(str(error)) from error


def _mode(value: object) -> SearchMode | None:
    known = {each: each for each in get_args(SearchMode)}
    return None if value is None else known[value]


def _hash(value: str) -> str:
    _require(_SHA256.fullmatch(value) is not None, f"{value[:80]!r} is no SHA-256")
    return value


def _time(value: str) -> str:
    return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    if not condition:
        raise ValueError(otherwise)
