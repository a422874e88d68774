"""The order of turns: clients alternate, and so do the requests of one client."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """A request that waits, for one turn or several."""

    @property
    def client(self) -> str:
        """Who asks."""
        ...

    @property
    def turns(self) -> int:
        """How many turns it still needs; at least one while it waits."""
        ...

    @property
    def sort(self) -> Hashable:
        """Only requests of the same sort share a batch."""
        ...


RequestT = TypeVar("RequestT", bound=Waiting)


class FairQueue(Generic[RequestT]):
    """Requests in turn. Used under its owner's lock.

    A client with a thousand requests, or one of a thousand texts, keeps another one waiting for
    one turn at a time.
    """

    def __init__(self) -> None:
        # Of ordered dictionaries the first entry is found and taken out at once, however many
        # were taken out before.
        self._clients: OrderedDict[str, OrderedDict[RequestT, None]] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._clients)

    def put(self, request: RequestT) -> None:
        """Let a request wait behind those of its client."""
        self._clients.setdefault(request.client, OrderedDict())[request] = None

    def remove(self, request: RequestT) -> None:
        """Take out a request; nothing happens where it does not wait."""
        requests = self._clients.get(request.client)
        if requests is None or request not in requests:
            return
        del requests[request]
        if not requests:
            del self._clients[request.client]

    def first(self) -> RequestT | None:
        """Return whose turn it is, None where nobody waits."""
        for requests in self._clients.values():
            return next(iter(requests))
        return None

    def took_turn(self, request: RequestT) -> None:
        """Let the others go next, now that a request has had a turn; it leaves after its last."""
        requests = self._clients[request.client]
        if request.turns:
            requests.move_to_end(request)
        else:
            self.remove(request)
        if request.client in self._clients:
            self._clients.move_to_end(request.client)
