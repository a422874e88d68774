"""Numbers that no document can have are unknown documents, not crashes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import DocumentNotFoundError, KnowledgeBase, SearchFilter, Settings, SettingsError

HUGE = [10**30, -(10**30), 2**63, -(2**63) - 1]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add("The harbour office opens at seven.", name="harbour")
        yield opened


@pytest.mark.parametrize("number", [*HUGE, 2**63 - 1, 0, -1])
@pytest.mark.parametrize(
    "asked",
    [
        lambda base, number: base.document(number),
        lambda base, number: base.document_content(number),
        lambda base, number: base.document_text(number),
        lambda base, number: base.remove(number),
    ],
)
def test_there_is_no_such_document(
    base: KnowledgeBase, asked: Callable[[KnowledgeBase, int], object], number: int
) -> None:
    with pytest.raises(DocumentNotFoundError, match=f"there is no document {number}"):
        asked(base, number)
    assert len(base.documents()) == 1


@pytest.mark.parametrize("number", HUGE)
def test_it_has_nothing_and_finds_nothing(base: KnowledgeBase, number: int) -> None:
    assert base.chunks(number) == []
    assert base.files.failed_of(number) == []
    base.tag([number], add=["sea"])
    assert base.documents()[0].tags == ()
    for mode in ("dense", "keyword", "hybrid"):
        assert base.search("harbour", mode=mode, where=SearchFilter(documents=(number,))) == []
        assert base.search("harbour", mode=mode, where=SearchFilter(page_first=number)) == []
        assert base.search("harbour", mode=mode, where=SearchFilter(page_last=number)) == []


@pytest.mark.parametrize("number", [10**30, 2**63])
def test_more_hits_or_context_than_there_can_be_are_all_there_are(
    base: KnowledgeBase, number: int
) -> None:
    for mode in ("dense", "keyword", "hybrid"):
        (hit,) = base.search("harbour", mode=mode, top_k=number, context=number)
        assert hit.source == "harbour"


@pytest.mark.parametrize("diversity", [0, 0.5, 1])
@pytest.mark.parametrize("mode", ["dense", "keyword", "hybrid"])
def test_a_search_of_no_collections_finds_nothing(
    base: KnowledgeBase, mode: str, diversity: float
) -> None:
    assert base.search("harbour", collection=[], mode=mode, diversity=diversity) == []  # type: ignore[arg-type] - its values


@pytest.mark.parametrize("limit", [10**30, 2**63])
def test_more_runs_than_there_are_is_all_there_are(base: KnowledgeBase, limit: int) -> None:
    base.begin_run(["/somewhere"]).end("finished", {})
    assert len(base.runs(limit=limit)) == 1


@pytest.mark.parametrize("limit", [0, -1, -(10**30)])
def test_fewer_runs_than_one_are_refused_with_the_bound(base: KnowledgeBase, limit: int) -> None:
    with pytest.raises(SettingsError, match="limit of runs must be 1 or more"):
        base.runs(limit=limit)


def test_the_command_lists_all_runs_where_the_limit_is_larger_than_any_number_of_runs(
    base: KnowledgeBase,
) -> None:
    base.begin_run(["/somewhere"]).end("finished", {})
    done = subprocess.run(
        [sys.executable, "-m", "kb", "runs", "--limit", "9" * 23],
        env={**os.environ, "KB_DATA_DIR": str(base.settings.data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "/somewhere" in done.stdout


@pytest.mark.parametrize("wrong", ["1", True, 1.0, None, b"1", [1]])
@pytest.mark.parametrize(
    "asked",
    [
        lambda base, wrong: base.document(wrong),
        lambda base, wrong: base.document_content(wrong),
        lambda base, wrong: base.document_text(wrong),
        lambda base, wrong: base.chunks(wrong),
        lambda base, wrong: base.remove(wrong),
        lambda base, wrong: base.tag([wrong], add=["sea"]),
        lambda base, wrong: base.files.failed_of(wrong),
        lambda base, wrong: base.search("harbour", where=SearchFilter(documents=(wrong,))),
    ],
    ids=[
        "document",
        "content",
        "text",
        "chunks",
        "remove",
        "tag",
        "failed_of",
        "search",
    ],
)
def test_what_is_no_whole_number_names_no_document(
    base: KnowledgeBase, asked: Callable[[KnowledgeBase, object], object], wrong: object
) -> None:
    with pytest.raises(DocumentNotFoundError, match="the number of a document is a whole number"):
        asked(base, wrong)
    (left,) = base.documents()
    assert left.tags == ()


def test_a_number_of_too_many_digits_to_print_is_no_document(base: KnowledgeBase) -> None:
    for asked in (base.document, base.document_text, base.remove):
        with pytest.raises(DocumentNotFoundError, match="there is no document"):
            asked(10**5000)
    assert base.chunks(10**5000) == []
