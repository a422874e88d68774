"""Shared parts of all routes of a knowledge base, and the collections of a caller."""

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
"""Errors of every route that looks something up in the store."""

DocumentId = Annotated[int, Path(ge=0, le=MOST_INTEGER), DIGITS]

_CHANGES_AT_ONCE = 8  # they wait for each other anyway
_ANSWERS_AT_ONCE = 16
_UPLOADS_AT_ONCE = 16
# After this time a thread finishes the commit under way; the next process cleans up.
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A served knowledge base, and the threads that work for its routes.

    Attributes:
        base: the knowledge base.
        jobs: ingestion in the background, which this process also runs.
        quick: lane of lookups.
        changes: lane of changes to the store, which wait for other writers.
        answers: lane of a chat model's answers.
        arriving: limit of uploads received at once; the server reads nothing of the others yet.
            Each upload has two open files beside its connection.
        ending: set when the server is told to end.
    """

    base: KnowledgeBase
    jobs: Jobs
    quick: Lane
    changes: Lane = field(default_factory=lambda: Lane("changes of the store", _CHANGES_AT_ONCE))
    answers: Lane = field(default_factory=lambda: Lane("answers", _ANSWERS_AT_ONCE))
    arriving: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_UPLOADS_AT_ONCE))
    ending: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        """Wait for the work under way; jobs continue when a server runs again."""
        self.ending.set()
        self.changes.close()
        self.answers.close()
        self.jobs.close(timeout_s=_GRACE_S)

    def chosen(self, caller: Caller, *names: str | None) -> tuple[str, ...] | None:
        """Return the collections of a request; None means the one of the settings.

        Raises:
            RefusalError: the caller's key does not include one of them (403).
        """
        return caller.chosen(
            [name for name in names if name], default=self.base.settings.collection
        )

    def one(self, caller: Caller, name: str | None) -> str:
        """Return the one collection of a request.

        Raises:
            RefusalError: the caller's key does not include it (403).
        """
        chosen = self.chosen(caller, name)
        return chosen[0] if chosen else self.base.settings.collection

    def document(self, caller: Caller, document_id: int) -> DocumentInfo:
        """Return a document's description.

        Raises:
            DocumentNotFoundError: the document does not exist, or the caller's key does not include
                its collection.
        """
        info = self.base.document(document_id)
        if not caller.among([info.collection]):
            raise no_document(document_id)  # the same words as for a document that does not exist
        return info


def listed(items: Iterable[dict[str, Any]], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a list in the form of the server's answers."""
    return {"object": "list", "data": list(items), **more}


def page(
    found: Sequence[Item],
    as_json: Callable[[Item], dict[str, Any]],
    *,
    offset: int,
    total: int,
) -> dict[str, Any]:
    """Return a page that begins at ``offset`` of ``total``, and whether more follow."""
    more = bool(found) and offset + len(found) < total  # no next page after an empty one
    return listed(map(as_json, found), total=total, has_more=more)
