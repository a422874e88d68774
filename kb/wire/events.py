"""Server-sent events: written by the server, read by the client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "text/event-stream"

KEEP_ALIVE = b": \n\n"
"""A comment that shows that the server is alive; it is not an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event: its name and its JSON value."""

    name: str
    data: Any


def event_bytes(name: str, data: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return the bytes of an event; its JSON is on one line."""
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {told}\n\n".encode(errors="backslashreplace")


def events_of(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events of a stream, given as lines without their ends; skip comments.

    An event that is incomplete at the end of the stream is left out.

    Raises:
        ValueError: an event is not JSON.
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
