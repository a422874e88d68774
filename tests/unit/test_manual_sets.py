"""Judged sets from manual pages: what of a page is a document, what a query, what answers it."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kb.evaluation.judged import JudgedSet, read_set

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
ENGLISH_TEXT = "Measures the level of the pond and writes one line for each hour of the day. " * 4
GERMAN_TEXT = "Misst den Wasserstand des Teichs und schreibt für jede Stunde eine Zeile. " * 4


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import manuals  # noqa: PLC0415 - the line before
    import roff  # noqa: PLC0415

    yield SimpleNamespace(manuals=manuals, roff=roff)
    for name in ("manuals", "manual_pages", "roff"):
        del sys.modules[name]


def write(folder: Path, name: str, source: str) -> None:
    path = folder / f"man{name[-1]}" / f"{name}.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(source.encode()))


def manual(says: str, headings: list[str], texts: list[str]) -> str:
    parts = [f".TH POND 1\n.SH {headings[0]}\npond \\- {says}"]
    parts += [f".SH {h}\n{t}" for h, t in zip(headings[1:], texts, strict=True)]
    return "\n".join(parts)


def english(
    says: str = "measure a pond", *, subsection: str = "Night hours", of: str = "pond"
) -> str:
    text = f"{ENGLISH_TEXT} POND_DIR {of}\n.SS {subsection}\nAt night, {of}: {ENGLISH_TEXT}"
    names = ["NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION", "FILES"]
    return manual(says, names, ["libpond", "pond -x", text, f"/etc/{of}. {ENGLISH_TEXT}"])


def german(
    says: str = "einen Teich messen", *, subsection: str = "Stunden der Nacht", of: str = "pond"
) -> str:
    text = f"{GERMAN_TEXT} POND_DIR {of}\n.SS {subsection}\nNachts, {of}: {GERMAN_TEXT}"
    names = ["BEZEICHNUNG", "ÜBERSICHT", "BESCHREIBUNG", "DATEIEN", "ÜBERSETZUNG"]
    return manual(says, names, ["pond -x", text, f"/etc/{of}. {GERMAN_TEXT}", GERMAN_TEXT])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pages from which it is learned what BESCHREIBUNG is."""
    for number in range(3):
        write(
            tmp_path,
            f"thing{number}.1",
            english(f"measure {number}", subsection="x", of=f"thing{number}"),
        )
        write(
            tmp_path / "de",
            f"thing{number}.1",
            german(f"{number} messen", subsection="x", of=f"thing{number}"),
        )
    return tmp_path


def made(
    scripts: SimpleNamespace, folder: Path, asked: str = "de", told: str = "en"
) -> SimpleNamespace:
    return scripts.manuals.make(folder, asked, told, 100)


def test_a_description_is_found_by_what_the_other_languages_name_line_says(
    scripts: SimpleNamespace, folder: Path
) -> None:
    write(folder, "pond.1", english())
    write(folder / "de", "pond.1", german())
    found = made(scripts, folder)
    texts = {row["id"]: row["text"] for row in found.queries}
    documents = {row["id"]: row["text"] for row in found.documents}
    assert texts["n-pond.1"] == "einen Teich messen"
    assert documents[found.relevant["n-pond.1"]].startswith("Measures the level")


def test_a_section_that_only_one_language_has_does_not_shift_the_others(
    scripts: SimpleNamespace, folder: Path
) -> None:
    write(folder, "pond.1", english())
    write(folder / "de", "pond.1", german())
    found = made(scripts, folder, "en", "de")
    documents = {row["id"]: row["text"] for row in found.documents}
    assert documents[found.relevant["n-pond.1"]].startswith("Misst den Wasserstand")
    assert documents[found.relevant["h-pond.1#4"]].startswith("Nachts")
    assert documents["pond.1#5"].startswith("/etc/pond. Misst")


def test_a_subsection_is_found_by_its_heading_after_what_the_page_is_about(
    scripts: SimpleNamespace, folder: Path
) -> None:
    write(folder, "pond.1", english())
    write(folder / "de", "pond.1", german())
    found = made(scripts, folder)
    texts = {row["id"]: row["text"] for row in found.queries}
    assert texts["h-pond.1#4"] == "einen Teich messen: Stunden der Nacht"
    assert found.relevant["h-pond.1#4"] == "pond.1#4"


@pytest.mark.parametrize("asked", ["de", "en"])
def test_what_is_the_same_in_both_languages_is_no_question(
    scripts: SimpleNamespace, folder: Path, asked: str
) -> None:
    write(folder, "pond.1", english(subsection="pond_read()"))
    write(folder / "de", "pond.1", german(subsection="pond_read()"))
    write(folder, "lake.1", english("the lake", of="lake"))
    write(folder / "de", "lake.1", german("the lake", of="lake"))
    told = "en" if asked == "de" else "de"
    found = made(scripts, folder, asked, told)
    ids = {row["id"] for row in found.queries}
    assert "n-pond.1" in ids
    assert not ids & {"h-pond.1#4", "n-lake.1", "h-lake.1#4"}


def test_an_untranslated_section_is_no_document(scripts: SimpleNamespace, folder: Path) -> None:
    write(folder, "pond.1", english())
    untranslated = manual("einen Teich messen", ["BEZEICHNUNG", "BESCHREIBUNG"], [ENGLISH_TEXT])
    write(folder / "de", "pond.1", untranslated)
    found = made(scripts, folder, "en", "de")
    assert not any(row["id"].startswith("pond") for row in found.documents)


def test_queries_that_stand_twice_are_left_out(scripts: SimpleNamespace, folder: Path) -> None:
    for name in ("pond.1", "pool.1"):
        write(folder, name, english(f"measure {name}", of=name))
        write(folder / "de", name, german(of=name))
    found = made(scripts, folder)
    assert not any(row["text"].startswith("einen Teich") for row in found.queries)


def test_the_set_is_one_that_evaluation_reads(
    scripts: SimpleNamespace, folder: Path, tmp_path: Path
) -> None:
    write(folder, "pond.1", english())
    write(folder / "de", "pond.1", german())
    target = scripts.manuals.write(tmp_path / "sets", "de", "en", made(scripts, folder))
    judged = read_set(target)
    assert target.name == "man-de-to-en"
    assert set(judged.queries) >= {"n-pond.1", "h-pond.1#4"}
    assert "queries 5 (4 names, 1 headings)" in (target / "README.md").read_text()


def test_fonts_escapes_and_comments_are_no_part_of_the_text(scripts: SimpleNamespace) -> None:
    source = (
        '.SH A\n.B "one two"\n\\fIthree\\fP \\-\\-four \\(lqfive\\(rq \\[u00E9]t\\*(Aqs'
        ' \\" a remark\n.\\" another\n.BR six (7),\n\\s-1EIGHT\\s0 a\\e b'
    )
    (section,) = scripts.roff.sections(source)
    assert section.text == "one two three --four “five” ét's six(7), EIGHT a\\ b"


def test_items_of_lists_and_lines_of_examples_stay_apart(scripts: SimpleNamespace) -> None:
    source = (
        ".SH A\nText\ngoes on.\n.TP\n.B \\-x\nDoes x.\n.IP \\(bu 2\nItem\n.nf\n  one\n  two\n.fi"
    )
    (section,) = scripts.roff.sections(source)
    assert section.text == "Text goes on.\n-x\nDoes x.\n• Item\n  one\n  two"


def test_lines_of_chinese_are_joined_without_a_blank(scripts: SimpleNamespace) -> None:
    (section,) = scripts.roff.sections(".SH 描述\n列出指定文件的\n信息。")
    assert section.text == "列出指定文件的信息。"


def test_tables_and_definitions_are_left_out_and_an_alias_has_no_sections(
    scripts: SimpleNamespace,
) -> None:
    (section,) = scripts.roff.sections(
        ".de XX\nno\n..\n.SH\nA heading\nyes\n.TS\nl l.\nno\n.TE\nend"
    )
    assert (section.heading, section.text) == ("A heading", "yes end")
    assert scripts.roff.sections(".so man1/other.1\n.SH A\nb") == []


def test_for_calibration_each_page_is_one_document_and_headings_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from judged_index import JudgedIndex, Words, by_page  # noqa: PLC0415 - the line before

    asked = {"n-pond.1": "measures ponds", "h-pond.1#5": "x: Files", "n-kite.1": "flies kites"}
    answers = {"n-pond.1": "pond.1#3", "h-pond.1#5": "pond.1#5", "n-kite.1": "kite.1#1"}
    words = Words(
        rows=np.array([[0], [1], [2]], np.int32),
        scores=np.array([[3.0], [4.0], [5.0]], np.float32),
        best=np.array([6.0, 7.0, 8.0], np.float32),
    )
    judged = JudgedSet(
        name="man-en-to-de",
        documents=(),
        queries=asked,
        relevant={key: frozenset({name}) for key, name in answers.items()},
        spans={},
    )
    index = JudgedIndex(
        name=judged.name,
        queries=list(asked.values()),
        relevant=list(judged.relevant.values()),
        asked=np.eye(3, dtype=np.float32),
        documents=["pond.1#3", "pond.1#5", "kite.1#1"],
        languages=["de"] * 3,
        chunks=np.eye(3, dtype=np.float32),
        words=words,
        unstemmed=words,
        sentences={},
    )
    paged = by_page(index, judged)
    assert paged.documents == ["pond.1", "pond.1", "kite.1"]
    assert paged.queries == ["measures ponds", "flies kites"]
    assert paged.relevant == [frozenset({"pond.1"}), frozenset({"kite.1"})]
    assert paged.asked.tolist() == [[1, 0, 0], [0, 0, 1]]
    for each in (paged.words, paged.unstemmed):
        assert each.rows.tolist() == [[0], [2]]
        assert each.scores.tolist() == [[3], [5]]
        assert each.best.tolist() == [6, 8]
    assert len(paged.chunks) == 3
