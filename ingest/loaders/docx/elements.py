"""Kinds of elements of a paragraph: breaks, notes, fields, and invisible ones."""

from __future__ import annotations

from ingest.loaders.docx.styles import W

UNSEEN = frozenset(
    f"{W}{name}"
    for name in (
        "del", "moveFrom", "delText", "delInstrText", "rPr", "pPr", "rt",
        "sdtPr", "sdtEndPr", "fldData",
    )
)  # fmt: skip
"""Deleted or moved-from text, properties; the reading above ruby text is read apart."""

BREAKS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\u2011",
}
NOTES = {f"{W}footnoteReference": "footnote", f"{W}endnoteReference": "endnote"}
# A comment is placed at the end of its text.
COMMENTED = frozenset({f"{W}commentRangeEnd", f"{W}commentReference"})
FIELD = frozenset({f"{W}instrText", f"{W}fldChar"})
# Elements that may separate the pieces of one link.
BETWEEN_LINKS = frozenset(
    f"{W}{name}" for name in ("hyperlink", "proofErr", "bookmarkStart", "bookmarkEnd")
)
