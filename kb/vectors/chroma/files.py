"""Rewrites Chroma's own files without the text of deleted records.

In chromadb 1.5.9 deleted documents leave their text in three places: in ``embeddings_queue``, in
the segments of ``embedding_fulltext_search``, and in free pages. ``embeddings_queue`` is a log.
Chroma purges it up to the last record that the vector index has written to its own files, which
happens every 1,000 records. The vector index replays ids and vectors from the log, but never
documents or metadata. The metadata segment has read all records up to its ``max_seq_id``. An index
of less than 1,000 records is not saved: each load creates its files again with room for future
elements. That room is uncleared memory, so it contains older data of the process, including text.
"""

from __future__ import annotations

import sqlite3  # noqa: TID251 - Chroma keeps its own files in SQLite
import struct
from contextlib import closing
from pathlib import Path

_BUSY_TIMEOUT_S = 60

FileError = sqlite3.Error
"""Error of a Chroma file that cannot be read or written."""


# Head of hnswlib's header.bin: version, offset of level 0, most elements, elements, element size.
_HEADER = struct.Struct("=iQQQQ")
_VERSION = 1
_LENGTH_BYTES = 4
# It is beside the files of a saved index.
_WRITTEN = "index_metadata.pickle"


def purge(folder: Path) -> None:
    """Rewrite the files below ``folder``, while this process has no client open on them.

    Raises:
        sqlite3.Error: the disk is full, or another process uses the file for too long.
        OSError: an index file is read-only, or has an unknown format.
    """
    path = folder / "chroma.sqlite3"
    if path.exists():
        _purge_database(path)
    clear_rooms(folder)


def unwritten(folder: Path) -> list[str]:
    """Return the collections whose index is rebuilt at each load."""
    with closing(sqlite3.connect(folder / "chroma.sqlite3", timeout=_BUSY_TIMEOUT_S)) as db:
        rows = db.execute(
            "SELECT c.name, s.id FROM segments s JOIN collections c ON c.id = s.collection"
            " WHERE s.scope = 'VECTOR'"
        ).fetchall()
    return [name for name, segment in rows if not (folder / segment / _WRITTEN).exists()]


def verify(folder: Path) -> None:
    """Refuse truncated index files: reading them would crash the process, not just the query.

    Raises:
        OSError: a file is missing, or shorter than the index's head says.
    """
    for header in folder.glob("*/header.bin"):
        head = header.read_bytes()[: _HEADER.size]
        version, _, _, used, size = _HEADER.unpack(head.ljust(_HEADER.size, b"\0"))
        for name, width in (("data_level0.bin", size), ("length.bin", _LENGTH_BYTES)):
            file = header.with_name(name)
            length = file.stat().st_size
            if version != _VERSION or length < used * width:
                msg = f"{file} is damaged: it holds {length} bytes instead of {used * width}"
                raise OSError(msg)


def clear_rooms(folder: Path) -> None:
    """Overwrite accidental data in the files of unsaved indexes.

    Call it only while no other process writes, because that one could be saving an index.

    Raises:
        OSError: an index file is read-only, or has an unknown format.
    """
    for header in folder.glob("*/header.bin"):
        if not header.with_name(_WRITTEN).exists():
            _clear_unused(header)


def _clear_unused(header: Path) -> None:
    """Overwrite the room of an index for future elements."""
    version, _, most, used, size = _HEADER.unpack(header.read_bytes()[: _HEADER.size])
    for name, width in (("data_level0.bin", size), ("length.bin", _LENGTH_BYTES)):
        file = header.with_name(name)
        room = file.stat().st_size - used * width
        if version != _VERSION or not 0 <= room <= (most - used) * width:
            msg = f"{file} has a format that this release does not know"
            raise OSError(msg)
        with file.open("r+b") as data:
            data.seek(used * width)
            data.write(bytes(room))


def _purge_database(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        # The log's topic ends with the id of the collection.
        db.execute(
            "UPDATE embeddings_queue SET metadata = NULL WHERE metadata IS NOT NULL AND seq_id <= ("
            " SELECT m.seq_id FROM max_seq_id m JOIN segments s ON s.id = m.segment_id"
            " WHERE s.scope = 'METADATA'"
            " AND substr(embeddings_queue.topic, -length(s.collection)) = s.collection)"
        )
        # The log of deleted collections.
        db.execute(
            "DELETE FROM embeddings_queue WHERE NOT EXISTS (SELECT 1 FROM collections c"
            " WHERE substr(embeddings_queue.topic, -length(c.id)) = c.id)"
        )
        db.execute(
            "INSERT INTO embedding_fulltext_search (embedding_fulltext_search) VALUES ('optimize')"
        )
        db.execute("COMMIT")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
