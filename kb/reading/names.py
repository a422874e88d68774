"""Finds the files of a document that an address names: one content may have several paths."""

from __future__ import annotations

from kb.records import DocumentInfo, Source
from kb.records.short_ids import short_id


def files_named(info: DocumentInfo, address: str) -> tuple[Source, ...]:
    """Return the files of a document that an address names; none for an id or a title.

    Args:
        info: the document.
        address: a path, whole or below the ingested folder, or the end of a path. Several paths may
            have that end.
    """
    wanted = address.strip()
    if not wanted:
        return ()
    exact = [each for each in info.sources if wanted in {each.path, each.whole}]
    if exact or wanted.isdecimal() or short_id(wanted):
        return tuple(exact)
    end = f"/{wanted.lstrip('/')}"
    return tuple(each for each in info.sources if each.whole.endswith(end))
