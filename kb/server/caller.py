"""The sender of a request: a key with scopes and collections, or a program of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request

from kb.server.errors import RefusalError
from kb.server.scopes import KEY_SCOPES, KeyScope, Needs

CALLER = "shelfmark.caller"
"""Key of an ASGI scope under which the gate stores the caller."""


class Caller:
    """The sender of a request.

    Args:
        key: the name of the key; ``""`` where none is needed.
        scopes: the key's scopes.
        collections: names of the collections that it may use; None for all, future ones included.
        rate: most requests a minute; None for the server's own limit.

    Attributes:
        asked: whether the route has checked the caller's collections.
        check_again: raises if the key was revoked or has expired since; for long answers.
    """

    def __init__(
        self,
        *,
        key: str = "",
        scopes: Iterable[KeyScope] = KEY_SCOPES,
        collections: Iterable[str] | None = None,
        rate: int | None = None,
    ) -> None:
        self.key = key
        self.scopes = frozenset(scopes)
        self.collections = None if collections is None else tuple(dict.fromkeys(collections))
        self.rate = rate
        self.asked = False
        self.check_again: Callable[[], object] = lambda: None

    @property
    def may_read(self) -> bool:
        """Whether the caller may read stored data."""
        return "read" in self.scopes

    def may(self, needs: Needs) -> bool:
        """Return whether the key's scopes and collections fit a route."""
        try:
            self.require(needs)
        except RefusalError:
            return False
        return True

    def require(self, needs: Needs) -> None:
        """Refuse a key whose scopes or collections do not fit a route.

        Raises:
            RefusalError: the key has none of the scopes, or lacks collections where the route needs
                all (403).
        """
        if needs.is_open:
            return
        if self.scopes.isdisjoint(needs.scopes):
            wanted = " or ".join(f"`{scope}`" for scope in needs.scopes)
            has = ", ".join(scope for scope in KEY_SCOPES if scope in self.scopes)
            msg = (
                f"the key {self.key!r} has the scope {has}, and this needs {wanted}; "
                "use another key (`kb keys create NAME --scope …`)"
            )
            raise RefusalError(HTTPStatus.FORBIDDEN, msg, code="scope_missing")
        if self.collections is not None and needs.collections == "all":
            msg = (
                f"the key {self.key!r} is for some collections only, and this concerns all; "
                "use a key that was made without --collection"
            )
            raise RefusalError(HTTPStatus.FORBIDDEN, msg, code="collection_forbidden")

    def check(self, *names: str) -> None:
        """Refuse collections outside the key, whether they exist or not.

        Raises:
            RefusalError: the key does not include one of them (403).
        """
        self.asked = True
        for name in names:
            if not self._may_use(name):
                msg = f"the key {self.key!r} is not for the collection {name[:200]!r}; {self._own}"
                raise RefusalError(
                    HTTPStatus.FORBIDDEN, msg, param="collection", code="collection_forbidden"
                )

    def among(self, names: Iterable[str]) -> list[str]:
        """Return those of the given collections that the key includes."""
        self.asked = True
        return [name for name in names if self._may_use(name)]

    def chosen(self, names: Sequence[str] | None, *, default: str) -> tuple[str, ...] | None:
        """Return the collections of a request; None means the one of the settings.

        Args:
            names: the names in the request; None or empty if it has none. A key for one collection
                then means that one.
            default: the collection of the settings.

        Raises:
            RefusalError: the key does not include one of them (403).
        """
        if not names:
            own = self.collections or ()
            names = own if len(own) == 1 else (default,)
        self.check(*names)
        return None if tuple(names) == (default,) else tuple(names)

    @property
    def _own(self) -> str:
        if not self.collections:
            return "those that it was made for are gone"
        return f"it is for {', '.join(map(repr, self.collections))}"

    def _may_use(self, name: str) -> bool:
        return self.collections is None or name in self.collections


async def _sent(request: Request) -> Caller:
    caller: Caller = request.scope[CALLER]
    return caller


Asking = Annotated[Caller, Depends(_sent)]
"""Type of a route's parameter that receives the caller."""
