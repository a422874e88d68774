"""The hits of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from kb.places import page_span
from kb.records.documents import MediaType, MetadataValue, PageSource, SectionKind
from kb.records.stored import Source

Highlighting = Literal["sentences", "stored", "words", "none"]
"""Marks of a hit: the answering sentence with the query's words, only the words, or none.

The answering sentence is found by the stored vectors of sentences. For a hit without such vectors,
``sentences`` embeds its sentences (about 0.1 s for each hit on a processor), and ``stored`` marks
no sentence.
"""

Reason = Literal["best", "meaning", "words", "title", "name"]
"""Reason why a hit was found, one of five.

``best``: it is the first of the hits that probably answer. ``meaning``: its meaning is near the
query's. ``words``: it contains words of the query. ``title``: its title contains all of them.
``name``: its file's name does.
"""

_MOST_WORDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A passage found by a search.

    ``score`` in [0, 1] is the confidence that the passage answers; it means the same in every mode
    and collection. The score of a reranker replaces it. ``scores`` holds the score of each stage
    that scored the passage: ``dense`` (by meaning, at most 1: the passage and its best sentence,
    without their language), ``keyword`` (BM25, from 0 up) and ``fused``. ``ranks`` holds its rank
    in each stage, from 1. ``sources`` lists every file with this passage. ``before`` and ``after``
    are the document's text around ``text``, if the search asked for neighbours.

    ``page_label`` and ``page_label_last`` are the printed labels of its first and last page.
    ``header`` is the header row of a table if the passage begins inside the table. ``highlights``
    are spans of ``text``, in order: ``sentence``, the answering one, and those of ``words`` that
    lie outside of it. ``words`` are the spans of all the query's words. ``reasons`` say why the
    passage was found. ``read_by`` and ``confidence`` say whether OCR read the passage, and how
    reliably. ``about`` holds the descriptions of its folders, the innermost first, and of its
    collection. ``short_id`` is an address that reads the passage again: see
    :mod:`kb.records.short_ids`.
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
        """The document's title if neither its place nor its text contains it; else empty."""
        shown = (*self.heading_path, self.source, PurePosixPath(self.source).stem)
        if self.title in shown or self.text.lstrip("# ").startswith(self.title):
            return ""
        return self.title

    @property
    def matched(self) -> tuple[str, ...]:
        """The query's words as the passage spells them, each once, at most six.

        Without spaces between words, one that is a part of another is left out.
        """
        spelled = (" ".join(self.text[start:end].split()) for start, end in self.words)
        first = {word.casefold(): word for word in reversed(list(spelled))}
        words = dict.fromkeys(first[key] for key in reversed(first))
        return tuple(word for word in words if not _is_part(word, words))[:_MOST_WORDS]

    @property
    def told_reasons(self) -> tuple[Reason, ...]:
        """The reasons to show, without ``words`` if they occur only in the title or a name."""
        if self.matched or not {"title", "name"} & set(self.reasons):
            return self.reasons
        return tuple(reason for reason in self.reasons if reason != "words")

    @property
    def pages(self) -> str:
        """Its page or pages as in a citation, by label or by number; empty without pages."""
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
        """Its place in the document: the page or pages, or else the heading path."""
        if self.page_first is not None:
            return f"p. {self.pages}"
        return " › ".join(self.heading_path)


def _is_part(word: str, words: Iterable[str]) -> bool:
    """Return whether an unspaced word is a part of another one."""
    from kb.words.folding import is_unspaced  # noqa: PLC0415 - `import kb` stays light

    return is_unspaced(word) and any(word in other for other in words if word != other)
