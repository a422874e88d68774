"""JSON Schema, as far as ``/openapi.json`` uses it: what is wrong with a value, and values to try.

A keyword that is not known here is an error, so that nothing in a schema goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ABOUT = {"title", "description", "default", "format", "type"}
_CHECKED = {
    "array": {"items", "minItems", "maxItems"},
    "boolean": set[str](),
    "integer": {"minimum", "maximum"},
    "null": set[str](),
    "number": {"minimum", "maximum"},
    "object": {"properties", "required", "additionalProperties", "propertyNames", "maxProperties"},
    "string": {"minLength", "maxLength", "pattern"},
}
_OF_EVERY_TYPE: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**30, "", "x", [], ["x"], {}, {"x": 1})
_LETTERS = "x字🙂"
_MOST = 40  # items or members that stand for any number where a schema gives none

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Schemas:
    """The schemas of one description, and samples of each pattern that they hold."""

    named: Mapping[str, Schema]
    samples: Mapping[str, tuple[str, ...]]

    def problems(self, schema: Schema, value: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
        """Yield what of a value is not as a schema says."""
        schema = self._resolved(schema)
        if "oneOf" in schema:
            if sum(not any(self.problems(each, value)) for each in schema["oneOf"]) != 1:
                yield f"{place}: {value!r:.80} is not one of {schema['oneOf']}"
        elif "anyOf" in schema:
            if all(any(self.problems(each, value)) for each in schema["anyOf"]):
                yield f"{place}: {value!r:.80} is none of {schema['anyOf']}"
        elif "const" in schema or "enum" in schema:
            allowed = schema.get("enum", [schema.get("const")])
            if not any(value == each and type(value) is type(each) for each in allowed):
                yield f"{place}: {value!r:.80} is not in {allowed}"
        elif "type" in schema:
            yield from self._typed_problems(schema, value, place)

    def valid(self, schema: Schema) -> list[Any]:
        """Return values that a schema allows, those at its bounds among them."""
        tried = self._tried(self._resolved(schema))
        return [value for value in tried if not any(self.problems(schema, value))]

    def invalid(self, schema: Schema) -> list[Any]:
        """Return values that a schema does not allow, those next to its bounds among them."""
        tried = [*self._tried(self._resolved(schema)), *_OF_EVERY_TYPE]
        return [value for value in tried if any(self.problems(schema, value))]

    def _resolved(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            return self._resolved(self.named[schema["$ref"].rsplit("/", 1)[-1]])
        kind = schema.get("type")
        known = _ABOUT | {"anyOf", "oneOf", "const", "enum"} | _CHECKED.get(kind or "", set())
        assert set(schema) <= known, f"unknown keywords in {schema}"
        return schema

    # -- checking

    def _typed_problems(self, schema: Schema, value: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - JSON
        kind = schema["type"]
        if not _is(kind, value):
            yield f"{place}: {value!r:.80} is no {kind}"
        elif kind in {"integer", "number"}:
            yield from _out_of_bounds(schema, value, ("minimum", "maximum"), place)
        elif kind == "string":
            yield from _out_of_bounds(schema, len(value), ("minLength", "maxLength"), place)
            if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
                yield f"{place}: {value!r:.80} is not like {schema['pattern']}"
        elif kind == "array":
            yield from _out_of_bounds(schema, len(value), ("minItems", "maxItems"), place)
            for index, item in enumerate(value):
                yield from self.problems(schema.get("items", {}), item, f"{place}[{index}]")
        elif kind == "object":
            yield from self._object_problems(schema, value, place)

    def _object_problems(self, schema: Schema, value: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - JSON
        yield from _out_of_bounds(schema, len(value), ("", "maxProperties"), place)
        for name in schema.get("required", []):
            if name not in value:
                yield f"{place}.{name} is missing"
        others = schema.get("additionalProperties", True)
        for name, item in value.items():
            if name in schema.get("properties", {}):
                yield from self.problems(schema["properties"][name], item, f"{place}.{name}")
            elif others is False:
                yield f"{place}.{name} is not known"
            elif others is not True:
                yield from self.problems(others, item, f"{place}.{name}")
            yield from self.problems({"type": "string", **schema.get("propertyNames", {})}, name)

    # -- values to try, some of them wrong

    def _tried(self, schema: Schema) -> list[Any]:
        if any(choices := (schema.get("anyOf"), schema.get("oneOf"))):
            listed = next(filter(None, choices))
            return [value for each in listed for value in self._of(each)]
        if "const" in schema or "enum" in schema:
            return [*schema.get("enum", [schema.get("const")]), "no such choice"]
        return getattr(self, f"_{schema['type']}")(schema)  # type: ignore[no-any-return]

    def _of(self, schema: Schema) -> list[Any]:
        return self._tried(self._resolved(schema))

    def _null(self, _: Schema) -> list[Any]:
        return [None]

    def _boolean(self, _: Schema) -> list[Any]:
        return [True, False]

    def _integer(self, schema: Schema) -> list[Any]:
        least, most = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
        return [least, most, float(least + 1), least - 1, most + 1, least + 0.5, 10**30]

    def _number(self, schema: Schema) -> list[Any]:
        least, most = schema.get("minimum", -1e9), schema.get("maximum", 1e9)
        return [least, most, (least + most) / 2, least - 1, most + 1, 1e300, 10**400]

    def _string(self, schema: Schema) -> list[Any]:
        if "pattern" in schema:
            return list(self.samples[schema["pattern"]])
        least, most = schema.get("minLength", 0), schema.get("maxLength", 100)
        lengths = {max(0, least - 1), least, least + 1, most, most + 1}
        return ["a\0b", *(letter * length for letter in _LETTERS for length in sorted(lengths))]

    def _array(self, schema: Schema) -> list[Any]:
        items = self._of(schema["items"])
        good = next(item for item in items if not any(self.problems(schema["items"], item)))
        least, most = schema.get("minItems", 0), schema.get("maxItems", _MOST)
        lengths = sorted({max(0, least - 1), least, least + 1, most, most + 1})
        wrong = [[item] for item in _OF_EVERY_TYPE]
        return [*([good] * length for length in lengths), *([item] for item in items), *wrong]

    def _object(self, schema: Schema) -> list[Any]:
        properties = schema.get("properties", {})
        least = {name: self.valid(properties[name])[0] for name in schema.get("required", [])}
        tried: list[Any] = [least, {**least, "no such key": 1}, {}]
        for name, each in properties.items():
            tried += [{**least, name: value} for value in [*self._of(each), *_OF_EVERY_TYPE]]
        others = schema.get("additionalProperties", True)
        if isinstance(others, Mapping):
            tried += [{**least, "key": value} for value in [*self._of(others), *_OF_EVERY_TYPE]]
            names = self._string(schema.get("propertyNames", {}))
            tried += [{**least, name: self.valid(others)[0]} for name in names]
            for count in (schema.get("maxProperties", _MOST), schema.get("maxProperties", 0) + 1):
                tried.append({str(number): self.valid(others)[0] for number in range(count)})
        return tried


def _is(kind: str, value: object) -> bool:
    if kind in {"integer", "number"}:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (
            whole if kind == "integer" else isinstance(value, int | float)
        )
    types: dict[str, type] = {
        "array": list,
        "boolean": bool,
        "null": type(None),
        "object": dict,
        "string": str,
    }
    return isinstance(value, types[kind])


def _out_of_bounds(
    schema: Schema, size: float, names: tuple[str, str], place: str
) -> Iterator[str]:
    least, most = (schema.get(name) for name in names)
    if least is not None and size < least:
        yield f"{place}: {size} is below {least}"
    if most is not None and size > most:
        yield f"{place}: {size} is above {most}"
