"""Content hashes of files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from kb import hashing
from kb.hashing import file_sha256


@pytest.mark.parametrize("data", [b"", "书\n".encode(), bytes(range(256)) * 5000])
def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    assert file_sha256(file) == hashlib.sha256(data).hexdigest()


def test_no_other_module_hashes_whole_files() -> None:
    root = Path(hashing.__file__).parents[1]
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]
    hashes = re.compile(r"\bfile_digest\b")
    assert [file for file in modules if hashes.search(file.read_text("utf-8"))] == [
        root / "kb" / "hashing.py"
    ]
