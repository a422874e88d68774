"""Which tags and languages the documents of a collection have, for filters to choose from."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter

from kb.metadata import folded, split_tags, stated_tags
from kb.records import Facets
from kb.store import tags as given_tags


def facets(db: sqlite3.Connection, collection_id: str) -> Facets:
    """Return the values that :class:`~kb.search.filters.SearchFilter` compares with.

    Tags that differ in case alone are one, written as most documents write them.
    """
    tags: Counter[str] = Counter()
    rows = db.execute(
        "SELECT metadata FROM documents WHERE collection_id = ? AND state = 'active'"
        " AND metadata <> '{}'",
        (collection_id,),
    )
    for row in rows:
        tags.update(stated_tags(json.loads(row["metadata"])))
    for given in given_tags.of_documents(db, collection_id).values():
        tags.update(given)
    spelt: dict[str, str] = {}
    for tag, _ in tags.most_common():
        spelt.setdefault(folded(tag), tag)
    languages = db.execute(
        "SELECT language FROM documents WHERE collection_id = ? AND state = 'active'"
        " AND language <> '' GROUP BY language ORDER BY count(*) DESC, language",
        (collection_id,),
    )
    return Facets(
        tags=tuple(spelt.values()),
        languages=tuple(
            dict.fromkeys(one for row in languages for one in split_tags(row["language"]))
        ),
    )
