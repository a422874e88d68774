"""Which fields a request may have, so that a wrong name is answered with the right one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from fastapi import Request
from pydantic import BaseModel

from kb.near_names import near_names


def meant(request: Request, place: Sequence[object]) -> str:
    """Return the field that a name which is none was probably meant to be; empty if none is near.

    Args:
        request: what was sent.
        place: where the name stands: ``body`` or ``query``, the fields around it, the name.
    """
    route = request.scope.get("route")
    part, *around, name = place
    models = list(_models(_of_body(route) if part == "body" else _of_query(route)))
    for each in around:
        inside = [model.model_fields[each] for model in models if each in model.model_fields]
        # What is no field tells an item of a list, or one of several bodies.
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
    """Yield the models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in annotation if isinstance(annotation, list) else get_args(annotation):
        yield from _models(part)
