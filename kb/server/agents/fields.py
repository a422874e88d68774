"""Parameters that several tools share, each with a description for the model."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from kb.catalog.filters import SearchFilter
from kb.records import MediaType
from kb.search.filters import filter_from_text
from kb.server.fields import INTEGER, VALID, CollectionName, Day, MetadataItem, Pages, Words
from kb.server.requests import Body

LEAST_TOKENS, MOST_TOKENS = 200, 50_000
USUAL_TOKENS = 5000
MOST_PAGE = 500
"""Most documents or collections of one answer."""


def _listed(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Turn a single text into a list."""
    return [value] if isinstance(value, str) else value


LISTED = BeforeValidator(_listed)

Tokens = Annotated[
    int,
    Field(
        ge=LEAST_TOKENS,
        le=MOST_TOKENS,
        description="Limit of the answer in tokens, roughly. `next` continues with the rest.",
    ),
    INTEGER,
]
Collection = Annotated[
    str,
    Field(
        max_length=200,
        description="Name of a collection, as list_collections gives it. Leave it out for the "
        "usual one.",
    ),
    VALID,
]


class Conditions(Body):
    """Conditions on documents."""

    path: Annotated[
        Words,
        Field(
            description="Only documents whose path matches this glob, in which * crosses slashes: "
            "'contracts/*', '*.pdf', '*minutes*'."
        ),
    ] = ""
    types: Annotated[list[MediaType], LISTED] = Field(
        default=[], max_length=16, description="Only documents of these types."
    )
    tags: Annotated[list[Words], LISTED] = Field(
        default=[], max_length=100, description="Only documents that have all of these tags."
    )
    languages: Annotated[list[Words], LISTED] = Field(
        default=[], max_length=100, description="Only documents in these languages: 'en', 'zh'."
    )
    since: Annotated[
        Day, Field(description="Only documents of this day or later: 2024, 2024-05, 2024-05-01.")
    ] = ""
    until: Annotated[Day, Field(description="Only documents of this day or before.")] = ""
    metadata: dict[Words, MetadataItem] = Field(
        default={},
        max_length=100,
        description="Only documents whose metadata has these values: {'author': 'Li'}.",
    )

    def search_filter(self, *, pages: str = "", documents: tuple[int, ...] = ()) -> SearchFilter:
        """Return these conditions as a filter of search.

        Raises:
            SettingsError: a date does not exist, or a range of pages ends before it begins.
        """
        typed = filter_from_text(
            path=self.path,
            media_types=self.types,
            tags=self.tags,
            languages=self.languages,
            since=self.since,
            until=self.until,
            pages=pages,
            documents=documents,
        )
        return SearchFilter(
            documents=typed.documents,
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


PageRange = Annotated[
    Pages, Field(description="Only passages on these pages: '3', '3-7', '3-', '-7'.")
]
Names = Annotated[list[CollectionName], Field(max_length=100), LISTED]
NAMES = "Names of the collections to look in, as list_collections gives them. Leave it out for "
