"""What the program makes of a file: the text that a search can find."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import docx
from docx.table import Table

from ingest.errors import LoadError
from ingest.loaders import load_file

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it remarks on each font of each file

_ROOT = Path(__file__).parents[3]
_TIMEOUT_S = 300
_ALONE = (
    "import sys; from pathlib import Path; sys.path.append('tests/benchmarks'); "
    "from fidelity_parts.reading import read; "
    "sys.stdout.buffer.write(read(Path(sys.argv[1])).encode(errors='replace'))"
)


class ReaderEndedError(Exception):
    """The process that read a file ended without an answer, or took too long."""


def read(path: Path) -> str:
    """Return the text of a file's sections, from which chunks are cut; empty if it is refused."""
    try:
        document = load_file(path).document
    except LoadError:
        return ""
    return "\n\n".join(document.text[s.start : s.end] for s in document.sections)


def read_by_python_docx(path: Path) -> str:
    """Return what python-docx finds in a DOCX file by itself: paragraphs, and cells by rows."""
    found: list[str] = []
    for block in docx.Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            found += ["\t".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            found.append(block.text)
    return "\n\n".join(found)


def read_apart(path: Path) -> str:
    """Do the same in a process of its own, which a hostile file may end.

    Raises:
        ReaderEndedError: it did.
    """
    command = [sys.executable, "-c", _ALONE, str(path.absolute())]
    try:
        done = subprocess.run(
            command, cwd=_ROOT, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReaderEndedError(path.name) from error
    if done.returncode:
        raise ReaderEndedError(done.returncode, done.stderr.decode(errors="replace")[-300:])
    return done.stdout.decode()
