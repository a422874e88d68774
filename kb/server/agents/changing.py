"""The tools ``add_text``, ``tag`` and ``remove``: changes that an agent makes at once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kb.indexing.steps import PYTHON_ROOT
from kb.metadata import clean_tags, folded
from kb.reading.names import files_named
from kb.records import CollectionInfo, DocumentInfo, Source
from kb.records.short_ids import short_id
from kb.server.agents.desk import Desk, wrong
from kb.server.agents.fences import quoted
from kb.server.agents.fields import LISTED
from kb.server.agents.listing import (
    MOST_PATHS,
    DocumentLine,
    also_called,
    document_values,
    path_of,
    told_of,
)
from kb.server.agents.results import Result, Told
from kb.server.fields import VALID, MetadataItem, Words
from kb.server.requests import Body

ADD_TEXT = """Store a text under a name, so that searches find it from now on.

Use this when the user asks you to remember or save something: a note, a summary, a page that you
have as text. For a file use add_file. A name that is taken is refused unless `replace` is true."""

TAG = """Add tags to documents, or remove tags; searches can filter by tag.

Use this when the user wants documents marked or sorted."""

REMOVE = """Remove one document from the knowledge base, so that no search finds it.

Use this only when the user asks for it: it cannot be undone. An id removes the whole document. A
whole path removes only that path, and the same text stays under its other paths. For a collection
other than the usual one, give `collection`. The user's own file stays where it is."""

_MOST_TEXT = 4_000_000
_MOST_TAGS = 100

Tags = Annotated[list[Words], Field(max_length=_MOST_TAGS), LISTED]
Target = Annotated[
    str,
    Field(
        max_length=200,
        description="Name of the collection to add to; created if it does not exist. Leave it out "
        "for the usual one.",
    ),
    VALID,
]
Replace = Annotated[
    bool, Field(description="Whether it may replace an existing text of that name.")
]
Address = Annotated[
    str,
    Field(min_length=1, max_length=2000, description="Id or path of the document."),
    VALID,
]


Holder = Annotated[
    str,
    Field(
        max_length=200,
        description="Name of its collection. Leave it out for the usual one; a call changes other "
        "collections only if it names them.",
    ),
    VALID,
]


class AddText(Body):
    """Parameters of ``add_text``."""

    text: Annotated[
        str,
        Field(min_length=1, max_length=_MOST_TEXT, description="The text to store."),
        VALID,
    ]
    name: Annotated[
        Words,
        Field(
            min_length=1,
            description="Name of the text, as a path if you like: 'notes/roof repair.txt'.",
        ),
    ]
    collection: Target = ""
    tags: Tags = Field(default=[], description="Tags to add.")
    metadata: dict[Words, MetadataItem] = Field(
        default={}, max_length=100, description="Metadata to store with it: {'author': 'Li'}."
    )
    replace: Replace = False


class TagDocuments(Body):
    """Parameters of ``tag``."""

    documents: Annotated[
        list[Address],
        Field(min_length=1, max_length=100, description="Ids or paths of the documents."),
        LISTED,
    ]
    add: Tags = Field(default=[], description="Tags to add to them.")
    remove: Tags = Field(default=[], description="Tags to remove from them.")
    collection: Holder = ""


class Remove(Body):
    """Parameters of ``remove``."""

    id: Address
    collection: Holder = ""


class Added(Result):
    """The result of adding a text."""

    outcome: Literal["added", "changed", "unchanged"]
    document: DocumentLine
    passages: int


class Tagged(Result):
    """Documents with their tags after the change."""

    documents: list[DocumentLine]


class Removed(Result):
    """A removed document."""

    removed: DocumentLine
    stays_as: list[str] | None = Field(
        default=None, description="Other names under which the same text stays: the first 20."
    )
    still_in: list[str] | None = Field(
        default=None, description="Other collections that have the same document."
    )


def add_text(desk: Desk, asked: AddText) -> Told:
    """Answer a call of ``add_text``."""
    if not asked.text.strip():
        msg = "`text` is blank; send the text itself"
        raise wrong(msg)
    base, collection = desk.base, desk.filled(asked.collection)
    if not asked.replace and _is_taken(desk, asked.name, collection):
        msg = (
            f"there is a text {asked.name!r} in {collection!r} already; call again "
            "with replace=true to replace it, or choose another name"
        )
        raise wrong(msg)
    tags = clean_tags(asked.tags)  # before storing anything
    added = base.add(
        asked.text, name=asked.name, collection=collection, metadata=dict(asked.metadata)
    )
    if tags:
        base.tag([added.document_id], add=tags)
    info = base.document(added.document_id)
    path = path_of(info, asked.name)
    text = f"{added.outcome}: id={info.short_id} {quoted(path)} in {quoted(collection)}."
    if desk.may_read and (others := also_called(info, path)):
        text += f" The same text is there under other names, as one document: {others}."
    values = document_values(desk, info, asked.name)
    return Told(text, Added(outcome=added.outcome, document=values, passages=added.chunks))


def _is_taken(desk: Desk, name: str, collection: str) -> bool:
    """Return whether a collection, which may not exist yet, has a text of this name."""
    found = desk.base.held(collection)
    if not isinstance(found, CollectionInfo):
        return False
    source = Source(root=PYTHON_ROOT, path=name)
    return desk.base.files.state(source, collection=found) is not None


def tag(desk: Desk, asked: TagDocuments) -> Told:
    """Answer a call of ``tag``."""
    if not (asked.add or asked.remove):
        msg = "tag needs `add` or `remove`, a list of tags"
        raise wrong(msg)
    adding, removing = clean_tags(asked.add), clean_tags(asked.remove)
    added = {folded(each) for each in adding}
    if both := [each for each in removing if folded(each) in added]:
        msg = f"`add` and `remove` both have {', '.join(map(repr, both))}; say which is meant"
        raise wrong(msg)
    found = [desk.changed(address, asked.collection) for address in asked.documents]
    desk.base.tag([info.id for info in found], add=adding, remove=removing)
    lines: list[str] = []
    told: list[DocumentLine] = []
    for before, address in zip(found, asked.documents, strict=True):
        info = desk.base.document(before.id)
        values = document_values(desk, info, address)
        told.append(values)
        line = f"- id={info.short_id} {quoted(values.path)} in {quoted(info.collection)}"
        if not desk.may_read:
            lines.append(f"{line}: done")
            continue
        line += f": {', '.join(map(quoted, info.tags)) or 'no tags'}"
        had = {folded(each) for each in before.tags}
        if never := [each for each in removing if folded(each) not in had]:
            line += f"; it did not have {', '.join(map(quoted, never))} from a person"
        lines.append(line)
    return Told("\n".join(lines), Tagged(documents=told))


def remove(desk: Desk, asked: Remove) -> Told:
    """Answer a call of ``remove``."""
    info = desk.changed(asked.id, asked.collection)
    _refuse_part_of_name(desk, info, asked.id)
    elsewhere = desk.also_in(info)
    values = document_values(desk, info, asked.id)
    named = files_named(info, asked.id) or info.sources
    stays = [each.path for each in info.sources if each not in named]
    if stays:
        desk.base.files.forget(named, collection=info.collection)
    else:
        desk.base.remove(info.id, collection=info.collection)
    gone = [each.path for each in named if each.path != values.path] if desk.may_read else []
    text = f"removed: {told_of([values.path, *gone])} from {quoted(info.collection)}."
    if stays:
        names = told_of(stays) if desk.may_read else "something else"
        text += f" The same text stays there as {names}; give its id to remove it whole."
    if elsewhere:
        text += f" The same document is still in {', '.join(map(quoted, elsewhere))}."
    removed = Removed(
        removed=values.model_copy(update={"other_paths": gone[:MOST_PATHS] or None}),
        stays_as=(stays[:MOST_PATHS] if desk.may_read else None) or None,
        still_in=elsewhere or None,
    )
    return Told(text, removed)


def _refuse_part_of_name(desk: Desk, info: DocumentInfo, address: str) -> None:
    """Refuse the end of a path or a title: after a removal it would mean another document."""
    wanted = address.strip()
    whole = any(wanted in {each.path, each.whole} for each in info.sources)
    if whole or wanted == str(info.id) or short_id(wanted):
        return
    msg = (
        f"{address[:200]!r} is only part of a name; nothing was removed. Give the whole path or id"
    )
    if desk.may_read:
        msg += f": {info.short_id} is {quoted(path_of(info, address))}"
    raise wrong(msg)
