"""Bodies as JSON: counted before they are parsed, parsed beside the event loop, read strictly."""

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
"""Values of one body, lists and objects included: those of 2,048 texts and of every filter.

Python's objects of a hostile body took 600 times its size, its errors even more.
"""

_SMALL = 1 << 16  # bytes that are parsed in less time than a thread takes to begin

# Each match ends with what begins a value that is not the first of its list or object. Strings
# are passed over whole; one without an end ends with the body, so that nothing is read twice.
_VALUE = re.compile(rb'[^\[{,"]*+(?:"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)[^\[{,"]*+)*+[\[{,]', re.DOTALL)


class JsonRoute(APIRoute):
    """A route whose body is checked and parsed as here, before FastAPI looks at its types.

    ``advice`` is told whoever sends too many values.
    """

    advice = "send fewer"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request of this route."""
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
    """A request whose body has been parsed."""

    def __init__(self, request: Request, raw: bytes, value: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(request.scope, request.receive)
        self._raw = raw
        self._value = value

    async def body(self) -> bytes:
        """Return the body as it was sent."""
        return self._raw

    async def json(self) -> Any:  # noqa: ANN401 - JSON
        """Return what the body says."""
        return self._value


def parse(raw: bytes, advice: str) -> Any:  # noqa: ANN401 - JSON
    """Return what a body says, as RFC 8259 has it; ``advice`` is for one of too many values.

    Raises:
        RefusalError: it holds too many values, is no JSON in UTF-8, or names a key twice.
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
    except ValueError:  # Python reads no integers of more than 4,300 digits
        _refuse("the body holds a number of too many digits")


def _values(raw: bytes) -> int:
    """Return how many values a body holds, no more than one above the most."""
    most = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    if most <= MOST_VALUES:  # commas inside strings included
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
