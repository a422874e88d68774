"""Opt-in: every PDF of a corpus of odd files through the sandbox, judged by its manifest.

``KB_CORPORA`` names the folder that holds ``MANIFEST.tsv`` and the files it lists.
"""

import csv
import os
import re
import time
from pathlib import Path

import pytest

from ingest.errors import LoadError
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.reading.sandbox import Sandbox

CORPORA = os.environ.get("KB_CORPORA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA, reason="KB_CORPORA names no corpus"),
]


def rows() -> list[dict[str, str]]:
    with (Path(CORPORA or "") / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in table if row["path"].endswith(".pdf")]


Outcome = LoadedFile | LoadError


def outcome(sandbox: Sandbox, path: Path, *passwords: str, ocr: bool = True) -> Outcome:
    try:
        return sandbox.submit(path, LoadOptions(passwords=passwords, ocr=ocr)).result(600)
    except LoadError as error:
        return error


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[str, Outcome]]:
    with Sandbox() as sandbox:
        root = Path(CORPORA or "")
        return {row["path"]: (row["why"], outcome(sandbox, root / row["path"])) for row in rows()}


def test_every_file_is_read_or_refused_with_a_reason(
    outcomes: dict[str, tuple[str, Outcome]],
) -> None:
    refused = {"encrypted", "damaged", "empty"}
    for path, (_, result) in outcomes.items():
        if isinstance(result, LoadError):
            assert result.code in refused, f"{path}: {result}"
            assert Path(path).name in str(result)
        else:
            assert result.document.text.strip(), path


def test_what_needs_a_password_says_so_and_opens_with_it(
    outcomes: dict[str, tuple[str, Outcome]],
) -> None:
    opened_empty = []
    with Sandbox() as sandbox:
        for path, (why, result) in outcomes.items():
            found = re.search(r"needs a password \('(.+?)' works", why)
            if found:
                assert isinstance(result, LoadError), path
                assert result.code == "encrypted", path
                assert Path(path).name in str(result)
                opened = outcome(sandbox, Path(CORPORA or "") / path, found[1])
                if isinstance(opened, LoadError):
                    assert opened.code == "empty", opened
                    opened_empty.append(path)
    assert len(opened_empty) <= 1, "only one of them opens on a drawing without any text"


def test_what_is_broken_is_called_damaged(outcomes: dict[str, tuple[str, Outcome]]) -> None:
    for path, (why, result) in outcomes.items():
        if why.startswith("broken"):
            assert isinstance(result, LoadError), path
            assert result.code == "damaged", f"{path}: {result}"


def test_what_holds_pictures_only_is_read_by_ocr_or_called_scanned(
    outcomes: dict[str, tuple[str, Outcome]],
) -> None:
    with Sandbox() as sandbox:
        for path, (why, result) in outcomes.items():
            if why.startswith("image only"):
                assert isinstance(result, LoadedFile), f"{path}: {result}"
                assert any(page.read_by == "ocr" for page in result.document.pages), path
                without = outcome(sandbox, Path(CORPORA or "") / path, ocr=False)
                assert isinstance(without, LoadError), path
                assert without.code == "empty"
                assert "looks scanned" in str(without)


def test_a_file_takes_less_than_its_minute() -> None:
    slow = [row["path"] for row in rows() if re.search("slow|hang|bomb|cycle", row["why"])]
    with Sandbox(workers=1) as sandbox:
        for path in slow:
            began = time.monotonic()
            outcome(sandbox, Path(CORPORA or "") / path, ocr=False)
            assert time.monotonic() - began < 60, path
