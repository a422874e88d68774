"""The checks in front of every request: sender, rate, route, size and turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kb.server.answers import Sent, answered_for
from kb.server.bodies import (
    HeldBody,
    PassingBody,
    answer_and_read_on,
    check_length,
    check_type,
    is_bodiless,
    taken_for_json,
    too_large,
    too_slow,
)
from kb.server.caller import CALLER
from kb.server.errors import OLLAMA, RefusalError, busy, error_response
from kb.server.guard import Guard
from kb.server.limits import Limits
from kb.server.metrics import Metrics
from kb.server.queueing.clients import asking, client_name
from kb.server.rates import Rates
from kb.server.scopes import ENDING, PLACE, Place, RouteTable

_BODILESS = frozenset({"GET", "HEAD"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_LESS, _FEWER_FILES = "less", "fewer files at once"


class Gate:
    """ASGI middleware that admits whole requests, or refuses them in OpenAI's error shape.

    It stops the work on a request soon after its client has disconnected.

    Args:
        app: the application behind the gate.
        guard: identifies the sender of a request.
        limits: limits of sizes, times and counts.
        table: the routes, with the requirements of each.
        metrics: counts of requests.

    Attributes:
        table: the routes, with the requirements of each.
        metrics: counts of requests.
        at_end: called when the server is told to end.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        guard: Guard,
        limits: Limits,
        table: RouteTable,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self.metrics = metrics
        self._guard = guard
        self._rates = Rates(limits.rate)
        self._limits = limits
        self.table = table
        self.at_end: list[Callable[[], object]] = []
        self._at_work = 0
        self._passing = 0
        self._held = 0
        self._ending = False
        self._arriving: set[asyncio.Timeout] = set()
        self._working: set[asyncio.Timeout] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = HeldBody(complete=scope["method"] in _BODILESS)
        body: HeldBody | PassingBody = held
        try:
            place = self._check(scope)
            if place.needs.body == "files":
                body = PassingBody(largest=self._largest(place), patience_s=self._limits.body_s)
            elif not await self._read(receive, held, place):
                return
            await self._answer(scope, body, receive, send, place)
        except RefusalError as error:
            response = error_response(error, scope["path"])
            self._held -= held.drop()
            if body.complete:
                await response(scope, receive, send)
            else:  # the rest of the body is not needed
                response.headers["Connection"] = "close"
                await answer_and_read_on(response, scope, receive, send)
        finally:
            self._held -= held.drop()

    def end(self) -> None:
        """Refuse further bodies and give running requests some time: the server was told to end."""
        self._ending = True
        for act in self.at_end:
            act()
        now = asyncio.get_running_loop().time()
        for limit in self._arriving:
            limit.reschedule(now)
        for limit in self._working:
            limit.reschedule(now + self._limits.grace_s)

    def _check(self, scope: Scope) -> Place:
        """Check a request's headers; return its route.

        It stores the sender in the scope.
        """
        headers = Headers(scope=scope)
        try:
            place = self.table.place(scope)
        except RefusalError:
            # An unknown sender learns nothing about the routes.
            self._rates.take(self._guard.caller(headers, None))
            raise
        scope[PLACE] = place.path
        scope[ENDING] = self._ending
        caller = scope[CALLER] = self._guard.caller(headers, place.needs)
        caller.check_again = partial(self._guard.caller, headers, place.needs)
        self._rates.take(caller)
        caller.require(place.needs)
        self._check_turn(place)
        files = place.needs.body == "files"
        if scope["method"] in _WITH_BODY and not (place.needs.bodiless and is_bodiless(headers)):
            if place.path.startswith(OLLAMA):
                taken_for_json(scope)
            check_type(Headers(scope=scope), json=not files)
        check_length(headers, self._largest(place), _FEWER_FILES if files else _LESS)
        return place

    def _largest(self, place: Place) -> int:
        limits = self._limits
        return {
            "json": limits.body_bytes,
            "small": limits.small_body_bytes,
            "files": limits.files_bytes or limits.body_bytes,
        }[place.needs.body]

    def _check_turn(self, place: Place) -> None:
        if place.needs.body == "files":
            if self._passing >= self._limits.files:
                raise busy(self._limits.files, "uploads")
        elif not place.needs.is_open and self._at_work >= self._limits.requests:
            raise busy(self._limits.requests, "requests")

    async def _read(self, receive: Receive, body: HeldBody, place: Place) -> bool:
        """Read a whole body; return whether its client is still connected."""
        largest = self._largest(place)
        limit = asyncio.timeout(0 if self._ending else self._limits.body_s)
        try:
            async with limit:
                self._arriving.add(limit)
                while not body.complete:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    self._held += body.take(message)
                    if body.size > largest:
                        raise too_large(largest, _LESS)
                    if body.counted and self._held > self._limits.held_bytes:
                        raise busy(self._limits.held_bytes >> 20, "MiB of requests")
        except TimeoutError:
            if self._ending:
                raise _ended() from None
            raise too_slow(self._limits.body_s) from None
        finally:
            self._arriving.discard(limit)
        return True

    async def _answer(
        self,
        scope: Scope,
        body: HeldBody | PassingBody,
        receive: Receive,
        send: Send,
        place: Place,
    ) -> None:
        """Run the application for a request until its client disconnects.

        Raises:
            RefusalError: the server is full, the body is refused while it arrives, or the server
                ends first; no answer has begun.
        """
        self._check_turn(place)
        sent = Sent(send, body, partial(answered_for, scope[CALLER], place))
        limit = asyncio.timeout(self._limits.grace_s if self._ending else None)
        passing = isinstance(body, PassingBody)
        self._at_work += not passing
        self._passing += passing
        try:
            async with limit:
                self._working.add(limit)
                left = asyncio.ensure_future(body.left(receive))
                with asking(_client(scope)):
                    work = asyncio.ensure_future(self._app(scope, body.replay(left), sent))
                try:
                    await asyncio.wait({left, work}, return_when=asyncio.FIRST_COMPLETED)
                    # The connection also reports a disconnection after the answer was sent.
                    if work.done() or sent.complete:
                        await work
                    elif not sent.begun:
                        left.result()  # raises if the body is refused
                finally:
                    await _cancelled(left, work)
            if sent.refusal is not None:
                raise sent.refusal
        except TimeoutError:
            if sent.begun:
                raise
            raise _ended() from None
        finally:
            self._working.discard(limit)
            self._at_work -= not passing
            self._passing -= passing


async def _cancelled(*tasks: asyncio.Future[None]) -> None:
    """Cancel the remaining tasks of a request."""
    for task in tasks:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        elif not task.cancelled():
            task.exception()  # reported already, or too late to report


def _client(scope: Scope) -> str:
    address, *_ = scope.get("client") or ("",)
    return client_name(scope[CALLER].key, address)


def _ended() -> RefusalError:
    msg = "the server is ending; send the request again when it is back"
    return RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, msg, code="ending")
