"""What clients may send: strictly typed, bounded, nothing unknown."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from kb.server.errors import MALFORMED, RefusalError


class Body(BaseModel):
    """A body as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class QueryString(BaseModel):
    """The parameters of a query string; :func:`each_once` belongs to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def each_once(request: Request) -> None:
    """Refuse a query string in which a parameter stands twice.

    Raises:
        RefusalError: one does (400).
    """
    if len(request.query_params) < len(request.query_params.multi_items()):
        msg = "a query parameter stands twice; send each once"
        raise RefusalError(HTTPStatus.BAD_REQUEST, msg, code=MALFORMED)
