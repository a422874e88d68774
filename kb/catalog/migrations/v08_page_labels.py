"""The label of a passage's last page."""

import json
import sqlite3
import zlib

from kb.catalog.migrations.script import run

# The label of a passage's last page: a citation names both ends alike. It is in the document's own
# structure, so older documents get it right here.
_SCRIPT = """
ALTER TABLE chunks ADD COLUMN page_label_last TEXT NOT NULL DEFAULT '';
UPDATE chunks SET page_label_last = page_label WHERE page_last = page_first;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
    rows = db.execute(
        "SELECT DISTINCT document_id FROM chunks WHERE page_last > page_first AND page_label <> ''"
    )
    for (document_id,) in rows.fetchall():
        db.executemany(
            "UPDATE chunks SET page_label_last = ?"
            " WHERE document_id = ? AND page_last = ? AND page_last > page_first",
            [
                (label, document_id, number)
                for number, label in _page_labels(db, document_id).items()
            ],
        )


def _page_labels(db: sqlite3.Connection, document_id: int) -> dict[int, str]:
    """Return the labels of a document's pages; none if its structure cannot be read."""
    row = db.execute(
        "SELECT structure FROM document_bodies WHERE document_id = ?", (document_id,)
    ).fetchone()
    try:
        pages = json.loads(zlib.decompress(row[0]))["pages"]
        return {int(page["number"]): str(page["label"]) for page in pages}
    except (zlib.error, ValueError, KeyError, TypeError):
        return {}
