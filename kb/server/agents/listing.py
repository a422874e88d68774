"""The tools ``list_documents`` and ``list_collections``: the stored documents and collections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from kb.reading.names import files_named
from kb.records import CollectionInfo, DocumentInfo
from kb.server.agents.budget import Budget
from kb.server.agents.desk import Desk, counted
from kb.server.agents.fences import ABOUT, quoted
from kb.server.agents.fields import MOST_PAGE, USUAL_TOKENS, Collection, Conditions, Tokens
from kb.server.agents.results import Next, Result, Told, Unmet, more
from kb.server.agents.unmet import unmet
from kb.server.fields import INTEGER, PageCursor
from kb.server.requests import Body

DOCUMENTS = """List the documents of a collection, newest first, with their ids and paths.

Use this when the user asks which documents there are or which were added lately, or to find a
document by its name: `path` takes a glob. To find what documents say, use search instead."""

COLLECTIONS = """List the collections of documents, each with its description.

Use this when the user names a collection, or to choose where to search."""


_NONE_FOLLOW = "But none of them follow there; leave out {} to begin at the first."
_MOST_FOLDERS = 20
MOST_PATHS = 20


class ListDocuments(Conditions):
    """Parameters of ``list_documents``."""

    collection: Collection = ""
    limit: Annotated[
        int, Field(ge=1, le=MOST_PAGE, description="Number of documents at most."), INTEGER
    ] = 100
    after: Annotated[
        PageCursor, Field(description="Where to continue: `next` of the previous answer.")
    ] = ""
    max_tokens: Tokens = USUAL_TOKENS


class ListCollections(Body):
    """Parameters of ``list_collections``."""

    offset: Annotated[
        int,
        Field(ge=0, le=10**6, description="How many collections to skip, as `next` says."),
        INTEGER,
    ] = 0
    max_tokens: Tokens = USUAL_TOKENS


class DocumentLine(Result):
    """A document. Its path, title and tags are untrusted text.

    A key without permission to read learns only which document it is.
    """

    id: str
    collection: str
    path: str
    other_paths: list[str] | None = Field(
        default=None, description="Other names that the same content has there: the first 20."
    )
    title: str | None = None
    type: str
    pages: int | None = None
    characters: int | None = None
    language: str | None = None
    tags: list[str] | None = None
    added: str | None = None


class Documents(Result):
    """Documents of a collection, newest first; ``total`` counts all that match."""

    collection: str
    documents: list[DocumentLine]
    total: int
    unmet: Unmet = None
    next: Next = None


class CollectionLine(Result):
    """A collection."""

    name: str
    description: str
    documents: int
    passages: int
    folders: dict[str, str]


class Collections(Result):
    """Collections by name; ``usual`` is the default of calls."""

    collections: list[CollectionLine]
    usual: str
    total: int
    next: Next = None


def list_documents(desk: Desk, asked: ListDocuments) -> Told:
    """Answer a call of ``list_documents``."""
    collection = desk.one(asked.collection)
    page = desk.base.document_page(
        collection=collection, where=asked.search_filter(), limit=asked.limit, after=asked.after
    )
    budget = Budget(asked.max_tokens)
    lines: list[str] = []
    told: list[DocumentLine] = []
    for info in page.documents:
        line = document_line(info)
        if not budget.take(line):
            break
        lines.append(line)
        told.append(document_values(desk, info))
    last = page.next
    if len(lines) < len(page.documents):
        last = desk.base.document_page(
            collection=collection,
            where=asked.search_filter(),
            limit=len(lines),
            after=asked.after,
        ).next
    following = {"after": last} if last else None
    head = f"{counted(page.total, 'document')} in collection {quoted(collection)}"
    why = "" if page.total else unmet(desk, [collection], asked)
    if asked.after and page.total and not page.documents:
        why = f" {_NONE_FOLLOW.format('`after`')}"
    head += ", newest first:" if lines else f".{why}"
    text = "\n".join([head, *lines]) + more(following)
    return Told(
        text,
        Documents(
            collection=collection,
            documents=told,
            total=page.total,
            unmet=why.strip() or None,
            next=following,
        ),
    )


def list_collections(desk: Desk, asked: ListCollections) -> Told:
    """Answer a call of ``list_collections``."""
    found = list(desk.collections().values())
    budget = Budget(asked.max_tokens)
    lines: list[str] = []
    told: list[CollectionLine] = []
    for info in found[asked.offset :]:
        line = _collection_line(info)
        if not budget.take(line):
            break
        lines.append(line)
        told.append(
            CollectionLine(
                name=info.name,
                description=info.description,
                documents=info.documents,
                passages=info.chunks,
                folders=dict(info.folders),
            )
        )
    after = asked.offset + len(lines)
    following = {"offset": after} if after < len(found) else None
    usual = desk.usual()
    head = counted(len(found), "collection")
    head += f"; {quoted(usual)} is meant where none is named:" if usual else ":"
    if asked.offset and found and not lines:
        head += f" {_NONE_FOLLOW.format('`offset`')}"
    text = "\n".join([head, *lines]) + more(following)
    return Told(text, Collections(collections=told, usual=usual, total=len(found), next=following))


def path_of(info: DocumentInfo, asked: str = "") -> str:
    """Return the path to cite a document by: the requested one, if it is one of its paths."""
    named = files_named(info, asked) or info.sources
    return str(named[0]) if named else info.name


def other_paths(info: DocumentInfo, path: str) -> list[str]:
    """Return the other paths of the same content in its collection."""
    return [str(each) for each in info.sources if str(each) != path]


def also_called(info: DocumentInfo, path: str) -> str:
    """Return a phrase with the other paths of the same content; empty without any."""
    return told_of(other_paths(info, path))


def told_of(paths: Sequence[str]) -> str:
    """Return paths as a phrase: the first ones, and the number of others."""
    told = ", ".join(map(quoted, paths[:MOST_PATHS]))
    left = len(paths) - MOST_PATHS
    return told + (f" and {counted(left, 'more name')}" if left > 0 else "")


def document_line(info: DocumentInfo) -> str:
    """Return a document as a line."""
    path = path_of(info)
    line = f"- id={info.short_id} {quoted(path)}"
    if others := also_called(info, path):
        line += f", also called {others}"
    if info.title:
        line += f", titled {quoted(info.title)}"
    line += f", {info.media_type}"
    if info.pages:
        line += f", {counted(info.pages, 'page')}"
    line += f", {counted(info.characters, 'character')}"
    if info.tags:
        line += f", tags {', '.join(map(quoted, info.tags))}"
    return f"{line}, added {info.added_at.date().isoformat()}"


def document_values(desk: Desk, info: DocumentInfo, asked: str = "") -> DocumentLine:
    """Return a document as values, under the requested path if it is one of its paths."""
    path = path_of(info, asked)
    if not desk.may_read:
        path = asked or path
        return DocumentLine(
            id=info.short_id, collection=info.collection, path=path, type=info.media_type
        )
    return DocumentLine(
        id=info.short_id,
        collection=info.collection,
        path=path,
        other_paths=other_paths(info, path)[:MOST_PATHS] or None,
        title=info.title,
        type=info.media_type,
        pages=info.pages,
        characters=info.characters,
        language=info.language,
        tags=list(info.tags),
        added=info.added_at.isoformat(),
    )


def _collection_line(info: CollectionInfo) -> str:
    line = f"- {quoted(info.name)}: {counted(info.documents, 'document')}, "
    line += counted(info.chunks, "passage")
    if info.description:
        line += f". {quoted(info.description, most=ABOUT)}"
    folders = list(info.folders.items())
    told = [
        f"  - folder {quoted(folder)}: {quoted(said, most=ABOUT)}"
        for folder, said in folders[:_MOST_FOLDERS]
    ]
    if len(folders) > _MOST_FOLDERS:
        told.append(f"  - and {len(folders) - _MOST_FOLDERS} more folders")
    return "\n".join([line, *told])
