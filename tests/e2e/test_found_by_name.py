"""Documents found by the name of their file or by their title, and hits that say so."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from rich.console import Console

from kb import Document, KnowledgeBase, SearchFilter, SearchRequest, Settings
from kb.cli.presentation import print_hits
from kb.search.request import WeightedQuery

TEXTS = {
    "finance/budget-2025.xlsx.pdf": "Costs rose. The rent is 4,000 a month.",
    "finance/Annual_Report_final.md": "Herons wait in shallow water.",
    "reports/kestrel.txt": "A kestrel hovers above the meadow.",
    "reports/年度报告（终稿）.txt": "红隼在草地上空盘旋。",
    "reports/Отчёт за май.txt": "Цапля стоит в воде.",
    "reports/100%_done.txt": "Nothing is left to do.",
    "notes/letter.txt": "The lease ends in March; the landlord was told.",
}
TITLE = "Opening hours of the library"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("names"))
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for name, text in TEXTS.items():
            opened.add(text, name=name)
        opened.add(
            Document(text="Monday to Friday, nine to five.", media_type="markdown", title=TITLE),
            name="hours.md",
        )
        opened.add(TEXTS["notes/letter.txt"], name="archive/lease-copy.txt")
        yield opened


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("budget-2025", "finance/budget-2025.xlsx.pdf"),
        ("budget-2025.xlsx.pdf", "finance/budget-2025.xlsx.pdf"),
        ("2025 budget", "finance/budget-2025.xlsx.pdf"),
        ("BUDGET", "finance/budget-2025.xlsx.pdf"),
        ("where is the annual report?", "finance/Annual_Report_final.md"),
        ("Annual_Report_final", "finance/Annual_Report_final.md"),
        ("年度报告", "reports/年度报告（终稿）.txt"),
        ("отчёт", "reports/Отчёт за май.txt"),
        ("100%_done", "reports/100%_done.txt"),
        ("hours.md", "hours.md"),
    ],
)
def test_a_file_is_found_by_its_name(base: KnowledgeBase, query: str, path: str, mode: str) -> None:
    hit = base.search(query, mode=mode)[0]
    assert hit.source == path
    assert "name" in hit.reasons
    assert "name" not in [reason for each in base.search(query)[1:] for reason in each.reasons]


def test_a_document_is_found_by_the_name_of_any_of_its_files(base: KnowledgeBase) -> None:
    hit = base.search("lease copy", mode="keyword")[0]
    assert [source.path for source in hit.sources] == ["notes/letter.txt", "archive/lease-copy.txt"]
    assert "name" in hit.reasons


def test_the_folder_of_a_file_is_not_its_name(base: KnowledgeBase) -> None:
    assert base.search("reports", mode="keyword") == []
    assert base.search("finance", mode="keyword") == []


def test_of_names_with_the_same_parts_the_one_as_typed_is_first(tmp_path: Path) -> None:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
        for version in ("1.2.3", "2.3.1", "3.1.2"):
            base.add(f"What is new in {version[::-1]}.", name=f"release-{version}.txt")
        for version in ("1.2.3", "2.3.1", "3.1.2"):
            assert base.search(version)[0].source == f"release-{version}.txt"


def test_by_meaning_alone_no_names_are_looked_at(base: KnowledgeBase) -> None:
    assert not any("name" in hit.reasons for hit in base.search("budget-2025", mode="dense"))


def test_of_several_queries_one_may_be_a_name(base: KnowledgeBase) -> None:
    queries = (WeightedQuery(text="budget-2025"), WeightedQuery(text="kestrel hovers"))
    hits = base.find(SearchRequest(queries=queries, mode="keyword"))
    told = {hit.source: hit.reasons for hit in hits}
    assert "name" in told["finance/budget-2025.xlsx.pdf"]


def test_an_id_without_an_ending_is_no_name_of_a_file(base: KnowledgeBase) -> None:
    base.add("Ein Reiher.", name="guide/invoices#how-to-pay")
    assert base.search("how to pay", mode="keyword") == []


def test_a_name_that_has_only_some_of_the_words_is_not_meant(base: KnowledgeBase) -> None:
    assert base.search("budget of the kestrel", mode="keyword")[0].source == "reports/kestrel.txt"


def test_what_a_filter_or_an_exclusion_leaves_out_is_not_found_by_its_name(
    base: KnowledgeBase,
) -> None:
    where = SearchFilter(path="notes/*")
    assert base.search("budget-2025", mode="keyword", where=where) == []
    assert base.search("budget-2025 -rent", mode="keyword") == []


def test_a_name_that_is_gone_finds_nothing(base: KnowledgeBase) -> None:
    text = "The tide table of the harbour."
    gone = base.add(text, name="notes/tides-harbour.txt")
    base.add(text, name="notes/high-water.txt")
    assert base.search("tides-harbour.txt", mode="keyword")[0].document_id == gone.document_id
    base.remove(gone.document_id)
    assert base.search("tides-harbour.txt", mode="keyword") == []


def test_a_name_that_many_have_names_none_of_them_but_the_one_that_is_just_that(
    base: KnowledgeBase,
) -> None:
    for number in range(1, 13):
        base.add(f"Sum {number * 17}.", name=f"bills/invoice-{number}.txt", collection="bills")
    assert base.search("invoice", mode="keyword", collection="bills") == []
    assert base.search("invoice-7", mode="keyword", collection="bills")[0].text == "Sum 119."
    base.add("How to write one.", name="bills/invoice.txt", collection="bills")
    (hit,) = base.search("invoice", mode="keyword", collection="bills")
    assert hit.source == "bills/invoice.txt"


def test_a_title_that_answers_is_shown_and_told_as_the_reason(base: KnowledgeBase) -> None:
    hit = base.search("library opening hours")[0]
    assert (hit.source, hit.unseen_title) == ("hours.md", TITLE)
    assert "title" in hit.reasons
    shown = io.StringIO()
    print_hits("library opening hours", [hit], Console(file=shown, width=200))
    assert f"1. hours.md  {TITLE}  " in shown.getvalue()
    assert "by its title" in shown.getvalue()
    assert "by words" not in shown.getvalue()


def test_a_title_that_the_hit_shows_anyway_is_not_repeated(base: KnowledgeBase) -> None:
    hit = base.search("library opening hours")[0]
    assert replace(hit, heading_path=(TITLE,)).unseen_title == ""
    assert replace(hit, text=f"# {TITLE}\n\nMonday to Friday").unseen_title == ""
    assert replace(hit, title="hours").unseen_title == ""
    assert replace(hit, title="").unseen_title == ""
