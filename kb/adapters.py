"""Pydantic's adapters for the project's records."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

RecordT = TypeVar("RecordT")

_MADE: dict[type[Any], TypeAdapter[Any]] = {}


def adapter(kind: type[RecordT]) -> TypeAdapter[RecordT]:
    """Return the adapter for a class, made at first use: that takes milliseconds."""
    made = _MADE.get(kind)
    if made is None:
        made = _MADE[kind] = TypeAdapter(kind)
    return made
