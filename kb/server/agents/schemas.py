"""JSON Schemas of parameters and results for agents: flat, short, without repetition.

A model pays for each word of them. Some clients support neither ``$ref`` nor a choice of types.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_DROPPED = frozenset({"title", "propertyNames"})
_NOTHING: tuple[object, ...] = ("", [], {})  # keywords whose default means nothing


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema without references, titles, and null beside another type.

    The model's own fields come before those that it shares with other models.
    """
    whole = model.model_json_schema()
    found: dict[str, Any] = _plain(whole, whole.get("$defs", {}))
    own = model.__annotations__
    properties = found.get("properties", {})
    found["properties"] = {
        name: properties[name] for name in sorted(properties, key=lambda name: name not in own)
    }
    return found


def _plain(schema: Any, named: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(schema, list):
        return [_plain(each, named) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain(named[schema["$ref"].rpartition("/")[2]] | rest, named)
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        if rest.get("default", ...) is None:
            del rest["default"]
        return _plain(choices[0] | rest, named)
    return {
        key: {name: _plain(each, named) for name, each in value.items()}
        if key == "properties"
        else _plain(value, named)
        for key, value in schema.items()
        if key not in _DROPPED and key != "$defs" and not (key == "default" and value in _NOTHING)
    }
