"""Chunks of divided tables: each carries its header row, counted in its size, beside its text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import docx
import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders import loader_for
from ingest.loaders.base import LoadOptions
from kb.records import Chunk, Document, Section, with_header
from kb.splitting import SplitOptions, split

HEADER = ("Id", "Site", "Yearly kWh", "Heating")


def rows(count: int, seed: int = 0) -> list[tuple[str, ...]]:
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    return [
        (str(2000 + n), f"Weir {n}", f"{chance.randint(10, 99)},{n % 10}", "heat pump")
        for n in range(count)
    ]


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [-(-len(text) // 4) for text in texts]


def cut(document: Document, max_tokens: int = 10**9, **options: object) -> list[Chunk]:
    options = {"chunk_size": 300, "chunk_overlap": 30, **options}
    chunks = split(
        document,
        SplitOptions(**options),  # type: ignore[arg-type] # checked by SplitOptions itself
        count_tokens=count_tokens,
        max_tokens=max_tokens,
    )
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.text
        whole = with_header(chunk.header, chunk.text)
        assert chunk.tokens == count_tokens([whole])[0] <= max_tokens
        size = chunk.tokens if options.get("unit") == "tokens" else len(whole)
        assert size <= int(str(options["chunk_size"]))
    return chunks


def delimited(mark: str, count: int = 40) -> str:
    return "\n".join(mark.join(row) for row in (HEADER, *rows(count)))


def assert_headed(chunks: Sequence[Chunk], header: str, body: str = "Weir") -> None:
    """The chunk with the header row has it in its text, all others beside it."""
    inside = [chunk for chunk in chunks if body in chunk.text]
    assert len(inside) > 3
    first, *others = inside
    assert header in first.text
    assert first.header == ""
    assert {chunk.header for chunk in others} == {header}
    assert all(header not in chunk.text for chunk in others)


@pytest.mark.parametrize("unit", ["characters", "tokens"])
@pytest.mark.parametrize("mark", [" | ", "\t", ";"])
def test_every_chunk_of_delimited_text_carries_its_header_row(mark: str, unit: str) -> None:
    text = f"All values for 2023, in full.\n\n{delimited(mark)}\n\nThe end of it, at last.\n"

    chunks = cut(Document.from_text(text), unit=unit, chunk_size=300 if unit[0] == "c" else 75)

    assert_headed(chunks, mark.join(HEADER))
    assert all("\n2" in f"\n{chunk.text}" for chunk in chunks if "Weir" in chunk.text)


def test_commas_in_quotes_do_not_divide_fields() -> None:
    lines = ['Id,Site,"Kind, of heating"', *(f'{n},"Weir {n}, east",oil' for n in range(60))]

    assert_headed(cut(Document.from_text("\n".join(lines))), lines[0])


def test_prose_with_commas_is_no_table() -> None:
    text = "\n".join(
        f"In the {n}th year, as they say, it rained{', and rained' * (n % 3)}." for n in range(80)
    )

    assert {chunk.header for chunk in cut(Document.from_text(text))} == {""}


def test_rows_without_names_of_columns_have_no_header_row() -> None:
    text = "\n".join("\t".join(row) for row in rows(60))

    assert {chunk.header for chunk in cut(Document.from_text(text))} == {""}


@pytest.mark.parametrize("suffix", [".md", ".txt"])
def test_every_chunk_of_a_table_in_a_file_carries_its_header_row(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"table{suffix}"
    ruler = ("|---" * len(HEADER)) + "|\n" if suffix == ".md" else ""
    bars = "\n".join(f"| {' | '.join(row)} |" for row in rows(60))
    path.write_text(f"Pumps\n\n| {' | '.join(HEADER)} |\n{ruler}{bars}\n", encoding="utf-8")

    chunks = cut(loader_for(path).load(path, LoadOptions()))

    header = " | ".join(HEADER)
    assert_headed(chunks, header if suffix == ".md" else f"| {header} |")


def test_rows_of_a_page_that_only_spaces_divide_carry_the_line_above() -> None:
    header = "Id Site Yearly kWh Heating"
    lines = [f"{2000 + n} Weir {n} {n * 37 % 900} heat pump" for n in range(40)]
    text = "\n".join(["Inventory of weirs", "All values for 2023.", "", header, *lines])

    assert_headed(cut(Document.from_text(text)), header)


def test_a_table_that_goes_on_on_the_next_page_goes_on_with_its_header_row() -> None:
    header = "Id Site Yearly kWh Heating"
    lines = [f"{2000 + n} Weir {n} {n * 37 % 900} heat pump" for n in range(40)]
    text = "\n".join([header, *lines[:20], "", "Inventory", "", *lines[20:]])

    chunks = cut(Document.from_text(text))

    assert [chunk.header for chunk in chunks if "Weir 39" in chunk.text] == [header]


def test_a_header_row_longer_than_a_third_of_a_chunk_keeps_its_first_cells() -> None:
    header = " | ".join(f"Column number {n}" for n in range(20))
    text = "\n".join([header, *(" | ".join("abcdefghijklmnopqrst") for _ in range(40))])

    carried = {chunk.header for chunk in cut(Document.from_text(text))} - {""}

    assert carried == {
        "Column number 0 | Column number 1 | Column number 2 | Column number 3 | Column number 4 …"
    }


def test_a_model_that_reads_little_is_given_a_shorter_header_row() -> None:
    text = delimited(" | ", 80)

    chunks = cut(Document.from_text(text), max_tokens=16, chunk_size=1000)

    carried = {chunk.header for chunk in chunks if "Weir 79" in chunk.text}
    assert carried == {"Id | Site | Yearly kWh …"}


def test_chunks_beside_a_table_carry_nothing() -> None:
    text = f"{'Before it. ' * 60}\n\n{delimited(' | ')}\n\n{'After it. ' * 60}"

    chunks = cut(Document.from_text(text))

    assert {chunk.header for chunk in chunks if "it." in chunk.text[:12]} == {""}


def test_an_edit_of_a_row_changes_few_chunks_of_its_table() -> None:
    before = delimited(" | ", 300)
    after = before.replace("Weir 150 |", "Weir one hundred and fifty |")

    old = {with_header(each.header, each.text) for each in cut(Document.from_text(before))}
    new = {with_header(each.header, each.text) for each in cut(Document.from_text(after))}

    assert 0 < len(new - old) < 10


def test_a_table_drawn_with_bars_and_rulers_carries_its_first_row() -> None:
    ruler = "+------+------------+-------+-----------+"
    drawn = "\n".join(f"|{a:<6}|{b:<12}|{c:<7}|{d:<11}|\n{ruler}" for a, b, c, d in rows(40))
    header = "|Id    |Site        |kWh    |Heating    |"

    chunks = cut(Document.from_text(f"{ruler}\n{header}\n{ruler}\n{drawn}"))

    assert_headed(chunks, header)


def test_every_chunk_of_a_word_table_carries_its_header_row(tmp_path: Path) -> None:
    made = docx.Document()
    table = made.add_table(rows=0, cols=len(HEADER))
    for row in (HEADER, *rows(60)):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    made.save(str(tmp_path / "table.docx"))

    chunks = cut(loader_for(tmp_path / "table.docx").load(tmp_path / "table.docx", LoadOptions()))

    assert_headed(chunks, " | ".join(HEADER))


def test_every_chunk_of_a_table_in_a_pdf_carries_its_header_row(tmp_path: Path) -> None:
    path = tmp_path / "table.pdf"
    canvas = Canvas(str(path))
    lines = [
        ("Id", "kWh", "Fuel"),
        *((str(2000 + n), str(100 + 37 * n % 800), "oil") for n in range(90)),
    ]
    for start in range(0, len(lines), 40):
        for number, cells in enumerate(lines[start : start + 40]):
            for column, cell in enumerate(cells):
                canvas.drawString(50 + 60 * column, 790 - 18 * number, cell)
        canvas.showPage()
    canvas.save()

    chunks = cut(loader_for(path).load(path, LoadOptions()))

    assert len(chunks) > 3
    assert {chunk.header for chunk in chunks[1:]} == {"Id\tkWh\tFuel"}


def named(*parts: tuple[str, int]) -> Document:
    """Return a document of tables whose loader counted the rows of names."""
    text, sections = "", []
    for part, header_rows in parts:
        text += "\n\n" if text else ""
        span = (len(text), len(text) + len(part))
        sections.append(Section(start=span[0], end=span[1], kind="table", header_rows=header_rows))
        text += part
    return Document(text=text, media_type="pdf", sections=tuple(sections))


def tabbed(count: int, *, first: int = 0) -> str:
    return "\n".join("\t".join(row) for row in rows(count + first)[first:])


def test_all_rows_of_names_that_a_loader_counts_are_carried() -> None:
    names = "Id\tSite\tEnergy\tHeating\n\t\tkWh\tkind"

    chunks = cut(named((f"{names}\n{tabbed(40)}", 2)))

    assert {chunk.header for chunk in chunks[1:]} == {names}


def test_a_table_without_names_of_columns_goes_on_the_table_before_it() -> None:
    names = "\t".join(HEADER)

    chunks = cut(named((f"{names}\n{tabbed(20)}", 1), (tabbed(20, first=20), 0)))

    assert {chunk.header for chunk in chunks[1:]} == {names}


def test_a_row_of_names_alone_at_the_end_of_a_page_names_the_columns_of_the_next() -> None:
    names = "\t".join(HEADER)

    chunks = cut(named((names, 1), (tabbed(20), 0)))

    assert {chunk.header for chunk in chunks if "Weir 19" in chunk.text} == {names}


def test_a_table_of_other_columns_does_not_go_on_the_one_before_it() -> None:
    others = "\n".join(f"Field {n}:\tvalue {n}" for n in range(40))

    chunks = cut(named((f"{chr(9).join(HEADER)}\n{tabbed(20)}", 1), (others, 0)))

    assert {chunk.header for chunk in chunks if "Field" in chunk.text} == {""}
