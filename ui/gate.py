"""The gate before Streamlit's server: who is turned away, and how much the others may send.

Streamlit has no login of its own before its upload route, and keeps uploads in memory. So this
layer stands in front of it and knows three things: which requests must not come in at all, which
sessions were let in, and how many bytes they have sent. Everything else goes through untouched.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from html import escape
from typing import Literal

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnected

from ui.access import same_site
from ui.i18n import preferred, translate
from ui.incoming import REFUSAL_PREFIX, TooMuchError
from ui.receiving import BadUploadError, Received, receive_file
from ui.visits import HEADER, Visit, Visits

GRACE_S = 120.0
"""As long as Streamlit itself keeps a session for a browser that comes back."""

Why = Literal["open", "forwarded", "host"]

_UPLOAD = re.compile(r"(?:/.*)?/_stcore/upload_file/([^/]+)/([^/]+)")
_HEALTH = "/_stcore/health"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_TRY_AGAIN_LATER = 1013
_POLICY = 1008
_NO_TEXT = 1003


class Gate:
    """ASGI middleware.

    Args:
        app: Streamlit's.
        visits: who is here; the page says who was let in.
        turned_away: why a request with these headers is answered with nothing but the reason.
        address: what the server listens on, for that reason.
        origins: other origins that may open connections, as Streamlit is configured.
        grace_s: seconds that a session may be without a connection before its files are deleted.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        visits: Visits,
        turned_away: Callable[[Headers], Why | None],
        address: str = "localhost",
        origins: Collection[str] = (),
        grace_s: float = GRACE_S,
    ) -> None:
        self._app = app
        self._visits = visits
        self._turned_away = turned_away
        self._address = address
        self._origins = frozenset(origins)
        self._grace_s = grace_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            try:
                await self._app(scope, receive, send)
            finally:
                self._visits.close()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        why = self._turned_away(headers)
        found = _UPLOAD.fullmatch(scope["path"])
        answer: Response | None = None
        if why is not None and not scope["path"].endswith(_HEALTH):
            answer = _reason(why, headers, self._address)
        elif scope["method"] not in _READING:
            if found is None or scope["method"] not in ("PUT", "DELETE"):
                answer = PlainTextResponse("Method not allowed", status_code=405)
            elif not self._same_site(headers):
                answer = PlainTextResponse("Sent by another site", status_code=403)
            else:
                await self._upload(scope, receive, send, *found.groups())
                return
        await (answer or self._app)(scope, receive, send)

    async def _upload(
        self, scope: Scope, receive: Receive, send: Send, session: str, file_id: str
    ) -> None:
        incoming = self._visits.incoming(session)
        if incoming is None:
            answer = PlainTextResponse("Log in first", status_code=403)
            await answer(scope, receive, send)
            return
        if scope["method"] == "DELETE":
            incoming.discard(session, file_id)
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            received = await receive_file(
                receive, headers.get("content-type", ""), session=session, incoming=incoming
            )
        except (BadUploadError, TimeoutError) as error:
            answer = PlainTextResponse(f"No file arrived: {error}", status_code=400)
            await answer(scope, receive, send)
            return
        if isinstance(received.held, TooMuchError):
            # The field would show a bare status; the page says why in the person's language.
            receipt = REFUSAL_PREFIX + received.held.why.encode()
            incoming.discard(session, file_id)
        else:
            receipt = incoming.hand_out(session, file_id, received.held)
        if self._visits.incoming(session) is None:  # shut out meanwhile
            incoming.forget(session)
        taken = False

        async def watched(message: Message) -> None:
            nonlocal taken
            if message["type"] == "http.response.start":
                taken = message["status"] < 300  # noqa: PLR2004 - HTTP's successes
            await send(message)

        try:
            await self._app(*_instead(scope, received, receipt), watched)
        finally:
            if not taken:
                incoming.discard(session, file_id)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if self._turned_away(headers) is not None or not self._same_site(headers):
            await send({"type": "websocket.close", "code": _POLICY})
            return
        client = scope.get("client")
        visit = self._visits.arrive(client[0] if client else "")
        if visit is None:
            await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return
        name = HEADER.encode()
        kept = [pair for pair in scope["headers"] if pair[0].lower() != name]
        marked = {**scope, "headers": [*kept, (name, visit.mark.encode())]}
        try:
            await self._app(marked, _until_ended(visit, receive, send), _to_browser(send))
        except WebSocketDisconnected:
            pass  # the browser was gone before Streamlit had answered; nothing is left to do
        finally:
            self._visits.leave(visit)
            if visit.session:
                loop = asyncio.get_running_loop()
                loop.call_later(self._grace_s, self._visits.expire, visit.session)

    def _same_site(self, headers: Headers) -> bool:
        return same_site(headers) or headers.get("origin") in self._origins


def _instead(scope: Scope, received: Received, receipt: bytes) -> tuple[Scope, Receive]:
    """Return the request with the receipt as its file."""
    body = received.form(receipt)
    changed = {b"content-length", b"transfer-encoding"}
    headers = [pair for pair in scope["headers"] if pair[0].lower() not in changed]
    headers.append((b"content-length", str(len(body)).encode()))
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    return {**scope, "headers": headers}, receive


def _to_browser(send: Send) -> Send:
    """Return ``send`` that says of a browser that has gone what Streamlit knows how to take.

    Between the browser's goodbye and the moment in which Streamlit reads of it, uvicorn answers a
    message with RuntimeError, which Streamlit would log as a fault of the program.
    """

    async def send_or_gone(message: Message) -> None:
        try:
            await send(message)
        except RuntimeError as error:
            if message["type"] != "websocket.send":
                raise
            raise ConnectionResetError(str(error)) from error

    return send_or_gone


def _until_ended(visit: Visit, receive: Receive, send: Send) -> Receive:
    """Return ``receive`` that gives way where the visit has to end."""

    async def receive_or_end() -> Message:
        message = asyncio.ensure_future(receive())
        ended = asyncio.ensure_future(visit.ended.wait())
        code = _TRY_AGAIN_LATER
        try:
            await asyncio.wait({message, ended}, return_when=asyncio.FIRST_COMPLETED)
            if message.done():
                if message.result().get("text") is None:
                    return message.result()
                code = _NO_TEXT  # the page sends none; Streamlit would log a traceback
        finally:
            ended.cancel()
            if not message.done():
                message.cancel()
        await send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}

    return receive_or_end


def _reason(why: Why, headers: Headers, address: str) -> Response:
    """Return the page that says why there is no other."""
    language = preferred(headers.get("accept-language", ""))
    title = escape(translate(language, f"access.{why}"))
    text = escape(translate(language, f"access.{why}_help", address=address))
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f'<body style="font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 4rem auto">'
        f"<h1>{title}</h1><p>{text}</p></body></html>"
    )
    return HTMLResponse(page, status_code=403)
