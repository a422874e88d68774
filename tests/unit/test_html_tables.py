"""HTML tables: merged cells are said in every row they cover, and columns stay in their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.base import LoadOptions
from ingest.loaders.html_tables import MOST_REPEATED
from ingest.loaders.html_text import read_html
from ingest.loaders.markdown.loader import MarkdownLoader
from ingest.loaders.merged_cells import LONGEST_REPEATED


def rows_of(rows: str) -> list[str]:
    (block,) = read_html(f"<table>{rows}</table>")
    assert block.is_table
    return block.text.split("\n")


def test_a_cell_merged_over_rows_is_said_in_each_of_them() -> None:
    assert rows_of(
        "<tr><th>Team<th>Role<th>Budget"
        '<tr><td rowspan="3">Facilities<td>Manager<td rowspan=2>9,000 EUR'
        "<tr><td>Site lead"
        "<tr><td>Porter<td>2,100 EUR"
        "<tr><td>Legal<td>Counsel"
    ) == [
        "Team | Role | Budget",
        "Facilities | Manager | 9,000 EUR",
        "Facilities | Site lead | 9,000 EUR",
        "Facilities | Porter | 2,100 EUR",
        "Legal | Counsel",
    ]


def test_a_cell_merged_over_columns_names_each_in_the_head_and_is_said_once_below() -> None:
    assert rows_of(
        "<thead><tr><th rowspan=2>Region<th colspan=2>2023<th colspan=2>2024"
        "<tr><th>Q1<th>Q2<th>Q1<th>Q2</thead>"
        "<tr><td>North<td>1<td>2<td>3<td>4"
        "<tr><td colspan=3>Sum of all<td>10<td>20"
    ) == [
        "Region | 2023 | 2023 | 2024 | 2024",
        "Region | Q1 | Q2 | Q1 | Q2",
        "North | 1 | 2 | 3 | 4",
        "Sum of all |  |  | 10 | 20",
    ]


def test_a_title_over_all_columns_is_said_once() -> None:
    assert rows_of("<tr><th colspan=3>Prices of 2024<tr><td>a<td>b<td>c") == [
        "Prices of 2024",
        "a | b | c",
    ]


def test_a_cell_merged_over_rows_and_columns_keeps_both_free() -> None:
    assert rows_of(
        "<tr><td>a<td>b<td>c<td>d<tr><td>e<td rowspan=2 colspan=2>wide<td>f<tr><td>g<td>h"
    ) == ["a | b | c | d", "e | wide |  | f", "g | wide |  | h"]


def test_a_last_column_that_is_merged_is_said_behind_a_cell_that_is_left_out() -> None:
    assert rows_of("<tr><td>a<td>b<td rowspan=0>all<tr><td>c<tr><td>d<td>e") == [
        "a | b | all",
        "c |  | all",
        "d | e | all",
    ]


def test_a_merged_cell_ends_with_the_group_of_its_rows() -> None:
    assert rows_of(
        "<tbody><tr><td rowspan=9>x<td>1<tr><td>2</tbody><tbody><tr><td>y<td>3</tbody>"
    ) == ["x | 1", "x | 2", "y | 3"]


def test_a_row_that_only_goes_on_with_merged_cells_says_nothing_but_counts() -> None:
    assert rows_of("<tr><td rowspan=2>a<td rowspan=2>b<tr><tr><td>c<td>d") == ["a | b", "c | d"]


def test_a_table_in_a_cell_has_its_own_columns() -> None:
    assert rows_of(
        "<tr><td rowspan=2>a<td><table><tr><td rowspan=2>in<td>1<tr><td>2</table><tr><td>c"
    ) == ["a | in | 1; in | 2", "a | c"]


@pytest.mark.parametrize("span", ["", "two", "-3", "1.5", "²"])
def test_a_span_that_is_no_number_is_one_cell(span: str) -> None:
    assert rows_of(f'<tr><td rowspan="{span}" colspan="{span}">a<td>b<tr><td>c<td>d') == [
        "a | b",
        "c | d",
    ]


def test_a_long_merged_text_is_shortened_where_it_is_said_again() -> None:
    long = "word " * LONGEST_REPEATED
    first, second = rows_of(f"<tr><td rowspan=2>{long}<td>one<tr><td>two")

    assert first == long.strip() + " | one"
    assert second.endswith("word… | two")
    assert len(second) < LONGEST_REPEATED + 10


def test_merged_cells_cannot_blow_a_table_up() -> None:
    name = "n" * LONGEST_REPEATED
    merged = f"<td rowspan=65534 colspan=1000>{name}" * 2_000
    rows = rows_of(f"<tr>{merged}" + "<tr><td>x" * 20_000)

    assert len(rows) == 20_001
    assert sum(map(len, rows)) < MOST_REPEATED + len(merged) + 20_000 * 63 * 4


def test_a_table_in_markdown_keeps_the_columns_below_a_merged_cell(tmp_path: Path) -> None:
    path = tmp_path / "parts.md"
    path.write_text(
        "# Parts\n\n<table>\n<tr><th>Part</th><th>No.</th></tr>\n"
        '<tr><td rowspan="2">Chain</td><td>1</td></tr>\n<tr><td>2</td></tr>\n</table>\n'
    )
    text = MarkdownLoader().load(path, LoadOptions()).text

    assert "Chain | 1\nChain | 2" in text
