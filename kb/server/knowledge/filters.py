"""Conditions on hits, as clients send them."""

from __future__ import annotations

from pydantic import Field

from kb.catalog.filters import SearchFilter
from kb.records import MediaType
from kb.search.filters import filter_from_text
from kb.server.fields import Day, Integer, MetadataItem, Pages, Words
from kb.server.requests import Body


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
