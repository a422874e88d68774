"""Conditions on hits and documents, as clients send them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kb.catalog.filters import SearchFilter
from kb.records import MediaType
from kb.search.filters import filter_from_text
from kb.server.fields import (
    DIGITS,
    MOST_INTEGER,
    Day,
    Integer,
    MetadataItem,
    MetadataPair,
    Pages,
    Words,
)
from kb.server.requests import Body, QueryString

LISTS = frozenset({"documents", "media_types", "tags", "languages", "metadata"})
"""Query parameters of :class:`ListedFilters` that may appear several times."""

_Number = Annotated[int, Field(ge=0, le=MOST_INTEGER), DIGITS]


class Filters(Body):
    """Conditions that every hit meets; they have the names of the options of ``kb search``."""

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
        """Return these conditions as a filter of search.

        Raises:
            SettingsError: a date does not exist, or a range of pages ends before it begins.
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


class ListedFilters(QueryString):
    """The same conditions on documents, in a query string; a repeated name makes a list."""

    documents: list[_Number] = Field(default=[], max_length=500)
    path: Words = ""
    media_types: list[MediaType] = Field(default=[], max_length=16)
    tags: list[Words] = Field(default=[], max_length=100)
    languages: list[Words] = Field(default=[], max_length=100)
    since: Day = ""
    until: Day = ""
    pages: Pages = ""
    metadata: list[MetadataPair] = Field(
        default=[], max_length=100, description="Each as `KEY=VALUE`; numbers and yes as text."
    )

    def search_filter(self) -> SearchFilter:
        """Return these conditions as a filter of listings.

        Raises:
            SettingsError: a date does not exist, or a range of pages ends before it begins.
        """
        return filter_from_text(
            documents=self.documents,
            path=self.path,
            media_types=self.media_types,
            tags=self.tags,
            languages=self.languages,
            since=self.since,
            until=self.until,
            pages=self.pages,
            metadata=self.metadata,
        )
