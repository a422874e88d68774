"""Which of a document's files an address names: one content may lie at several paths."""

from __future__ import annotations

from kb.records import DocumentInfo, Source
from kb.records.short_ids import short_id


def files_named(info: DocumentInfo, address: str) -> tuple[Source, ...]:
    """Return the files of a document that an address names; none where it is an id or a title.

    Args:
        info: the document.
        address: a path, whole or below the folder that was ingested; or the end of one, which may
            be that of several.
    """
    wanted = address.strip()
    if not wanted:
        return ()
    exact = [each for each in info.sources if wanted in {each.path, each.whole}]
    if exact or wanted.isdecimal() or short_id(wanted):
        return tuple(exact)
    end = f"/{wanted.lstrip('/')}"
    return tuple(each for each in info.sources if each.whole.endswith(end))
