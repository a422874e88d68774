"""What every reader of files does: the contract that each of them inherits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from ingest.errors import (
    DamagedFileError,
    EmptyDocumentError,
    FileTooLargeError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from ingest.finding.finder import Finder
from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.reading.base import FileReader
from kb.hashing import file_sha256

WAIT_S = 120
SAMPLES = Path(__file__).parents[2] / "data" / "samples"


class FileReaderContract:
    """Inherited by the tests of each reader, which supply the fixture ``reader``."""

    @pytest.fixture
    def reader(self) -> Iterator[FileReader]:
        raise NotImplementedError

    def test_it_reads_at_least_one_file_at_a_time(self, reader: FileReader) -> None:
        assert reader.workers >= 1

    def test_a_document_is_the_one_that_its_loader_makes(
        self, reader: FileReader, tmp_path: Path
    ) -> None:
        path = tmp_path / "notes.md"
        path.write_text("# Dough\n\nRest it for an hour.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")

        read = reader.submit(path).result(WAIT_S)

        expected = load_file(path)
        assert read.document == expected.document
        assert read.content_hash == expected.content_hash == file_sha256(path)
        assert (read.size, read.mtime_ns) == (expected.size, expected.mtime_ns)

    def test_a_file_by_its_file_url_is_the_one_by_its_path(
        self, reader: FileReader, tmp_path: Path
    ) -> None:
        path = tmp_path / "合同 #1?.md"
        path.write_text("# Dough\n\nRest it for an hour.\n")
        finder = Finder(())
        finder.find([path.as_uri()])

        (read,) = [reader.submit(each.path).result(WAIT_S) for each in finder.candidates]

        assert read.document == load_file(path).document

    def test_each_future_gets_its_own_file(self, reader: FileReader, tmp_path: Path) -> None:
        paths = [tmp_path / f"{number}.txt" for number in range(12)]
        for path in paths:
            path.write_text(f"This is file {path.stem}.")

        futures = [reader.submit(path) for path in paths]

        texts = [future.result(WAIT_S).document.text for future in futures]
        assert texts == [path.read_text() for path in paths]

    def test_a_file_that_cannot_be_read_is_an_error_that_names_it(
        self, reader: FileReader, tmp_path: Path
    ) -> None:
        makers = {
            "empty.txt": (b"", EmptyDocumentError),
            "torn.pdf": (b"%PDF-1.7 and no more", DamagedFileError),
            "picture.bmp": (b"BM", UnsupportedFormatError),
            "missing.txt": (None, UnreadableFileError),
        }
        futures = {}
        for name, (content, _) in makers.items():
            if content is not None:
                (tmp_path / name).write_bytes(content)
            futures[name] = reader.submit(tmp_path / name)
        for name, (_, kind) in makers.items():
            error = futures[name].exception(WAIT_S)
            assert isinstance(error, kind)
            assert name in str(error)

    def test_limits_hold(self, reader: FileReader, tmp_path: Path) -> None:
        path = tmp_path / "long.txt"
        path.write_text("word " * 1000)

        error = reader.submit(path, LoadOptions(max_file_bytes=1000)).exception(WAIT_S)

        assert isinstance(error, FileTooLargeError)
        assert "long.txt" in str(error)

    def test_progress_counts_pages_up_to_the_last(self, reader: FileReader) -> None:
        path = SAMPLES / "espresso-machine-manual.pdf"
        told: list[tuple[int, int]] = []

        read = reader.submit(
            path, LoadOptions(ocr=False), lambda done, total: told.append((done, total))
        ).result(WAIT_S)

        assert told == sorted(told)
        assert all(1 <= done <= total == len(read.document.pages) for done, total in told)

    def test_what_was_submitted_is_finished_when_it_is_closed(
        self, reader: FileReader, tmp_path: Path
    ) -> None:
        path = tmp_path / "late.txt"
        path.write_text("Read all the same.")
        future = reader.submit(path)

        reader.close()

        assert future.result(0).document.text == "Read all the same."

    def test_a_reader_that_is_cancelled_leaves_no_future_open(
        self, reader: FileReader, tmp_path: Path
    ) -> None:
        paths = [tmp_path / f"{number}.txt" for number in range(20)]
        for path in paths:
            path.write_text("Never mind.")
        done = threading.Semaphore(0)
        futures = [reader.submit(path) for path in paths]
        for future in futures:
            future.add_done_callback(lambda _: done.release())

        reader.close(cancel=True)

        for _ in futures:
            assert done.acquire(timeout=WAIT_S)
        kinds = {type(f.exception(0)) if not f.cancelled() else CancelledError for f in futures}
        assert kinds <= {CancelledError, type(None)}
