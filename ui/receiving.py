"""Writes an upload from the network to disk, and gives Streamlit a receipt instead.

The browser sends a file as the only part of a form. Its bytes go to :class:`~ui.incoming.Incoming`
as they arrive. Streamlit gets the same form with some fifty bytes instead of the file, so that its
own list of uploads, which is in memory, stays small.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.types import Receive

from ui.incoming import Arrival, Held, Incoming, TooMuchError

SILENT_S = 60.0
"""Seconds that a browser may pause in the middle of a file."""

_MOST_OVERHEAD = 1 << 20  # of the form around the file


class BadUploadError(Exception):
    """The request is not a form with one file."""


@dataclass(slots=True)
class _Form:
    """Parsed parts that nobody has taken yet."""

    parts: int = 0
    head: bytearray = field(default_factory=bytearray)
    data: list[bytes] = field(default_factory=list)
    ended: bool = False

    def parser(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self.head.extend(data[start:end]),
                "on_header_value": self._value,
                "on_header_end": lambda: self.head.extend(b"\r\n"),
                "on_part_data": lambda data, start, end: self.data.append(data[start:end]),
                "on_end": self._end,
            },
        )

    def _begin(self) -> None:
        self.parts += 1
        if self.parts > 1:
            message = "more than one file"
            raise BadUploadError(message)

    def _value(self, data: bytes, start: int, end: int) -> None:
        # A value may come in several pieces; the colon precedes the first.
        if b"\0" in data[start:end]:
            # Streamlit would fail on it at every later drawing of the page.
            message = "its name holds a NUL"
            raise BadUploadError(message)
        line = self.head.rpartition(b"\r\n")[2]
        self.head += data[start:end] if b":" in line else b": " + data[start:end]

    def _end(self) -> None:
        self.ended = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A received file, or the reason for its refusal, and its form."""

    held: Held | TooMuchError
    boundary: bytes
    head: bytes

    def form(self, content: bytes) -> bytes:
        """Return the form with other content."""
        mark = b"--" + self.boundary
        return mark + b"\r\n" + self.head + b"\r\n" + content + b"\r\n" + mark + b"--\r\n"


async def receive_file(
    receive: Receive, content_type: str, *, session: str, incoming: Incoming
) -> Received:
    """Receive the body of a request, which is a form with one file.

    It stops reading a file that would exceed a limit.

    Raises:
        BadUploadError: the body is not such a form, or ends too early.
        TimeoutError: the browser paused for too long.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        message = "no form"
        raise BadUploadError(message)
    form = _Form()
    try:
        parser = form.parser(boundary)
        pieces = _pieces(receive, form, parser, incoming.most_file + _MOST_OVERHEAD)
        async with aclosing(pieces):
            held = await _write_all(pieces, session, incoming)
    except FormParserError as error:
        raise BadUploadError(str(error)) from error
    return Received(held=held, boundary=boundary, head=bytes(form.head))


async def _write_all(
    pieces: AsyncIterator[bytes], session: str, incoming: Incoming
) -> Held | TooMuchError:
    """Write a file to disk; return the reason if it exceeds a limit."""
    arrival: Arrival | None = None
    try:
        async for piece in pieces:  # the first comes after the form's head, even if empty
            if arrival is None:
                arrival = await asyncio.to_thread(incoming.begin, session)
            await asyncio.to_thread(arrival.write, piece)
        assert arrival is not None  # noqa: S101 - a form without a file ends in an error
        await asyncio.to_thread(arrival.close)
        return arrival.end()  # made here: a thread may keep a reference to its result for a while
    except BaseException as error:
        if arrival is not None:
            arrival.abort()
        if isinstance(error, TooMuchError):
            return error
        raise


async def _pieces(
    receive: Receive, form: _Form, parser: MultipartParser, most: int
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of the file as they arrive: at least one piece, which may be empty."""
    size = 0
    more = True
    while more:
        message = await asyncio.wait_for(receive(), SILENT_S)
        if message["type"] == "http.disconnect":
            text = "the browser has gone"
            raise BadUploadError(text)
        body: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(body)
        if size > most:
            text = "the form is larger than the largest file"
            raise BadUploadError(text)
        parser.write(body)
        found, form.data = form.data, []
        if found:
            yield b"".join(found)
    if not form.ended or not form.parts:
        text = "the form is incomplete"
        raise BadUploadError(text)
    yield b""
