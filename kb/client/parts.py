"""What all methods of a client work with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from kb.catalog.filters import SearchFilter
from kb.client.connection import Connection, Json
from kb.errors import SettingsError
from kb.records import MetadataValue
from kb.search.request import SearchRequest

RecordT = TypeVar("RecordT")


class Parts:
    """Holds the connection, and reads records from answers.

    Attributes:
        server: the connection.
    """

    def __init__(self, server: Connection) -> None:
        self.server = server

    def record(
        self, read: Callable[[Mapping[str, Any]], RecordT], told: Json, path: str
    ) -> RecordT:
        """Return one record of an answer.

        Raises:
            KnowledgeServerError: it is no such record.
        """
        try:
            return read(told)
        except (TypeError, ValueError) as error:
            raise self.server.not_understood(path) from error

    def records(
        self, read: Callable[[Mapping[str, Any]], RecordT], told: Json, path: str
    ) -> list[RecordT]:
        """Return the records of a list.

        Raises:
            KnowledgeServerError: it is no list, or one of something else.
        """
        listed = told.get("data") if isinstance(told, dict) else None
        if not isinstance(listed, list):
            raise self.server.not_understood(path)
        return [self.record(read, each, path) for each in listed]


def place(*names: str | int) -> str:
    """Return the path of something below ``/v1``, its names quoted."""
    return "/".join(["/v1", *(quote(str(name), safe="") for name in names)])


def search_json(request: SearchRequest) -> dict[str, Any]:
    """Return a request as ``POST /v1/search`` takes it; what is not given is left out."""
    queries = [
        {"query": each.text, "mode": each.mode, "weight": each.weight} for each in request.queries
    ]
    told: dict[str, Any] = {
        "queries": queries,
        "collection": list(request.collections or ()),
        "top_k": request.top_k,
        "mode": request.mode,
        "context": request.context,
        "diversity": request.diversity,
        "instruct": request.instruct,
        "filters": _filters_json(request.where),
    }
    given = {name: value for name, value in told.items() if value}
    for name in ("rerank", "min_score"):
        if (value := getattr(request, name)) is not None:
            given[name] = value
    if not queries:
        given["query"] = request.query
    return given | {"highlights": request.highlights}


def listing_params(where: SearchFilter | None) -> dict[str, Any]:
    """Return conditions as ``GET /v1/documents`` takes them.

    Raises:
        SettingsError: a key of metadata holds ``=``, which a query string cannot say.
    """
    told = _filters_json(where or SearchFilter())
    if metadata := told.pop("metadata", None):
        told["metadata"] = [_pair(key, value) for key, value in metadata.items()]
    return told


def _pair(key: str, value: MetadataValue) -> str:
    if "=" in key or not key:
        msg = f"documents cannot be listed by {key!r}: a key must not be empty or hold `=`"
        raise SettingsError(msg)
    return f"{key}={value if isinstance(value, str) else json.dumps(value)}"


def _filters_json(where: SearchFilter) -> dict[str, Any]:
    told: dict[str, Any] = {
        "documents": list(where.documents),
        "path": where.path,
        "media_types": list(where.media_types),
        "tags": list(where.tags),
        "languages": list(where.languages),
        "since": where.date_from,
        "until": where.date_to,
        "pages": _pages(where.page_first, where.page_last),
        "metadata": dict(where.metadata),
    }
    return {name: value for name, value in told.items() if value}


def _pages(first: int | None, last: int | None) -> str:
    if first is None and last is None:
        return ""
    return f"{'' if first is None else first}-{'' if last is None else last}"
