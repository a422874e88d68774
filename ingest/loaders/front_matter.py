"""Reads the block of metadata that many Markdown files begin with (YAML or TOML)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml  # type: ignore[import-untyped] # ships no types

from kb.records import MetadataValue, Notice

MAX_CHARACTERS = 65_536
MAX_KEYS = 100
MAX_VALUE = 2_000
"""Longest value kept; metadata is for filters and labels, not for text."""

_BLOCK = re.compile(
    r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<body>.*?)^(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)\.\d+")
_KEY = re.compile(r"^[\w \"'-]+[ \t]*[:=]", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What stood before the text: ``body`` is the rest of the file."""

    body: str
    values: dict[str, MetadataValue] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


class _PlainLoader(yaml.BaseLoader):  # type: ignore[misc] # yaml ships no types
    """A loader of texts, lists and mappings that refuses aliases and leaves values as written.

    A few bytes of aliases can stand for gigabytes. YAML 1.1, which PyYAML reads, would make 750 of
    ``12:30``, 7 of ``007`` and "no" of the language ``no``.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            msg = "aliases are not read"
            raise yaml.YAMLError(msg)
        if "python" in (getattr(self.peek_event(), "tag", None) or ""):
            msg = "Python's objects are not read"
            raise yaml.YAMLError(msg)
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode) -> MetadataValue | None:
        text = str(super().construct_scalar(node))
        return text if node.style else _value(text)


def _value(text: str) -> MetadataValue | None:
    """Return a value written without quotes: what reads the same when it is written again."""
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

    Nested keys become ``outer.inner``, lists are joined by ``", "``. A block that cannot be
    parsed stays in the body, with a notice; a block that is no mapping is ordinary text.
    """
    found = _BLOCK.match(text[: MAX_CHARACTERS + 8])
    if not found or not _KEY.search(found["body"]):
        return FrontMatter(body=text)
    try:
        parsed: Any = (
            tomllib.loads(found["body"])
            if found["mark"] == "+++"
            else yaml.load(found["body"], Loader=_PlainLoader)  # noqa: S506 - constructs less than a SafeLoader
        )
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        problem = str(getattr(error, "problem", "") or error).split("\n", 1)[0]
        message = f"The front matter could not be read: {problem}; it was indexed as text."
        notice = Notice(code="front_matter_broken", message=message, values={"problem": problem})
        return FrontMatter(body=text, notices=(notice,))
    if not isinstance(parsed, dict):
        return FrontMatter(body=text)
    values: dict[str, MetadataValue] = {}
    _flatten("", parsed, values)
    return FrontMatter(body=text[found.end() :], values=values)


def _flatten(prefix: str, value: object, into: dict[str, MetadataValue]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            name = str(key).lower() if isinstance(key, bool) else str(key)
            _flatten(f"{prefix}.{name}" if prefix else name, inner, into)
        return
    plain = _plain(value)
    if plain is not None and prefix and len(into) < MAX_KEYS:
        into[prefix] = plain


def _plain(value: object) -> MetadataValue | None:
    """Return a value that metadata can hold; None for nothing and for lists of mappings."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        return value.strip()[:MAX_VALUE] or None
    if isinstance(value, list):
        parts = [_plain(entry) for entry in value]
        return ", ".join(str(part) for part in parts if part is not None)[:MAX_VALUE] or None
    return None
