"""The gate before Streamlit's server: refuses requests, and limits the uploads of the others.

Streamlit has no login of its own before its upload route, and keeps uploads in memory. So this
layer stands in front of it. It knows the requests to refuse, the sessions that may enter, and the
bytes that each has sent. Everything else passes unchanged.
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
from ui.incoming import REFUSAL_PREFIX, Incoming, TooMuchError
from ui.receiving import BadUploadError, Received, receive_file
from ui.visits import HEADER, Visit, Visits

GRACE_S = 120.0
"""Seconds that Streamlit itself keeps a session for a browser that returns."""

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
        app: Streamlit's application.
        visits: the present visitors; the page reports who may enter.
        turned_away: returns the reason to refuse a request with these headers, or None.
        address: the server's address, for that reason.
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
        """Answer a request, or pass it on."""
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
        try:
            request = await self._kept(scope, receive, session, file_id, incoming)
        except (BadUploadError, TimeoutError) as error:
            answer = PlainTextResponse(f"No file arrived: {error}", status_code=400)
            await answer(scope, receive, send)
            return
        if self._visits.incoming(session) is None:  # admission was withdrawn meanwhile
            incoming.forget(session)
        taken = False

        async def watched(message: Message) -> None:
            nonlocal taken
            if message["type"] == "http.response.start":
                taken = message["status"] < 300  # noqa: PLR2004 - HTTP's successes
                if not taken:
                    incoming.discard(session, file_id)  # the reader of the refusal finds no file
            await send(message)

        try:
            await self._app(*request, watched)
        finally:
            if not taken:
                incoming.discard(session, file_id)

    async def _kept(
        self, scope: Scope, receive: Receive, session: str, file_id: str, incoming: Incoming
    ) -> tuple[Scope, Receive]:
        """Store an upload's file; return the request that Streamlit gets instead.

        Afterwards only ``incoming`` refers to the file, so that it can delete it.
        """
        content_type = Headers(scope=scope).get("content-type", "")
        received = await receive_file(receive, content_type, session=session, incoming=incoming)
        if isinstance(received.held, TooMuchError):
            # The field would show only a status; the page gives the reason in the person's
            # language.
            receipt = REFUSAL_PREFIX + received.held.why.encode()
            incoming.discard(session, file_id)
        else:
            receipt = incoming.hand_out(session, file_id, received.held)
        return _instead(scope, received, receipt)

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
            pass  # the browser left before Streamlit's answer; nothing is left to do
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
    """Return a ``send`` that reports a disconnected browser in a way that Streamlit handles.

    Between the disconnection and the moment when Streamlit reads of it, uvicorn answers a message
    with RuntimeError. Streamlit would log that as a fault of the program.
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
    """Return a ``receive`` that ends when the visit has to end."""

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
    """Return a page with the reason for the refusal."""
    language = preferred(headers.get("accept-language", ""))
    title = escape(translate(language, f"access.{why}"))
    text = escape(translate(language, f"access.{why}_help", address=address))
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f'<body style="font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 4rem auto">'
        f"<h1>{title}</h1><p>{text}</p></body></html>"
    )
    return HTMLResponse(page, status_code=403)
