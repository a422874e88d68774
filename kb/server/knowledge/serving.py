"""What every route of a knowledge base works with, and which collections a caller means."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Path

from kb.catalog.numbers import no_document
from kb.knowledge_base import KnowledgeBase
from kb.records import DocumentInfo
from kb.server.caller import Caller
from kb.server.fields import DIGITS, MOST_INTEGER
from kb.server.lanes import Lane

if TYPE_CHECKING:
    from ingest.jobs import Jobs

Item = TypeVar("Item")

STORE = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)
"""What a route may answer that looks something up in the store."""

DocumentId = Annotated[int, Path(ge=0, le=MOST_INTEGER), DIGITS]

_CHANGES_AT_ONCE = 8  # they wait for each other in any case
_ANSWERS_AT_ONCE = 16
_UPLOADS_AT_ONCE = 16
# After that, a commit under way is left to its thread; the next process cleans up.
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A knowledge base that is served, and the threads that work for its routes.

    Attributes:
        base: what is served.
        jobs: ingestion in the background, which this process does, too.
        quick: for what is looked up.
        changes: for what changes the store, which waits for whoever else does.
        answers: for what a chat model writes.
        arriving: how many uploads are taken at once; others wait, and nothing of them is read. Each
            has two files open beside its connection.
        ending: set when the server is told to end.
    """

    base: KnowledgeBase
    jobs: Jobs
    quick: Lane
    changes: Lane = field(
        default_factory=lambda: Lane("changes of what is stored", _CHANGES_AT_ONCE)
    )
    answers: Lane = field(default_factory=lambda: Lane("answers", _ANSWERS_AT_ONCE))
    arriving: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_UPLOADS_AT_ONCE))
    ending: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        """Wait for what is under way; jobs go on when a server is there again."""
        self.ending.set()
        self.changes.close()
        self.answers.close()
        self.jobs.close(timeout_s=_GRACE_S)

    def chosen(self, caller: Caller, *names: str | None) -> tuple[str, ...] | None:
        """Return the collections that a request means; None is the one of the settings.

        Raises:
            RefusalError: the caller's key is not for one of them (403).
        """
        return caller.chosen(
            [name for name in names if name], default=self.base.settings.collection
        )

    def one(self, caller: Caller, name: str | None) -> str:
        """Return the one collection that a request means.

        Raises:
            RefusalError: the caller's key is not for it (403).
        """
        chosen = self.chosen(caller, name)
        return chosen[0] if chosen else self.base.settings.collection

    def document(self, caller: Caller, document_id: int) -> DocumentInfo:
        """Return a document's description.

        Raises:
            DocumentNotFoundError: there is none, or the caller's key is not for its collection.
        """
        info = self.base.document(document_id)
        if not caller.among([info.collection]):
            raise no_document(document_id)  # in the words for one that is nowhere
        return info


def listed(items: Iterable[dict[str, Any]], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a list as the server answers it."""
    return {"object": "list", "data": list(items), **more}


def page(
    found: Sequence[Item],
    as_json: Callable[[Item], dict[str, Any]],
    *,
    offset: int,
    total: int,
) -> dict[str, Any]:
    """Return a page that begins at ``offset`` of ``total``, and whether more follow."""
    more = bool(found) and offset + len(found) < total  # what is gone meanwhile has no next page
    return listed(map(as_json, found), total=total, has_more=more)
