"""Parameters and results of tools: few fields, each with a description for the model.

A model pays for each word that it reads, so answers contain only what it can use.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kb.search.query import MOST_CHARACTERS
from kb.server.fields import DIGITS, INTEGER, VALID, CollectionName
from kb.server.replies import Reply
from kb.server.requests import Body, QueryString

MOST_HITS = 20
MOST_LISTED = 200
MOST_TEXT = 20_000
"""Most characters of a document in one answer."""

_Query = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="What you want to know, as a full question or as keywords, in any language. "
        'Words in "double quotes" must stand in every passage; a word after a minus sign in none.',
    ),
    VALID,
]


class Search(Body):
    """What to search for."""

    query: _Query
    collection: CollectionName | None = Field(
        default=None,
        description="Name of the collection to search, as list_collections gives it. Leave it out "
        "unless the user asks for a certain collection.",
    )
    limit: Annotated[
        int, Field(ge=1, le=MOST_HITS, description="Most passages to return."), INTEGER
    ] = 5


class ReadDocument(Body):
    """Which document to read, and from where."""

    document_id: Annotated[
        int,
        Field(
            ge=1,
            le=2**53,
            description="Number of the document, as search_documents and list_documents give it.",
        ),
        INTEGER,
    ]
    start: Annotated[
        int,
        Field(
            ge=0,
            le=2**53,
            description="Character to begin at: 0, the `start` of a passage, or the `next` of "
            "the part before.",
        ),
        INTEGER,
    ] = 0
    length: Annotated[
        int, Field(ge=1, le=MOST_TEXT, description="Most characters to return."), INTEGER
    ] = 8000


class ListDocuments(QueryString):
    """The collection, and the position in its list of documents."""

    collection: CollectionName | None = Field(
        default=None,
        description="Name of the collection, as list_collections gives it. Leave it out for the "
        "usual one.",
    )
    offset: Annotated[
        int,
        Field(ge=0, le=10**9, description="How many documents to skip, for the next part."),
        DIGITS,
    ] = 0


class Passage(Reply):
    """A passage; cite it by ``document`` and ``place``.

    ``score`` is the search's confidence, from 0 to 1, that the passage answers. ``start`` is the
    passage's position in its document.
    """

    document: str
    document_id: int
    short_id: str
    collection: str
    place: str
    score: float
    start: int
    text: str


class Passages(Reply):
    """Passages, best first. ``did_you_mean`` is the query with corrected spelling, else empty."""

    passages: list[Passage]
    did_you_mean: str


class DocumentPart(Reply):
    """Part of a document. ``next`` is the position of the following part; null at the end."""

    document: str
    document_id: int
    short_id: str
    title: str
    characters: int
    start: int
    next: int | None
    text: str


class CollectionLine(Reply):
    """A collection."""

    name: str
    description: str
    documents: int


class Collections(Reply):
    """All collections; ``usual`` is the default."""

    collections: list[CollectionLine]
    usual: str


class DocumentLine(Reply):
    """A document."""

    document_id: int
    short_id: str
    document: str
    title: str
    characters: int
    added: str


class Documents(Reply):
    """Documents, newest first, and the total number."""

    documents: list[DocumentLine]
    total: int
