"""The YAML at the head of a Markdown file, as flat metadata."""

from __future__ import annotations

from collections.abc import Iterator

import yaml  # type: ignore[import-untyped] # ships no types

from kb.records import MetadataValue, Notice

_MOST_CHARACTERS = 65_536
_MOST_KEYS = 100
_MOST_VALUE_CHARACTERS = 2_000


def parse_front_matter(text: str) -> tuple[dict[str, MetadataValue], Notice | None]:
    """Return flat metadata; a broken head is a notice, not a failure.

    Nested keys are joined by dots, lists by commas, dates become ISO strings.
    """
    try:
        if len(text) > _MOST_CHARACTERS:
            msg = f"longer than {_MOST_CHARACTERS} characters"
            raise ValueError(msg)  # noqa: TRY301 - told like a parser's complaint, just below
        values = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - derived from SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        return {}, Notice(
            code="front_matter_broken",
            message=f"the front matter could not be read: {problem}",
            values={"problem": str(problem)},
        )
    if not isinstance(values, dict):
        return {}, None
    flat = dict(_flatten("", values))
    return dict(list(flat.items())[:_MOST_KEYS]), None


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc] # yaml ships no types
    """A safe loader that refuses aliases: a few of them can unfold into gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            msg = "aliases are not read"
            raise yaml.YAMLError(msg)
        return super().compose_node(parent, index)


def _flatten(prefix: str, value: object) -> Iterator[tuple[str, MetadataValue]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list):
        yield prefix, ", ".join(str(item) for item in value)[:_MOST_VALUE_CHARACTERS]
    elif isinstance(value, bool | int | float):
        yield prefix, value
    elif hasattr(value, "isoformat"):
        yield prefix, value.isoformat()
    elif value is not None:
        yield prefix, str(value)[:_MOST_VALUE_CHARACTERS]
