"""Text of a page besides its printed text: values of fields, notes, addresses of links."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ingest.loaders.links import address_after
from ingest.loaders.pdf.annotations.appearances import only_drawn
from ingest.loaders.pdf.annotations.dictionaries import (
    LONGEST_TEXT,
    Dictionary,
    each,
    entry,
    inherited,
    size_of,
)
from ingest.loaders.pdf.annotations.forms import fields_of
from ingest.loaders.pdf.annotations.links import links_of
from ingest.loaders.pdf.annotations.notes import notes_of, said
from ingest.loaders.pdf.page import Inset
from ingest.loaders.pdf.placing.ticks import told

if TYPE_CHECKING:
    from ingest.loaders.pdf.engines import PdfEngines

_log = logging.getLogger(__name__)

MOST_TEXT = 1_000_000
"""Most characters of a page's annotations: more means a file that repeats one text."""

_OPTION = 8  # an entry of a list counts as so many characters


def insets_of(engines: PdfEngines, index: int) -> list[Inset]:
    """Return the insets of a page with their places.

    Their boxes refer to the visible page if PDFium can load it. Otherwise they only keep the order
    of the file's own points.
    """
    found = engines.pdfium.frame(index) if engines.pdfium is not None else None
    frame = found[0] if found is not None else lambda x, y: (x, -y)
    with engines.annotations(index) as everything:
        annotations = _affordable(everything)
        drawn = _drawn(engines, index, annotations)
        return [
            *fields_of(annotations, frame, drawn),
            *notes_of(annotations, frame, drawn),
            *links_of(annotations, frame),
        ]


def written(insets: Iterable[Inset]) -> list[str]:
    """Return the texts of insets as lines, for pages whose text has no positions."""
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


def _affordable(annotations: Sequence[Dictionary]) -> list[Dictionary]:
    """Return the annotations of a page up to the limit of characters."""
    left = MOST_TEXT
    kept: list[Dictionary] = []
    for annotation, size in each(annotations, _size):
        left -= size
        if left < 0:
            _log.info("%d annotations of a page left out", len(annotations) - len(kept))
            break
        kept.append(annotation)
    return kept


def _size(annotation: Dictionary) -> int:
    values = [entry(annotation, key) for key in ("/Contents", "/RC", "/T")]
    values += [inherited(annotation, key) for key in ("/V", "/RV", "/TU")]
    values.append(entry(entry(annotation, "/A"), "/URI"))
    options = inherited(annotation, "/Opt")
    listed = len(options) if isinstance(options, list) else 0
    return sum(min(size_of(value), LONGEST_TEXT) for value in values) + _OPTION * listed


def _drawn(engines: PdfEngines, index: int, annotations: Sequence[Dictionary]) -> dict[int, str]:
    """Return the drawn text of annotations without other text, by identities of dictionaries."""
    silent = only_drawn(annotations)
    if not silent or engines.pdfium is None:
        return {}
    texts = engines.pdfium.drawn_texts(index, [place for _, place in silent])
    return {id(one): text for (one, _), text in zip(silent, texts, strict=False)}
