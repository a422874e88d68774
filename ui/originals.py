"""Finds the original file of a document."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from kb.hashing import file_sha256
from kb.records import DocumentInfo
from ui.session import Session


def original_file(shared: Session, info: DocumentInfo) -> Path | None:
    """Return the original file of a document, if it exists unchanged."""
    for path in shared.base.originals(info):
        status = path.stat()
        if _hash(str(path), status.st_size, status.st_mtime_ns) == info.content_hash:
            return path
    return None


@st.cache_data(show_spinner=False, max_entries=1000)
def _hash(path: str, size: int, mtime_ns: int) -> str:
    """Return the SHA-256 of a file, computed once for each size and modification time."""
    del size, mtime_ns  # part of Streamlit's cache key, so without a leading underscore
    return file_sha256(Path(path))
