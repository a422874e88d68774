"""What the program makes of a file: the text that a search can find."""

from __future__ import annotations

import logging
from pathlib import Path

from ingest.errors import LoadError
from ingest.loaders import load_file

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it remarks on each font of each file


def read(path: Path) -> str:
    """Return the text of a file's sections, from which chunks are cut; empty if it is refused."""
    try:
        document = load_file(path).document
    except LoadError:
        return ""
    return "\n\n".join(document.text[s.start : s.end] for s in document.sections)
