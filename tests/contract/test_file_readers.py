"""The sandbox as a reader of files; the one on a Ray cluster is tested in tests/scaling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from file_readers import FileReaderContract

from ingest.reading.base import FileReader
from ingest.reading.sandbox import Sandbox


class TestSandbox(FileReaderContract):
    @pytest.fixture
    def reader(self) -> Iterator[FileReader]:
        with Sandbox(workers=2) as sandbox:
            yield sandbox
