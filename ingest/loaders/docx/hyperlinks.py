"""Addresses of links in a paragraph: written once behind a link's text, however it is cut up."""

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
        pieces: the text so far, which grows.
        relations: those of the part that holds the paragraph.
        apart: takes the addresses where they do not belong into the text.
    """

    def __init__(
        self, pieces: list[str], relations: Relations, apart: Callable[[str], None] | None
    ) -> None:
        self._pieces = pieces
        self._relations = relations
        self._apart = apart
        self._due = ("", 0)  # an address that is to be written, and where its text begins

    def begin(self, link: etree._Element) -> int:
        """Return where a link's text begins: Word cuts one link into several in a row."""
        address, began = self._due
        if address and address == self._address(link):
            self._due = ("", 0)
            return began
        self.write()
        return len(self._pieces)

    def end(self, link: etree._Element, began: int) -> None:
        """Note that a link has ended, whose address may be that of the next one as well."""
        self._due = (self._address(link), began)

    def write(self) -> None:
        """Write the address of the link that ended last, if it is still to be written."""
        address, began = self._due
        self._due = ("", 0)
        if address:
            self.add(began, address)

    def add(self, began: int, address: str) -> None:
        """Add an address behind its text, before any space at its end."""
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
