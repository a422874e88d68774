"""What all methods of a client work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from kb.client.connection import Connection, Json

RecordT = TypeVar("RecordT")


class Parts:
    """Holds the connection, and reads records from answers."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection

    def _record(
        self, read: Callable[[Mapping[str, Any]], RecordT], told: Json, path: str
    ) -> RecordT:
        """Return one record of an answer."""
        try:
            return read(told)
        except (TypeError, ValueError) as error:
            raise self._server.not_understood(path) from error

    def _records(
        self, read: Callable[[Mapping[str, Any]], RecordT], told: Json, path: str
    ) -> list[RecordT]:
        """Return the records of a list."""
        listed = told.get("data") if isinstance(told, dict) else None
        if not isinstance(listed, list):
            raise self._server.not_understood(path)
        return [self._record(read, each, path) for each in listed]


def place(*names: str | int) -> str:
    """Return the path of something below ``/v1``, its names quoted."""
    return "/".join(["/v1", *(quote(str(name), safe="") for name in names)])
