"""An answer on its way out: its progress, and whether it may leave at all."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.types import Message, Send

from kb.server.bodies import HeldBody, PassingBody
from kb.server.caller import Caller
from kb.server.errors import RefusalError
from kb.server.scopes import Place


class Sent:
    """A ``send`` that remembers the progress of an answer.

    It closes the connection after the answer if nobody has read the request's body to its end.

    Args:
        send: the server's.
        body: the request's.
        check: refuses an answer by its status.
    """

    def __init__(
        self, send: Send, body: HeldBody | PassingBody, check: Callable[[int], None]
    ) -> None:
        self._send = send
        self._body = body
        self._check = check
        self.refusal: RefusalError | None = None
        self.begun = False
        self.complete = False

    async def __call__(self, message: Message) -> None:
        """Pass on what the application sends, unless ``check`` refuses it."""
        if message["type"] == "http.response.start":
            try:
                self._check(message["status"])
            except RefusalError as error:
                self.refusal = error
            if not self._body.complete:
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        if self.refusal is not None:
            return
        self.begun = True
        await self._send(message)
        is_body = message["type"] == "http.response.body"
        self.complete = is_body and not message.get("more_body", False)


def answered_for(caller: Caller, place: Place, status: int) -> None:
    """Hold back an answer to a key of some collections if the route never asked which.

    Raises:
        RefusalError: the route did not ask (500).
    """
    careless = caller.collections is not None and place.needs.collections == "asked"
    if careless and not caller.asked and status < HTTPStatus.BAD_REQUEST:
        msg = f"{place.path} did not ask for which collections the key is; this is a fault"
        raise RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, msg)
