"""DOCX tables: merged cells are said in every row they cover, and columns stay in their places."""

from __future__ import annotations

from pathlib import Path

from word import paragraph, read_docx, run

from ingest.loaders.merged_cells import LONGEST_REPEATED


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(text) if text else '')}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def rows_of(tmp_path: Path, *rows: str) -> list[str]:
    return read_docx(tmp_path, f"<w:tbl>{''.join(rows)}</w:tbl>").text.split("\n")


TOP, BELOW = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"


def span(columns: int) -> str:
    return f'<w:gridSpan w:val="{columns}"/>'


def test_a_cell_merged_over_rows_is_said_in_each_of_them(tmp_path: Path) -> None:
    assert rows_of(
        tmp_path,
        row(cell("Team"), cell("Role"), cell("Budget")),
        row(cell("Facilities", TOP), cell("Manager"), cell("9,000 EUR", TOP)),
        row(cell("", BELOW), cell("Site lead"), cell("", '<w:vMerge w:val="continue"/>')),
        row(cell("", BELOW), cell("Porter"), cell("2,100 EUR")),
        row(cell("Legal"), cell("Counsel"), cell("")),
    ) == [
        "Team | Role | Budget",
        "Facilities | Manager | 9,000 EUR",
        "Facilities | Site lead | 9,000 EUR",
        "Facilities | Porter | 2,100 EUR",
        "Legal | Counsel | ",
    ]


def test_a_cell_merged_over_columns_names_each_of_them_in_the_header_and_is_said_once_below(
    tmp_path: Path,
) -> None:
    header = "<w:tblHeader/>"
    assert rows_of(
        tmp_path,
        row(cell("Region", TOP), cell("2023", span(2)), cell("2024", span(2)), properties=header),
        row(cell("", BELOW), *map(cell, ("Q1", "Q2", "Q1", "Q2")), properties=header),
        row(cell("North"), *map(cell, "1234")),
        row(cell("Sum of all", span(3)), cell("10"), cell("20")),
    ) == [
        "Region | 2023 | 2023 | 2024 | 2024",
        "Region | Q1 | Q2 | Q1 | Q2",
        "North | 1 | 2 | 3 | 4",
        "Sum of all |  |  | 10 | 20",
    ]


def test_a_cell_merged_over_rows_and_columns_keeps_what_is_beside_it_in_place(
    tmp_path: Path,
) -> None:
    block = f"{span(2)}{TOP}"
    assert rows_of(
        tmp_path,
        row(*map(cell, ("a", "b", "c"))),
        row(cell("block", block), cell("one")),
        row(cell("", f"{span(2)}{BELOW}"), cell("two")),
    ) == ["a | b | c", "block |  | one", "block |  | two"]


def test_a_row_over_the_whole_width_is_said_once(tmp_path: Path) -> None:
    assert rows_of(
        tmp_path,
        row(cell("Second floor", span(3))),
        row(*map(cell, ("201", "lab", "4"))),
        row(cell("", '<w:hMerge w:val="continue"/>'), cell("lone")),
    ) == ["Second floor", "201 | lab | 4", " | lone"]


def test_a_row_that_begins_further_right_keeps_its_columns(tmp_path: Path) -> None:
    before = '<w:gridBefore w:val="1"/>'
    assert rows_of(
        tmp_path,
        row(*map(cell, ("a", "b", "c"))),
        row(cell("B"), cell("C"), properties=before),
    ) == ["a | b | c", " | B | C"]


def test_a_row_that_leaves_columns_out_keeps_its_only_cell_under_its_name(tmp_path: Path) -> None:
    before, after = '<w:gridBefore w:val="1"/>', '<w:gridAfter w:val="2"/>'
    assert rows_of(
        tmp_path,
        row(*map(cell, ("key", "value", "unit"))),
        row(cell("12", span(2)), properties=before),
        row(cell("pump"), properties=after),
        row(cell("V"), properties=before + '<w:gridAfter w:val="1"/>'),
        row(*map(cell, "abc")),
    ) == ["key | value | unit", " | 12 | ", "pump |  | ", " | V | ", "a | b | c"]


def test_no_row_has_more_columns_than_word_allows(tmp_path: Path) -> None:
    after = '<w:gridAfter w:val="1000000"/>'
    _, wide = rows_of(tmp_path, row(*map(cell, "ab")), row(*map(cell, "cd"), properties=after))
    assert wide.count("|") == 62


def test_the_old_way_of_merging_columns_is_known(tmp_path: Path) -> None:
    first, rest = '<w:hMerge w:val="restart"/>', '<w:hMerge w:val="continue"/>'
    assert rows_of(
        tmp_path,
        row(*map(cell, ("a", "b", "c"))),
        row(cell("wide", first), cell("", rest), cell("C")),
    ) == ["a | b | c", "wide |  | C"]


def test_a_row_that_only_goes_on_with_merged_cells_says_nothing_new(tmp_path: Path) -> None:
    assert rows_of(
        tmp_path,
        row(cell("left", TOP), cell("right", TOP)),
        row(cell("", BELOW), cell("", BELOW)),
        row(cell("x"), cell("y")),
    ) == ["left | right", "x | y"]


def test_what_goes_on_with_nothing_above_it_is_read_itself(tmp_path: Path) -> None:
    assert rows_of(tmp_path, row(cell("lost", BELOW), cell("b"))) == ["lost | b"]


def test_a_long_merged_text_is_shortened_where_it_is_said_again(tmp_path: Path) -> None:
    long = "word " * LONGEST_REPEATED
    first, second = rows_of(
        tmp_path, row(cell(long, TOP), cell("one")), row(cell("", BELOW), cell("two"))
    )
    assert first == long.strip() + " | one"
    assert second.endswith("word… | two")
    assert len(second) < LONGEST_REPEATED + 10


def test_absurd_spans_make_no_more_columns_than_word_has(tmp_path: Path) -> None:
    text = rows_of(
        tmp_path,
        row(cell("a"), cell("b", span(10**9)), cell("c")),
        row(cell("d", '<w:gridSpan w:val="-3"/>'), cell("e", '<w:gridSpan w:val="x"/>')),
    )
    assert text[0].count("|") <= 64
    assert text[1] == "d | e"


def test_a_merged_value_reaches_down_hundreds_of_rows(tmp_path: Path) -> None:
    rows = [row(cell("House"), cell("Room"))]
    rows += [row(cell("Aspen", BELOW if n else TOP), cell(f"number {n}")) for n in range(300)]
    document = read_docx(tmp_path, f"<w:tbl>{''.join(rows)}</w:tbl>")
    lines = document.text.split("\n")
    assert lines[1:] == [f"Aspen | number {n}" for n in range(300)]


def test_a_table_inside_of_a_cell_keeps_its_cells_and_rows_apart(tmp_path: Path) -> None:
    inner = "<w:tbl>" + "".join(row(*(cell(f"{r}{c}") for c in "xy")) for r in "ab") + "</w:tbl>"
    around = f"<w:tc>{paragraph(run('depths'))}{inner}{paragraph(run('end'))}</w:tc>"
    assert rows_of(tmp_path, row(cell("pond"), around)) == ["pond | depths ax, ay; bx, by end"]


def test_a_table_three_deep_keeps_its_words(tmp_path: Path) -> None:
    table = "<w:tbl>" + row(cell("a"), cell("b")) + "</w:tbl>"
    for name in "cd":
        table = "<w:tbl>" + row(cell(name), f"<w:tc>{table}</w:tc>") + "</w:tbl>"
    assert rows_of(tmp_path, row(cell("e"), f"<w:tc>{table}</w:tc>")) == ["e | d; c; a, b"]
