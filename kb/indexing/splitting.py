"""Splits a document and computes all that needs no store; runs in any process."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kb.languages.chunks import chunk_language
from kb.languages.documents import language_of
from kb.prepared import SplitDocument
from kb.records import Document, with_header
from kb.splitting import SPLITTER_VERSION, SplitOptions, split
from kb.splitting.context import ContextPrefix
from kb.words.terms import index_text


class Counter(Protocol):
    """Token counts and limit of a model; every embedder has them."""

    @property
    def max_tokens(self) -> int:
        """Most tokens of a text that the model reads."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text without prompt and special tokens."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRules:
    """All inputs, except for document and model, that decide the chunks and their keys.

    ``contextual`` puts title and headings before each embedded text. ``fingerprint`` is that of the
    embedder.
    """

    options: SplitOptions
    contextual: bool
    fingerprint: str

    @property
    def hash(self) -> str:
        """A hash that differs if the same text may have other chunks or vectors."""
        context = ["contextual"] if self.contextual else []
        return short_hash(repr(self.options), str(SPLITTER_VERSION), self.fingerprint, *context)

    def key(self, text: str) -> bytes:
        """Return the key of the vector of an embedded text."""
        digest = hashlib.sha256(self.fingerprint.encode())
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.digest()


def split_document(
    document: Document,
    rules: SplitRules,
    counter: Counter,
    *,
    content_hash: str,
    settings_hash: str,
    size: int | None = None,
) -> SplitDocument:
    """Cut a document into chunks, with the data of each chunk for both searches.

    Args:
        document: as a loader read it.
        rules: the rules of cutting.
        counter: counts tokens as the embedder does.
        content_hash: hash of the file, or of the text without a file.
        settings_hash: hash of everything but the bytes that decides the chunks.
        size: size of the file in bytes; by default that of the text.

    Raises:
        SettingsError: the model's limit leaves too little room for any text.
    """
    most = counter.max_tokens
    prefix = ContextPrefix(document.title, counter.count_tokens) if rules.contextual else None
    chunks = tuple(
        split(
            document,
            rules.options,
            count_tokens=counter.count_tokens,
            max_tokens=(lambda path: most - prefix.tokens(path)) if prefix else most,
        )
    )
    texts = tuple(with_header(chunk.header, chunk.text) for chunk in chunks)
    inputs = tuple(
        prefix.before(chunk.heading_path) + text if prefix else text
        for chunk, text in zip(chunks, texts, strict=True)
    )
    language = language_of(document)
    return SplitDocument(
        document=document,
        content_hash=content_hash,
        settings_hash=settings_hash,
        size=len(document.text.encode("utf-8", "surrogatepass")) if size is None else size,
        chunks=chunks,
        inputs=inputs,
        keys=tuple(rules.key(text) for text in inputs),
        index_texts=tuple(index_text(text, language) for text in texts),
        language=language,
        languages=tuple(chunk_language(chunk.text, language) for chunk in chunks),
    )


def short_hash(*parts: str) -> str:
    """Return 64 bits of the SHA-256 of some texts, as hexadecimal."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
