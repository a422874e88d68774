"""Requirements of each route: a scope of the key, the size of the body, and its collections.

A route declares them with :func:`needs`. The gate refuses all requests for a route without a
declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope as Connection

from kb.catalog.key_records import KEY_SCOPES, KeyScope
from kb.server.errors import RefusalError

__all__ = [
    "ENDING",
    "KEY_SCOPES",
    "PLACE",
    "KeyScope",
    "Needs",
    "Place",
    "RouteTable",
    "declared",
    "needs",
    "needs_nothing",
]

Body = Literal["json", "small", "files"]
Reach = Literal["none", "asked", "all"]

PLACE = "shelfmark.place"
"""Key of an ASGI scope under which the gate stores the route's path pattern."""

ENDING = "shelfmark.ending"
"""Key under which it stores whether the server is ending."""

_CONVERTER = re.compile(r":\w+}")
_DECLARED = "shelfmark_needs"
_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Requirements of a route.

    Attributes:
        scopes: a key needs any of these; an empty tuple needs none.
        body: ``json`` and ``small`` are read whole and must be JSON, of 8 MiB and 1 MiB at most;
            ``files`` reaches the route as it arrives, of any type.
        collections: how to treat a key of some collections. ``none``: the route uses no collection,
            and admits the key. ``asked``: the route asks :class:`~kb.server.caller.Caller` for each
            collection. ``all``: the route refuses the key.
        bodiless: the body is optional.
    """

    scopes: tuple[KeyScope, ...]
    body: Body = "json"
    collections: Reach = "all"
    bodiless: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the route needs no key."""
        return not self.scopes


def needs(
    *scopes: KeyScope, body: Body = "json", collections: Reach = "all", bodiless: bool = False
) -> Callable[[_FunctionT], _FunctionT]:
    """Declare the requirements of a route; stands below the decorator that makes the route.

    Args:
        scopes: a key needs any of these; at least one.
        body: see :class:`Needs`.
        collections: see :class:`Needs`.
        bodiless: see :class:`Needs`.
    """
    if not scopes:
        msg = "name a scope, or declare the route with `needs_nothing`"
        raise TypeError(msg)
    return _declare(Needs(scopes=scopes, body=body, collections=collections, bodiless=bodiless))


def needs_nothing() -> Callable[[_FunctionT], _FunctionT]:
    """Declare that a route needs no key."""
    return _declare(Needs(scopes=(), collections="none"))


def declared(route: BaseRoute) -> Needs | None:
    """Return the requirements of a route; None if it declares none."""
    found = getattr(getattr(route, "endpoint", None), _DECLARED, None)
    return found if isinstance(found, Needs) else None


@dataclass(frozen=True, slots=True)
class Place:
    """The target of a request: the route's path pattern, ``/v1/models/{model}``."""

    path: str
    needs: Needs


class RouteTable:
    """The routes of an application, for the middleware in front of them."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.routes = routes

    def place(self, connection: Connection) -> Place:
        """Return the target of a request.

        Raises:
            RefusalError: there is no such route (404, 405), or the route declares no scope (403).
        """
        methods: set[str] = set()
        for route in self.routes:
            match, _ = route.matches(connection)
            if match is Match.FULL:
                return _declared_place(route)
            if match is Match.PARTIAL and isinstance(route, Route):
                methods |= route.methods or set()
        path = connection["path"][:200]
        if not methods:
            msg = f"there is no {path}; /openapi.json lists what is"
            raise RefusalError(HTTPStatus.NOT_FOUND, msg)
        allowed = ", ".join(sorted(methods))
        msg = f"{path} does not take {connection['method'][:40]}; send {allowed}"
        raise RefusalError(HTTPStatus.METHOD_NOT_ALLOWED, msg, headers={"Allow": allowed})


def _declare(rule: Needs) -> Callable[[_FunctionT], _FunctionT]:
    def mark(function: _FunctionT) -> _FunctionT:
        setattr(function, _DECLARED, rule)
        return function

    return mark


def _declared_place(route: BaseRoute) -> Place:
    path = _CONVERTER.sub("}", getattr(route, "path", ""))
    rule = declared(route)
    if rule is None:
        msg = f"{path} declares no scope, so nobody may use it; this is a fault of the server"
        raise RefusalError(HTTPStatus.FORBIDDEN, msg, code="no_scope")
    return Place(path, rule)
