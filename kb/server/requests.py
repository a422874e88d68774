"""Base classes of requests: strictly typed, bounded, without unknown fields."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from kb.server.errors import MALFORMED, RefusalError


class Body(BaseModel):
    """A body as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class QueryString(BaseModel):
    """The parameters of a query string; used with :func:`each_once`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def each_once(request: Request, *, but: Collection[str] = ()) -> None:
    """Refuse a query string that repeats a parameter.

    Args:
        request: the request.
        but: parameters that may repeat, because they are lists.

    Raises:
        RefusalError: another parameter repeats (400).
    """
    names = [name for name, _ in request.query_params.multi_items() if name not in but]
    if len(set(names)) < len(names):
        msg = "a query parameter stands twice; send each once"
        raise RefusalError(HTTPStatus.BAD_REQUEST, msg, code=MALFORMED)
