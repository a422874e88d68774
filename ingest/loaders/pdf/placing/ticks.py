"""The text for a check box of a form: a sign and a word."""

from __future__ import annotations

import re

from ingest.loaders.pdf.page import Inset

TICKED, EMPTY = "☒", "☐"

_HAN = re.compile("[\u3400-\u9fff]")


def sign(field: Inset) -> str:
    """Return the box's sign."""
    return TICKED if field.ticked else EMPTY


def word(field: Inset, beside: str) -> str:
    """Return "yes" or "no" in the language of the words beside a box."""
    if _HAN.search(beside):
        return "是" if field.ticked else "否"
    return "yes" if field.ticked else "no"


def told(field: Inset) -> str:
    """Return a field's value after its name, for text without a place for it."""
    text = field.text
    if field.ticked is not None:
        if field.one_of and not field.ticked:
            return ""
        text = field.text or f"{sign(field)} {word(field, field.label)}"
    return named(field.label, text)


def named(label: str, text: str) -> str:
    """Return a text after its name."""
    label = label.strip().rstrip(":： ")
    return f"{label}{colon(label)} {text}" if label else text


def colon(label: str) -> str:
    """Return the colon of a label's script."""
    return "：" if label and _HAN.match(label[-1]) else ":"
