"""The tools ``add_text``, ``tag`` and ``remove``: what an agent changes at once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kb.indexing.steps import PYTHON_ROOT
from kb.records import CollectionInfo, DocumentInfo, Source
from kb.records.short_ids import short_id
from kb.server.agents.desk import Desk, wrong
from kb.server.agents.fences import quoted
from kb.server.agents.fields import LISTED, Collection
from kb.server.agents.listing import DocumentLine, document_values, path_of
from kb.server.agents.results import Result, Told
from kb.server.fields import VALID, MetadataItem, Words
from kb.server.requests import Body

ADD_TEXT = """Store a text under a name, so that searches find it from now on.

Use this when the user asks you to remember or save something: a note, a summary, a page that you
have as text. For a file use add_file. A name that is taken is refused unless `replace` is true."""

TAG = """Give tags to documents, or take tags away; searches can ask for them.

Use this when the user wants documents marked or sorted."""

REMOVE = """Remove one document from the knowledge base, so that no search finds it.

Use this only when the user asks for it: it cannot be undone. The user's own file stays where it
is."""

_MOST_TEXT = 4_000_000
_MOST_TAGS = 100

Tags = Annotated[list[Words], Field(max_length=_MOST_TAGS), LISTED]
Target = Annotated[
    str,
    Field(
        max_length=200,
        description="Name of the collection to add to; made if it is not there. Leave it out for "
        "the usual one.",
    ),
    VALID,
]
Replace = Annotated[bool, Field(description="Whether it may take the place of what has that name.")]
Address = Annotated[
    str,
    Field(min_length=1, max_length=2000, description="Id or path of the document."),
    VALID,
]


class AddText(Body):
    """Parameters of ``add_text``."""

    text: Annotated[
        str,
        Field(min_length=1, max_length=_MOST_TEXT, description="The text, as it is to be kept."),
        VALID,
    ]
    name: Annotated[
        Words,
        Field(
            min_length=1,
            description="What it is called, as a path if you like: 'notes/roof repair.txt'.",
        ),
    ]
    collection: Target = ""
    tags: Tags = Field(default=[], description="Tags to give it.")
    metadata: dict[Words, MetadataItem] = Field(
        default={}, max_length=100, description="Values to keep beside it: {'author': 'Li'}."
    )
    replace: Replace = False


class TagDocuments(Body):
    """Parameters of ``tag``."""

    documents: Annotated[
        list[Address],
        Field(min_length=1, max_length=100, description="Ids or paths of the documents."),
        LISTED,
    ]
    add: Tags = Field(default=[], description="Tags to give them.")
    remove: Tags = Field(default=[], description="Tags to take from them.")


class Remove(Body):
    """Parameters of ``remove``."""

    id: Address
    collection: Collection = ""


class Added(Result):
    """What adding a text did."""

    outcome: Literal["added", "changed", "unchanged"]
    document: DocumentLine
    passages: int


class Tagged(Result):
    """Documents with the tags that they have now."""

    documents: list[DocumentLine]


class Removed(Result):
    """A document that is gone."""

    removed: DocumentLine


def add_text(desk: Desk, asked: AddText) -> Told:
    """Answer a call of ``add_text``."""
    if not asked.text.strip():
        msg = "`text` is blank; send the text itself"
        raise wrong(msg)
    base, collection = desk.base, desk.filled(asked.collection)
    if not asked.replace and _is_taken(desk, asked.name, collection):
        msg = (
            f"there is a text {asked.name!r} in {collection!r} already; read it, then call again "
            "with replace=true to replace it, or choose another name"
        )
        raise wrong(msg)
    added = base.add(
        asked.text, name=asked.name, collection=collection, metadata=dict(asked.metadata)
    )
    if asked.tags:
        base.tag([added.document_id], add=asked.tags)
    info = base.document(added.document_id)
    text = f"{added.outcome}: id={info.short_id} {quoted(path_of(info))} in {quoted(collection)}."
    return Told(
        text, Added(outcome=added.outcome, document=document_values(info), passages=added.chunks)
    )


def _is_taken(desk: Desk, name: str, collection: str) -> bool:
    """Say whether a collection, which need not be there yet, has a text of a name."""
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
    found = [_whole(desk, address) for address in asked.documents]
    desk.base.tag([info.id for info in found], add=asked.add, remove=asked.remove)
    now = [desk.base.document(info.id) for info in found]
    lines = [
        f"- id={info.short_id} {quoted(path_of(info))}: "
        + (", ".join(map(quoted, info.tags)) or "no tags")
        for info in now
    ]
    return Told("\n".join(lines), Tagged(documents=[document_values(info) for info in now]))


def remove(desk: Desk, asked: Remove) -> Told:
    """Answer a call of ``remove``."""
    info = _whole(desk, asked.id, asked.collection)
    desk.base.remove(info.id, collection=info.collection)
    return Told(
        f"removed: {quoted(path_of(info))} from {quoted(info.collection)}.",
        Removed(removed=document_values(info)),
    )


def _whole(desk: Desk, address: str, collection: str = "") -> DocumentInfo:
    """Return a document that is named as a whole: a passage's id is taken for a mistake."""
    named = short_id(address)
    if named is not None and named.start is not None:
        document = address.partition(".")[0]
        msg = f"{address!r} is a passage; give the id of its whole document, {document!r}"
        raise wrong(msg)
    return desk.named(address, [collection] if collection else [])
