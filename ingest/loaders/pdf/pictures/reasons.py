"""The reason for a PDF without text: damage, protection, pictures, or no content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import DamagedFileError, EmptyDocumentError, LoadError, UnknownFilterError
from ingest.loaders.pdf.protection import unknown_filters

if TYPE_CHECKING:
    from ingest.loaders.base import LoadOptions
    from ingest.loaders.pdf.pictures.scan import ScanReader
    from ingest.loaders.pdf.pictures.unread import Unread


def nothing(path: Path, scans: ScanReader, unread: Unread, options: LoadOptions) -> LoadError:
    """Return the error of a file in which no engine found text."""
    name, total = path.name, scans.total
    pages = f"{total} page{'s' if total != 1 else ''}"
    if unread.xfa:
        msg = (
            f"{name} is an XFA form, which only Adobe's programs show; "
            "print it from there to a PDF and ingest that."
        )
        return EmptyDocumentError(msg)
    # A file may hide its compressions in compressed objects: its bytes are the last resort.
    filters = unread.filters or ([] if scans.scanned else unknown_filters(path.read_bytes()))
    if filters:
        return UnknownFilterError.of(name, filters)
    if scans.failed == total:
        msg = f"{name} is damaged: none of its {pages} can be read; save it anew and ingest again."
        return DamagedFileError(msg)
    return EmptyDocumentError(
        _hidden(name, scans, options)
        or _not_tried(name, pages, scans, options)
        or _tried(name, pages, scans)
        or _undecodable(name, scans)
        or _held(name, unread)
        or _blank(name, pages, scans)
    )


def _hidden(name: str, scans: ScanReader, options: LoadOptions) -> str:
    if not scans.garbled or scans.scanned:
        return ""
    rest = scans.unavailable or (
        "and OCR could not read it." if options.ocr else "ingest it again with OCR on."
    )
    return f"{name} has no readable text: its fonts hide which characters they show; {rest}"


def _not_tried(name: str, pages: str, scans: ScanReader, options: LoadOptions) -> str:
    if scans.scanned and not options.ocr:
        return (
            f"{name} has no text on {scans.scanned} of {pages}; it looks scanned. "
            "Ingest it again with OCR on."
        )
    if scans.unavailable:
        return f"{name} has no text; it looks scanned. {scans.unavailable}"
    if scans.too_large:
        return (
            f"{name} has no text, and its pictures are too large to be decoded safely; "
            "raise the limit of pixels for OCR, or save it with smaller pictures."
        )
    if scans.over_limit:
        return (
            f"{name} has no text; it looks scanned, and the limits for OCR allow no page of it. "
            "Raise them and ingest again."
        )
    return ""


def _tried(name: str, pages: str, scans: ScanReader) -> str:
    if scans.scanned and not scans.pictured:
        return f"{name} has no text; OCR found none in what is drawn on its {pages}."
    if scans.scanned:
        look = "looks" if scans.total == 1 else "look"
        return (
            f"{name} has no text; its {pages} {look} scanned, "
            "and OCR found no text in the pictures."
        )
    return ""


def _undecodable(name: str, scans: ScanReader) -> str:
    if not scans.undecodable:
        return ""
    filters = ", ".join(sorted(set(scans.undecodable)))
    one = len(scans.undecodable) == 1
    return (
        f"{name} has no text, and its {'picture' if one else 'pictures'} cannot be decoded "
        f"({filters}); save it anew with the program that made it and ingest again."
    )


def _held(name: str, unread: Unread) -> str:
    held = unread.held()
    if not held:
        return ""
    *first, last = held
    what = f"{', '.join(first)} and {last}" if first else last
    return f"{name} has no text on its pages; it holds only {what}."


def _blank(name: str, pages: str, scans: ScanReader) -> str:
    if scans.failed:
        return (
            f"{name} has no text: {scans.failed} of its {pages} cannot be read, "
            "and the others are blank; save it anew and ingest again."
        )
    return f"{name} has no text: its {pages} {'is' if scans.total == 1 else 'are'} blank."
