"""JSON bodies: counts the values before parsing, parses beside the event loop, parses strictly."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, NoReturn

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from kb.server.errors import MALFORMED, RefusalError

MOST_VALUES = 4096
"""Most values of one body, lists and objects included: enough for 2,048 texts and every filter.
Without this limit Python's objects of a hostile body took 600 times its size, and its errors even
more.
"""

_SMALL = 1 << 16  # bytes that are parsed faster than a thread starts

# Each match ends with the character that begins a further value of a list or object. A match covers
# whole strings. A string without an end extends to the end of the body, so that nothing is read
# twice.
_VALUE = re.compile(rb'[^\[{,"]*+(?:"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)[^\[{,"]*+)*+[\[{,]', re.DOTALL)


class JsonRoute(APIRoute):
    """A route that checks and parses its body here, before FastAPI checks its types.

    The error about too many values ends with ``advice``.
    """

    advice = "send fewer"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that handles a request of this route."""
        handle = super().get_route_handler()

        async def read_then_handle(request: Request) -> Response:
            raw = await request.body()
            if raw:
                value = (
                    parse(raw, self.advice)
                    if len(raw) < _SMALL
                    else await asyncio.to_thread(parse, raw, self.advice)
                )
                request = _Parsed(request, raw, value)
            return await handle(request)

        return read_then_handle


class _Parsed(Request):
    """A request with a parsed body."""

    def __init__(self, request: Request, raw: bytes, value: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(request.scope, request.receive)
        self._raw = raw
        self._value = value

    async def body(self) -> bytes:
        """Return the body's bytes."""
        return self._raw

    async def json(self) -> Any:  # noqa: ANN401 - JSON
        """Return the body's value."""
        return self._value


def parse(raw: bytes, advice: str) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a body, as RFC 8259 defines it; ``advice`` is for too many values.

    Raises:
        RefusalError: the body has too many values, is not JSON in UTF-8, or repeats a key.
    """
    if _values(raw) > MOST_VALUES:
        _refuse(
            f"the body holds more than {MOST_VALUES:,} values, more than one request may have; "
            f"{advice}"
        )
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        _refuse(f"the body is not UTF-8: byte {error.start} cannot be read")
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        _refuse(f"the body is not JSON: {error.msg} at character {error.pos}")
    except RecursionError:
        _refuse("the body is nested too deep")
    except ValueError:  # Python parses no integers of more than 4,300 digits
        _refuse("the body holds a number of too many digits")


def _values(raw: bytes) -> int:
    """Return the number of values in a body, at most one above the limit."""
    most = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    if most <= MOST_VALUES:  # including commas inside strings
        return most
    count, at = 0, 0
    while count <= MOST_VALUES and (found := _VALUE.match(raw, at)):
        count, at = count + 1, found.end()
    return count


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        _refuse(f"the key {twice[:80]!r} stands twice in one object; send it once")
    return made


def _no_number(name: str) -> NoReturn:
    _refuse(f"the body is not JSON: {name} is no number there")


def _refuse(message: str) -> NoReturn:
    raise RefusalError(HTTPStatus.BAD_REQUEST, message, code=MALFORMED)
