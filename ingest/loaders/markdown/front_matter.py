"""Reads the metadata at the beginning of many Markdown files (YAML or TOML)."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import yaml  # type: ignore[import-untyped] # ships no types

from kb.records import MetadataValue, Notice

MAX_CHARACTERS = 65_536
MAX_KEYS = 100
MAX_DEPTH = 20
MAX_VALUE = 2_000
"""Most characters of a value; metadata is for filters and labels, not for text."""

_SHOWN_KEYS = 5
_SHOWN_CHARACTERS = 60
_TOO_DEEP = f"it is nested more than {MAX_DEPTH} levels deep"

_BLOCK = re.compile(
    r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<body>.*?)^(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)\.\d+")
_KEY = re.compile(r"^[\w \"'-]+[ \t]*[:=]", re.MULTILINE)
_OPENING = re.compile(r"\A(?:---|\+\+\+)[ \t]*\n\s*[\w\"'-]+[ \t]*[:=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The metadata before the text; ``body`` is the rest of the file."""

    body: str
    values: dict[str, MetadataValue] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


class _PlainLoader(yaml.BaseLoader):  # type: ignore[misc] # yaml ships no types
    """Loads texts, lists and mappings; refuses aliases and keeps values as written.

    A few bytes of aliases can stand for gigabytes. YAML 1.1, which PyYAML reads, would make 750 of
    ``12:30``, 7 of ``007`` and "no" of the language ``no``.
    """

    levels = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            msg = "aliases are not read"
            raise yaml.YAMLError(msg)
        if "python" in (getattr(self.peek_event(), "tag", None) or ""):
            msg = "Python's objects are not read"
            raise yaml.YAMLError(msg)
        if self.levels > MAX_DEPTH:  # the library recurses for each level
            raise yaml.YAMLError(_TOO_DEEP)
        self.levels += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.levels -= 1

    def construct_scalar(self, node: yaml.ScalarNode) -> MetadataValue | None:
        text = str(super().construct_scalar(node))
        return text if node.style else _value(text)


def _value(text: str) -> MetadataValue | None:
    """Return an unquoted value, if it stays the same when written again."""
    if text.lower() in {"", "~", "null"}:
        return None
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


def split_front_matter(text: str) -> FrontMatter:
    r"""Split ``text`` (with ``\n`` line ends) into metadata and body.

    Nested keys become ``outer.inner``; lists are joined by ``", "``. A block that cannot be parsed,
    is too long or too deep stays in the body, with a notice. A block that is not a mapping is
    ordinary text. Too long values and too many keys are cut, with a notice.
    """
    found = _BLOCK.match(text[: MAX_CHARACTERS + 8])
    if not found:
        return FrontMatter(body=text, notices=tuple(_too_long(text)))
    if not _KEY.search(found["body"]):
        return FrontMatter(body=text)
    try:
        parsed: Any = (
            tomllib.loads(found["body"])
            if found["mark"] == "+++"
            else yaml.load(found["body"], Loader=_PlainLoader)  # noqa: S506 - constructs less than a SafeLoader
        )
        values = _flat(parsed) if isinstance(parsed, dict) else None
    except RecursionError:  # from tomllib, which recurses for each list in a list
        return FrontMatter(body=text, notices=(_broken(_TOO_DEEP),))
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError) as error:
        problem = str(getattr(error, "problem", "") or error).split("\n", 1)[0]
        return FrontMatter(body=text, notices=(_broken(problem),))
    if values is None:
        return FrontMatter(body=text)
    kept, notices = _within_bounds(values)
    return FrontMatter(body=text[found.end() :], values=kept, notices=tuple(notices))


def _broken(problem: str) -> Notice:
    message = f"The front matter could not be read: {problem}; it was indexed as text."
    return Notice(code="front_matter_broken", message=message, values={"problem": problem})


def _too_long(text: str) -> Iterator[Notice]:
    """Return a notice about a block above the length limit."""
    if not _OPENING.match(text):
        return
    found = _BLOCK.match(text)
    if found:
        characters = len(found["body"])
        message = (
            f"The front matter has {characters:,} characters, more than {MAX_CHARACTERS:,}; "
            "it was indexed as text."
        )
        yield Notice(
            code="front_matter_too_long",
            message=message,
            values={"characters": characters, "limit": MAX_CHARACTERS},
        )


def _flat(parsed: dict[Any, Any]) -> dict[str, MetadataValue]:
    """Return the values of all keys, nested ones as ``outer.inner``, in their order.

    Raises:
        ValueError: they are too deeply nested.
    """
    values: dict[str, MetadataValue] = {}
    waiting: list[tuple[str, object, int]] = [("", parsed, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        if isinstance(value, dict):
            # BaseLoader's keys may be truth values, which YAML writes in lower case
            keys = [str(key).lower() if isinstance(key, bool) else str(key) for key in value]
            named = [f"{name}.{key}" if name else key for key in keys]
            inner = zip(named, value.values(), strict=True)
            waiting += [(key, each, depth + 1) for key, each in reversed(list(inner))]
            continue
        plain = _listed(value) if isinstance(value, list) else _scalar(value)
        if plain is not None and name:
            values[name] = plain
    return values


def _listed(values: list[Any]) -> str | None:
    """Return a list's values as one text; mappings in it with their keys."""
    parts: list[str] = []
    waiting: list[tuple[str, object, int]] = [("", values, 0)]
    while waiting:
        label, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        if isinstance(value, list):
            waiting += [(label, each, depth + 1) for each in reversed(value)]
        elif isinstance(value, dict):
            waiting += [(str(key), each, depth + 1) for key, each in reversed(value.items())]
        elif (plain := _scalar(value)) is not None:
            parts.append(f"{label}: {plain}" if label else str(plain))
    return ", ".join(parts) or None


def _scalar(value: object) -> MetadataValue | None:
    """Return a scalar as a value of metadata; None for an empty one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value).strip() or None if isinstance(value, str) else None


def _within_bounds(
    values: dict[str, MetadataValue],
) -> tuple[dict[str, MetadataValue], list[Notice]]:
    """Cut too long values and too many keys, with notices."""
    notices: list[Notice] = []
    kept = dict(islice(values.items(), MAX_KEYS))
    if len(values) > MAX_KEYS:
        message = f"The front matter has {len(values):,} keys; the first {MAX_KEYS} were kept."
        counts: dict[str, MetadataValue] = {"keys": len(values), "limit": MAX_KEYS}
        notices.append(Notice(code="front_matter_too_many", message=message, values=counts))
    long = [key for key, value in kept.items() if isinstance(value, str) and len(value) > MAX_VALUE]
    if long:
        names = ", ".join(key[:_SHOWN_CHARACTERS] for key in long[:_SHOWN_KEYS])
        names += ", …" if len(long) > _SHOWN_KEYS else ""
        message = (
            f"The front matter's values are longer than {MAX_VALUE:,} characters ({names}); "
            "the first of each were kept."
        )
        said: dict[str, MetadataValue] = {"names": names, "limit": MAX_VALUE}
        notices.append(Notice(code="front_matter_cut", message=message, values=said))
        kept |= {key: str(kept[key])[:MAX_VALUE] for key in long}
    return kept, notices
