"""Suggests the right field for a wrong name in a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from fastapi import Request
from pydantic import BaseModel

from kb.near_names import near_names


def meant(request: Request, place: Sequence[object]) -> str:
    """Return the field that an unknown name probably means; empty if none is similar.

    Args:
        request: the request.
        place: the name's location: ``body`` or ``query``, the fields around it, the name.
    """
    route = request.scope.get("route")
    part, *around, name = place
    models = list(_models(_of_body(route) if part == "body" else _of_query(route)))
    for each in around:
        inside = [model.model_fields[each] for model in models if each in model.model_fields]
        # Other steps are an index of a list, or one of several possible bodies.
        if inside:
            models = [model for field in inside for model in _models(field.annotation)]
    known = [field for model in models for field in model.model_fields]
    return next(iter(near_names(str(name), known)), "")


def _of_body(route: object) -> object:
    return getattr(getattr(getattr(route, "body_field", None), "field_info", None), "annotation", 0)


def _of_query(route: object) -> list[object]:
    parameters = getattr(getattr(route, "dependant", None), "query_params", ())
    return [each.field_info.annotation for each in parameters]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - whatever a type is
    """Yield the models inside a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in annotation if isinstance(annotation, list) else get_args(annotation):
        yield from _models(part)
