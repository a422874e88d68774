"""What clients may send: strictly typed, bounded, nothing unknown."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kb.catalog.filters import SearchFilter
from kb.records import Highlighting, MediaType, SearchMode
from kb.search.filters import filter_from_text
from kb.search.query import MOST_CHARACTERS
from kb.search.request import SearchRequest
from kb.server.fields import (
    DIGITS,
    INTEGER,
    VALID,
    CollectionName,
    CollectionNames,
    Day,
    Instruction,
    Integer,
    MetadataItem,
    Pages,
    Words,
)


class Body(BaseModel):
    """A body as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Filters(Body):
    """Conditions that every hit meets, named as the options of ``kb search`` are."""

    documents: list[Integer] = Field(default=[], max_length=1000)
    path: Words = ""
    media_types: list[MediaType] = Field(default=[], max_length=16)
    tags: list[Words] = Field(default=[], max_length=100)
    languages: list[Words] = Field(default=[], max_length=100)
    since: Day = ""
    until: Day = ""
    pages: Pages = ""
    metadata: dict[Words, MetadataItem] = Field(default={}, max_length=100)

    def search_filter(self) -> SearchFilter:
        """Return these conditions as search takes them.

        Raises:
            SettingsError: there is no such day, or a range of pages ends before it begins.
        """
        typed = filter_from_text(
            path=self.path,
            media_types=self.media_types,
            tags=self.tags,
            languages=self.languages,
            since=self.since,
            until=self.until,
            pages=self.pages,
        )
        return SearchFilter(
            documents=tuple(self.documents),
            media_types=typed.media_types,
            path=typed.path,
            languages=typed.languages,
            tags=typed.tags,
            page_first=typed.page_first,
            page_last=typed.page_last,
            date_from=typed.date_from,
            date_to=typed.date_to,
            metadata=self.metadata,
        )


class SearchBody(Body):
    """``POST /v1/search``: what ``kb search`` takes."""

    query: Annotated[str, Field(max_length=MOST_CHARACTERS), VALID]
    collection: CollectionNames | None = None
    top_k: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = None
    mode: SearchMode | None = None
    context: Annotated[int, Field(ge=0, le=100), INTEGER] = 0
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    filters: Filters = Filters()
    instruct: Instruction = ""
    rerank: bool | None = None
    min_score: Annotated[float, Field(ge=0, le=1)] | None = None
    highlights: Highlighting = "words"

    def request(self) -> SearchRequest:
        """Return what is asked for as search takes it.

        Raises:
            SettingsError: a condition cannot be met by anything, such as a day that there is not.
        """
        return SearchRequest(
            query=self.query,
            collections=tuple(self.collection or ()) or None,
            top_k=self.top_k,
            where=self.filters.search_filter(),
            mode=self.mode,
            highlights=self.highlights,
            context=self.context,
            diversity=self.diversity,
            instruct=self.instruct,
            rerank=self.rerank,
            min_score=self.min_score,
        )


class DocumentsRequest(BaseModel):
    """``GET /v1/documents``: which of a collection's documents, newest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    collection: CollectionName | None = None
    limit: Annotated[int, Field(ge=1, le=10_000), DIGITS] = 1000
    offset: Annotated[int, Field(ge=0, le=10**9), DIGITS] = 0
