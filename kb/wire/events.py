"""Server-sent events: written by the server, read by the client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "text/event-stream"

KEEP_ALIVE = b": \n\n"
"""A comment: says that the server is there, and is no event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its name and its JSON value."""

    name: str
    data: Any


def event_bytes(name: str, data: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return an event as it is sent; its JSON stands on one line."""
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {told}\n\n".encode(errors="backslashreplace")


def events_of(lines: Iterable[str]) -> Iterator[Event]:
    """Give the events of a stream whose lines come without their ends; comments are passed over.

    An event that the stream breaks off in is not given.

    Raises:
        ValueError: an event is no JSON.
    """
    name = "message"
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(name=name, data=json.loads("\n".join(data)))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
