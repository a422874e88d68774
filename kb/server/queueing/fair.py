"""The order of turns: clients alternate, and so do the requests of one client."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """A waiting request that needs one turn or several."""

    @property
    def client(self) -> str:
        """Its client."""
        ...

    @property
    def turns(self) -> int:
        """Number of turns that it still needs; at least one while it waits."""
        ...

    @property
    def sort(self) -> Hashable:
        """Its sort; only requests of one sort share a batch."""
        ...


RequestT = TypeVar("RequestT", bound=Waiting)


class FairQueue(Generic[RequestT]):
    """Requests in the order of their turns. Use it under its owner's lock.

    A client with a thousand requests, or one with a thousand texts in one request, delays another
    client by one turn at a time.
    """

    def __init__(self) -> None:
        # An ordered dictionary finds and removes its first entry in constant time, even after many
        # removals.
        self._clients: OrderedDict[str, OrderedDict[RequestT, None]] = OrderedDict()

    def __bool__(self) -> bool:
        """Return whether a request waits."""
        return bool(self._clients)

    def put(self, request: RequestT) -> None:
        """Add a request behind those of its client."""
        self._clients.setdefault(request.client, OrderedDict())[request] = None

    def remove(self, request: RequestT) -> None:
        """Remove a request; without effect if it does not wait."""
        requests = self._clients.get(request.client)
        if requests is None or request not in requests:
            return
        del requests[request]
        if not requests:
            del self._clients[request.client]

    def first(self) -> RequestT | None:
        """Return the request whose turn it is, None if none waits."""
        for requests in self._clients.values():
            return next(iter(requests))
        return None

    def took_turn(self, request: RequestT) -> None:
        """Pass the turn on after a request had its turn; remove the request after its last."""
        requests = self._clients[request.client]
        if request.turns:
            requests.move_to_end(request)
        else:
            self.remove(request)
        if request.client in self._clients:
            self._clients.move_to_end(request.client)
