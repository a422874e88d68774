"""Documents as JSON values, in the catalog and in archives."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kb.records import Document, Page, Section, TextBox


def document_json(document: Document) -> dict[str, Any]:
    """Return a document as JSON values."""
    return {
        **asdict(document),
        "metadata": dict(document.metadata),
        "notices": [{**asdict(item), "values": dict(item.values)} for item in document.notices],
    }


def sections_from_json(items: list[dict[str, Any]]) -> tuple[Section, ...]:
    """Return the sections of a list of JSON values.

    Raises:
        KeyError, TypeError, ValueError: a value does not describe a section.
    """
    return tuple(Section(**{**item, "heading_path": tuple(item["heading_path"])}) for item in items)


def pages_from_json(items: list[dict[str, Any]]) -> tuple[Page, ...]:
    """Return the pages of a list of JSON values.

    Raises:
        KeyError, TypeError, ValueError: a value does not describe a page.
    """
    return tuple(
        Page(
            **{
                **item,
                "boxes": tuple(
                    TextBox(**{**box, "box": tuple(box["box"])}) for box in item["boxes"]
                ),
            }
        )
        for item in items
    )
