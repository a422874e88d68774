"""Chooses one of several versions of the same content: ``mc:AlternateContent``."""

from __future__ import annotations

from lxml import etree

from ingest.loaders.docx.graphics import REFERENCES
from ingest.loaders.docx.math import M
from ingest.loaders.docx.styles import W

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


def branch(alternate: etree._Element) -> etree._Element:
    """Return the one branch to read: the first choice, which newer programs show."""
    choice = alternate.find(f"{MC}Choice")
    fallback = alternate.find(f"{MC}Fallback")
    if choice is None:
        return alternate if fallback is None else fallback
    # A choice without text may be a drawing whose text only the fallback contains.
    has_text = next(choice.iter(f"{W}t", f"{M}t", *REFERENCES), None) is not None
    return choice if has_text or fallback is None or not len(fallback) else fallback
