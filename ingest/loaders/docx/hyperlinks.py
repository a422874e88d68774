"""Addresses of links in a paragraph: written once after a link's text, even if it is in pieces."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from ingest.loaders.docx.package import Relations
from ingest.loaders.docx.styles import W
from ingest.loaders.links import address_after

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


class Hyperlinks:
    """Writes addresses into the pieces of a paragraph's text.

    Args:
        pieces: the text so far; it grows.
        relations: those of the paragraph's part.
        apart: receives the addresses that do not belong into the text.
    """

    def __init__(
        self, pieces: list[str], relations: Relations, apart: Callable[[str], None] | None
    ) -> None:
        self._pieces = pieces
        self._relations = relations
        self._apart = apart
        self._due = ("", 0)  # a pending address, and the beginning of its text

    def begin(self, link: etree._Element) -> int:
        """Return the beginning of a link's text: Word splits one link into several."""
        address, began = self._due
        if address and address == self._address(link):
            self._due = ("", 0)
            return began
        self.write()
        return len(self._pieces)

    def end(self, link: etree._Element, began: int) -> None:
        """Note the end of a link; the next one may have the same address."""
        self._due = (self._address(link), began)

    def write(self) -> None:
        """Write the pending address of the last link."""
        address, began = self._due
        self._due = ("", 0)
        if address:
            self.add(began, address)

    def add(self, began: int, address: str) -> None:
        """Add an address after its text, before any space at its end."""
        text = "".join(self._pieces[began:])
        shown = address_after(text, address)
        if not shown:
            return
        if self._apart is not None:
            self._apart(shown.strip())
            return
        kept = text.rstrip()
        self._pieces[began:] = [kept, shown if kept else shown.lstrip(), text[len(kept) :]]

    def _address(self, link: etree._Element) -> str:
        address = self._relations.outside.get(link.get(f"{_RELATION}id") or "", "")
        anchor = link.get(f"{W}anchor")
        return f"{address}#{anchor}" if address and anchor and "#" not in address else address
