"""Documents as JSON values: in the catalog's bodies and in archives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kb.records import Document, Notice, Page, Section, TextBox


def document_json(document: Document) -> dict[str, Any]:
    """Return a document as JSON values."""
    return {
        **asdict(document),
        "metadata": dict(document.metadata),
        "notices": [{**asdict(item), "values": dict(item.values)} for item in document.notices],
    }


def document_from_json(values: Mapping[str, Any]) -> Document:
    """Inverse of :func:`document_json`.

    Raises:
        KeyError, TypeError, ValueError: the values are no document's.
    """
    return Document(
        **{
            **values,
            "sections": sections_from_json(values["sections"]),
            "pages": pages_from_json(values["pages"]),
            "notices": tuple(Notice(**item) for item in values["notices"]),
        }
    )


def sections_from_json(items: list[dict[str, Any]]) -> tuple[Section, ...]:
    """Return sections of their fields.

    Raises:
        KeyError, TypeError, ValueError: the values are no section's.
    """
    return tuple(Section(**{**item, "heading_path": tuple(item["heading_path"])}) for item in items)


def pages_from_json(items: list[dict[str, Any]]) -> tuple[Page, ...]:
    """Return pages of their fields.

    Raises:
        KeyError, TypeError, ValueError: the values are no page's.
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
