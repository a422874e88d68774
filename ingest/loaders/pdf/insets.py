"""What stands on a page besides its text: the values of fields, notes, addresses of links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from ingest.loaders.links import address_after
from ingest.loaders.pdf.annotations import Dictionary
from ingest.loaders.pdf.appearances import only_drawn
from ingest.loaders.pdf.forms import fields_of
from ingest.loaders.pdf.links import links_of
from ingest.loaders.pdf.notes import notes_of, said
from ingest.loaders.pdf.page import Inset
from ingest.loaders.pdf.ticks import told

if TYPE_CHECKING:
    from ingest.loaders.pdf.engines import PdfEngines

MOST_TEXT = 1_000_000
"""Characters that a page's annotations may hold together: more is a file that repeats one text."""


def insets_of(engines: PdfEngines, index: int) -> list[Inset]:
    """Return the insets of a page, each where it stands.

    Their boxes are those of the page as seen where PDFium can load it. Elsewhere they keep the
    order of the file's own points, and tell nothing else.
    """
    found = engines.pdfium.frame(index) if engines.pdfium is not None else None
    frame = found[0] if found is not None else lambda x, y: (x, -y)
    with engines.annotations(index) as annotations:
        drawn = _drawn(engines, index, annotations)
        return _bounded(
            chain(
                fields_of(annotations, frame, drawn),
                notes_of(annotations, frame, drawn),
                links_of(annotations, frame),
            )
        )


def written(insets: Iterable[Inset]) -> list[str]:
    """Return what insets say as lines, for pages whose text has no places."""
    lines = []
    for inset in insets:
        if inset.kind == "field":
            lines.append(told(inset))
        elif inset.kind == "typed":
            lines.append(inset.text)
        elif inset.kind == "note":
            lines.append(said(inset))
        elif inset.kind == "link":
            lines.append(address_after("", inset.text).strip(" ()"))
    return [line for line in dict.fromkeys(lines) if line.strip()]


def _drawn(engines: PdfEngines, index: int, annotations: Sequence[Dictionary]) -> dict[int, str]:
    """Return what annotations draw that hold no text, by the identity of their dictionaries."""
    silent = only_drawn(annotations)
    if not silent or engines.pdfium is None:
        return {}
    texts = engines.pdfium.drawn_texts(index, [place for _, place in silent])
    return {id(one): text for (one, _), text in zip(silent, texts, strict=False)}


def _bounded(insets: Iterable[Inset]) -> list[Inset]:
    left = MOST_TEXT
    kept: list[Inset] = []
    for inset in insets:
        left -= len(inset.text) + len(inset.label)
        if left < 0:
            break
        kept.append(inset)
    return kept
