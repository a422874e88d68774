"""Which tags and languages the documents of a collection have, for filters to choose from."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter

from kb.records import Facets
from kb.search.filters import LANGUAGE_KEYS, TAG_KEYS

_SEPARATOR = re.compile(r"[,;] ?")


def facets(db: sqlite3.Connection, collection_id: str) -> Facets:
    """Return the values that :class:`~kb.search.filters.SearchFilter` compares with.

    Tags that differ in case alone are one, written as most documents write them.
    """
    tags: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    rows = db.execute(
        "SELECT metadata FROM documents WHERE collection_id = ? AND state = 'active'"
        " AND metadata <> '{}'",
        (collection_id,),
    )
    for row in rows:
        metadata = json.loads(row["metadata"])
        found = (metadata.get(key) for key in TAG_KEYS)
        tags.update(
            tag.strip()
            for text in found
            if isinstance(text, str)
            for tag in _SEPARATOR.split(text)
            if tag.strip()
        )
        said = (metadata.get(key) for key in LANGUAGE_KEYS)
        languages.update({text for text in said if isinstance(text, str) and text})
    spelt: dict[str, str] = {}
    for tag, _ in tags.most_common():
        spelt.setdefault(tag.lower(), tag)
    return Facets(
        tags=tuple(spelt.values()),
        languages=tuple(name for name, _ in languages.most_common()),
    )
