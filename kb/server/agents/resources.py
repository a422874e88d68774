"""Documents as resources, which people attach to a conversation: listed, and read by address."""

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
    """Some documents, and where those begin that follow; empty at the end."""

    documents: list[DocumentInfo]
    following: str


def address_of(info: DocumentInfo) -> str:
    """Return the address of a document as a resource."""
    return f"{_PREFIX}{info.short_id}"


def described(info: DocumentInfo) -> str:
    """Return what people read of a document when they choose one."""
    about: list[str] = [info.media_type]
    if info.pages:
        about.append(f"{info.pages} pages")
    about.append(f"{info.characters} characters")
    title = f"{info.title}. " if info.title else ""
    return f"{title}{', '.join(about)}, collection {info.collection}"


def name_of(info: DocumentInfo) -> str:
    """Return what a resource is called."""
    return path_of(info)


def listed(desk: Desk, cursor: str) -> Listed:
    """Return the documents of all collections that may be used, some at a time.

    Args:
        desk: whose.
        cursor: the ``following`` of the answer before.

    Raises:
        SettingsError: that is none.
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
    """Return the text of a resource, between marks; a long one says where its rest is.

    Raises:
        DocumentNotFoundError: there is none; the message names the nearest.
        SettingsError: the address is of no resource of this server.
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
    """Refuse whoever may not read documents.

    Raises:
        SettingsError: the key has not that scope.
    """
    if not desk.may_read:
        msg = f"the key {desk.caller.key!r} may not read documents; use one with the scope read"
        raise SettingsError(msg)
