"""Opt-in: a whole corpus of odd files in one run; report, catalog and history tell the same truth.

``KB_CORPORA`` names the folder that holds ``MANIFEST.tsv`` and the files it lists. Vectors are
hashed words: how files end does not depend on the model, and a run takes minutes, not half an hour.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest import IngestReport, ingest
from kb import KnowledgeBase, Settings

CORPORA = os.environ.get("KB_CORPORA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA, reason="KB_CORPORA names no corpus"),
]
LIMIT_S = 60
# What the manifest says of a file, and how it must end; all others are read.
REFUSED = (
    (r"OLE container", "encrypted"),
    (r"encrypted, needs a password", "encrypted"),
    (r"broken(?! ToUnicode)", "damaged"),
    (r"empty document", "empty"),
    (r"white space only", "empty"),
)
# No letter on any page, looked at by eye: coloured backgrounds, and a form that draws itself.
WITHOUT_TEXT = {"pdf/pdf.js/filled-background.pdf", "pdf/pdf.js/operator_list_cycle.pdf"}


def manifest() -> dict[str, str]:
    """What is special about each file, by path."""
    with (Path(CORPORA or "") / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["path"]: row["why"] for row in rows}


def expected_code(why: str) -> str:
    """The reason that is true of a file, "" if it can be read."""
    return next((code for pattern, code in REFUSED if re.match(pattern, why)), "")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KnowledgeBase, IngestReport]]:
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("corpora"), file_timeout_s=LIMIT_S)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        yield base, ingest(base, [Path(CORPORA or "")])


def test_every_file_is_indexed_or_named_with_a_reason_that_is_true_of_it(
    run: tuple[KnowledgeBase, IngestReport],
) -> None:
    _, report = run
    ends = {result.source.path: result.reason_code for result in report.files}
    expected = {path: expected_code(why) for path, why in manifest().items()}
    assert ends == expected | dict.fromkeys(WITHOUT_TEXT, "empty")
    for result in report.failures:
        assert Path(result.source.path).name in result.reason


def test_scans_say_how_they_were_read(run: tuple[KnowledgeBase, IngestReport]) -> None:
    _, report = run
    whys = manifest()
    for result in report.files:
        if whys[result.source.path].startswith("image only"):
            codes = {notice.code for notice in result.notices}
            assert "pages_read_by_ocr" in codes, result.source.path


def test_report_catalog_and_history_agree(run: tuple[KnowledgeBase, IngestReport]) -> None:
    base, report = run
    assert not report.ok
    failed = {result.source.path: result.reason for result in report.failures}
    assert {file.source.path: file.reason for file in base.files.failed()} == failed
    assert base.runs()[0].failures == failed
    found = {source.path for info in base.documents() for source in info.sources}
    assert found == manifest().keys() - failed.keys()
    noticed = {r.source.path for r in report.files if r.notices}
    assert noticed == {
        state.source.path for state in base.files.states() if state.outcome == "warnings"
    }


def test_no_file_takes_longer_than_its_minute(run: tuple[KnowledgeBase, IngestReport]) -> None:
    _, report = run
    assert {r.source.path: r.seconds for r in report.files if r.seconds > LIMIT_S + 5} == {}
    assert not {r.reason_code for r in report.failures} & {"timeout", "memory", "crash"}


def test_a_second_run_reads_nothing_again(run: tuple[KnowledgeBase, IngestReport]) -> None:
    base, report = run
    again = ingest(base, [Path(CORPORA or "")])
    assert again.count("unchanged") == len(report.files) - len(report.failures)
    assert again.count("failed") == len(report.failures)
    assert again.embedded == 0
