"""Traverses the elements of a Word document: into wrappers, past deleted elements."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from ingest.loaders.docx.branches import MC, branch
from ingest.loaders.docx.styles import W
from ingest.loaders.docx.tables import was_deleted

# Wrappers around blocks: content controls, custom XML, insertions, and more than one body.
TRANSPARENT = frozenset(
    f"{W}{name}"
    for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "body", "document")
)


def within(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield the children ``tag``, including those inside content controls."""
    opened = [iter(element)]
    while opened:
        child = next(opened[-1], None)
        if child is None:
            opened.pop()
        elif child.tag == tag:
            yield child
        elif child.tag in TRANSPARENT:
            opened.append(iter(child))


def outermost(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the outermost paragraphs below, of one branch and not deleted."""
    opened = [iter(element)]
    while opened:
        child = next(opened[-1], None)
        if child is None:
            opened.pop()
        elif child.tag == f"{W}p":
            yield child
        elif child.tag == f"{MC}AlternateContent":
            opened.append(iter(branch(child)))
        elif child.tag not in (f"{W}del", f"{W}moveFrom") and stays(child):
            opened.append(iter(child))


def stays(element: etree._Element) -> bool:
    """Return whether a row or cell remains after accepting all tracked changes."""
    return element.find(f"{W}trPr/{W}del") is None and not was_deleted(element)
