"""Documents as resources: people list them, read them and attach them to a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from kb.errors import DocumentNotFoundError, SettingsError
from kb.records import DocumentInfo
from kb.server.agents.desk import Desk
from kb.server.agents.fields import MOST_TOKENS
from kb.server.agents.listing import path_of
from kb.server.agents.reading import Read, read

SCHEME = "shelfmark"
ARGUMENT = "id"
TEMPLATE = f"{SCHEME}://document/{{{ARGUMENT}}}"
MIME_TYPE = "text/plain"

_PREFIX = TEMPLATE.partition("{")[0]
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """Some documents, and the cursor of the next ones; empty at the end."""

    documents: list[DocumentInfo]
    following: str


def address_of(info: DocumentInfo) -> str:
    """Return the address of a document as a resource."""
    return f"{_PREFIX}{info.short_id}"


def described(info: DocumentInfo) -> str:
    """Return the description that people read when they choose a document."""
    about: list[str] = [info.media_type]
    if info.pages:
        about.append(f"{info.pages} pages")
    about.append(f"{info.characters} characters")
    title = f"{info.title}. " if info.title else ""
    return f"{title}{', '.join(about)}, collection {info.collection}"


def name_of(info: DocumentInfo) -> str:
    """Return the name of a resource."""
    return path_of(info)


def listed(desk: Desk, cursor: str) -> Listed:
    """Return documents of all usable collections, a page at a time.

    Args:
        desk: the caller's knowledge base.
        cursor: ``following`` of the previous answer.

    Raises:
        SettingsError: the cursor is invalid.
    """
    require_reading(desk)
    after, _, name = cursor.partition("/")
    names = sorted(desk.collections())
    remaining = [each for each in names if each >= unquote(name)]
    found: list[DocumentInfo] = []
    for each in remaining:
        page = desk.base.document_page(
            collection=each, limit=_PAGE - len(found), after=after if each == unquote(name) else ""
        )
        found += page.documents
        if page.next:
            return Listed(found, f"{page.next}/{quote(each, safe='')}")
        if len(found) == _PAGE:
            beyond = [other for other in names if other > each]
            return Listed(found, f"/{quote(beyond[0], safe='')}" if beyond else "")
    return Listed(found, "")


def text_of(desk: Desk, uri: str) -> str:
    """Return the text of a resource, between marks; a long text says where to read on.

    Raises:
        DocumentNotFoundError: the document does not exist; the message names the nearest.
        SettingsError: the address is not a resource of this server.
    """
    require_reading(desk)
    if not uri.startswith(_PREFIX):
        msg = f"{uri[:200]!r} is no resource of this server; they are called {TEMPLATE}"
        raise SettingsError(msg)
    identity = unquote(uri.removeprefix(_PREFIX))
    if not identity:
        msg = f"{uri!r} names no document; write {TEMPLATE}"
        raise DocumentNotFoundError(msg)
    told = read(desk, Read(id=identity, max_tokens=MOST_TOKENS))
    following = told.result.values().get("next")
    more = f"\n\nThe rest is {_PREFIX}{following['id']}" if following else ""
    return told.text + more


def require_reading(desk: Desk) -> None:
    """Refuse a caller that may not read documents.

    Raises:
        SettingsError: the key lacks the scope.
    """
    if not desk.may_read:
        msg = f"the key {desk.caller.key!r} may not read documents; use one with the scope read"
        raise SettingsError(msg)
