"""Values that pass between reading, storing and searching: frozen, slotted, keyword-only."""

from __future__ import annotations

from kb.records.documents import (
    Chunk,
    Document,
    MediaType,
    MetadataValue,
    Notice,
    Page,
    PageSource,
    Section,
    SectionKind,
    TextBox,
    with_header,
)
from kb.records.hits import Highlighting, Reason, SearchHit
from kb.records.reading import Reading
from kb.records.stored import (
    AddResult,
    CollectionInfo,
    CollectionRef,
    DocumentInfo,
    DocumentPage,
    Facets,
    FailedFile,
    FileState,
    Outcome,
    SearchMode,
    Source,
)

__all__ = [
    "AddResult",
    "Chunk",
    "CollectionInfo",
    "CollectionRef",
    "Document",
    "DocumentInfo",
    "DocumentPage",
    "Facets",
    "FailedFile",
    "FileState",
    "Highlighting",
    "MediaType",
    "MetadataValue",
    "Notice",
    "Outcome",
    "Page",
    "PageSource",
    "Reading",
    "Reason",
    "SearchHit",
    "SearchMode",
    "Section",
    "SectionKind",
    "Source",
    "TextBox",
    "with_header",
]
