"""Passages that a search found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from kb.places import page_span
from kb.records.documents import MediaType, MetadataValue, PageSource, SectionKind
from kb.records.stored import Source

Highlighting = Literal["sentences", "stored", "words", "none"]
"""What of a hit is marked: the sentence that answers and the query's words; those words; nothing.

Sentences are known from their stored vectors. Of hits that have none yet, the model reads the
sentences, about 0.1 s for each hit on a processor; with ``stored`` they go without."""

Reason = Literal["best", "meaning", "words", "title", "name"]
"""Why a hit was found: it is the first of those that are likely to answer; its meaning is near the
query's; it holds words of the query; its title holds all of them; the name of its file does."""

_MOST_WORDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One passage that answers a query, best first by ``score``.

    ``score`` says in [0, 1] how sure the search is that the passage answers, whatever the mode and
    the collection; a reranker's takes its place. ``scores`` holds what each stage gave, as far as
    it scored the passage: ``dense`` (by meaning, at most 1: the passage and its best sentence,
    without their language), ``keyword`` (BM25, from 0 up) and ``fused``, and ``ranks`` its place
    there, from 1. ``sources`` lists every file that holds this passage. ``before`` and ``after``
    are the document's text around ``text``, where neighbours were asked for.

    ``page_label`` and ``page_label_last`` are what the document calls its first and last page.
    ``header`` is the header row of the table that the passage begins inside of. ``highlights`` are
    spans inside ``text``, in order: ``sentence``, the one that answers, and those of ``words`` that
    stand outside of it. ``words`` are all words of the query. ``reasons`` say why it was found.
    ``read_by`` and ``confidence`` say whether the passage was read from a picture and how sure the
    reader was. ``about`` is what people say of the folders it is from, the innermost first, and of
    its collection. ``short_id`` reads the passage again: see :mod:`kb.records.short_ids`.
    """

    score: float
    text: str
    collection: str
    document_id: int
    chunk_id: int
    ordinal: int
    title: str
    media_type: MediaType
    sources: tuple[Source, ...]
    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    kind: SectionKind = "text"
    page_first: int | None = None
    page_last: int | None = None
    page_label: str = ""
    page_label_last: str = ""
    read_by: PageSource = "text"
    confidence: float | None = None
    header: str = ""
    highlights: tuple[tuple[int, int], ...] = ()
    sentence: tuple[int, int] | None = None
    words: tuple[tuple[int, int], ...] = ()
    reasons: tuple[Reason, ...] = ()
    short_id: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    ranks: Mapping[str, int] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    about: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The file to show first for this hit."""
        return str(self.sources[0]) if self.sources else self.title

    @property
    def unseen_title(self) -> str:
        """The document's title, where neither its place nor its text shows it; else empty."""
        shown = (*self.heading_path, self.source, PurePosixPath(self.source).stem)
        if self.title in shown or self.text.lstrip("# ").startswith(self.title):
            return ""
        return self.title

    @property
    def matched(self) -> tuple[str, ...]:
        """The query's words as they stand in the passage, each once, six at most."""
        spelled = (" ".join(self.text[start:end].split()) for start, end in self.words)
        first = {word.casefold(): word for word in reversed(list(spelled))}
        return tuple(dict.fromkeys(first[key] for key in reversed(first)))[:_MOST_WORDS]

    @property
    def told_reasons(self) -> tuple[Reason, ...]:
        """The reasons that a person is told: words that stand in the title or a name, once."""
        if self.matched or not {"title", "name"} & set(self.reasons):
            return self.reasons
        return tuple(reason for reason in self.reasons if reason != "words")

    @property
    def pages(self) -> str:
        """Its page or pages as a citation names them, by label or by number; else empty."""
        if self.page_first is None:
            return ""
        return page_span(
            self.page_first,
            self.page_last,
            first_label=self.page_label,
            last_label=self.page_label_last,
        )

    @property
    def place(self) -> str:
        """Where in the document: its page or pages if it has any, else its heading path."""
        if self.page_first is not None:
            return f"p. {self.pages}"
        return " › ".join(self.heading_path)
