"""A row of a Markdown table keeps all its cells, also those that its header does not name."""

from pathlib import Path

import pytest

from ingest.loaders.base import LoadOptions
from ingest.loaders.markdown.loader import MarkdownLoader


def _read(tmp_path: Path, text: str) -> str:
    path = tmp_path / "table.md"
    path.write_text(text, encoding="utf-8")
    return MarkdownLoader().load(path, LoadOptions()).text


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ("| a | b | c | d |", "a | b | c | d"),
        ("a | b | c", "a | b | c"),
        ("| a | b | **bold** and `code` |", "a | b | bold and code"),
        (r"| `a|b` | 3 | pipe \| inside |", "`a | b` | 3 | pipe | inside"),
        ("|  | b | c |", "| b | c"),
        ("| a |  |  | d", "a |  |  | d"),
        ("| a | b |", "a | b"),
        ("| a |", "a"),
    ],
)
def test_a_row_with_more_cells_than_the_header_keeps_them(
    tmp_path: Path, row: str, read: str
) -> None:
    text = _read(tmp_path, f"| One | Two |\n|---|---|\n{row}\n| x | y |\n")

    assert [line.strip() for line in text.splitlines()] == ["One | Two", read, "x | y"]


@pytest.mark.parametrize(("first", "other"), [("> ", "> "), ("- ", "  "), ("1. ", "   ")])
def test_rows_in_quotes_and_items_keep_their_cells(tmp_path: Path, first: str, other: str) -> None:
    text = _read(
        tmp_path,
        f"{first}| One | Two |\n{other}|---|---|\n{other}| a | b | c | d |\n{other}x | y | z\n",
    )

    assert "a | b | c | d" in text
    assert "x | y | z" in text


def test_a_table_of_one_column_keeps_the_other_cells(tmp_path: Path) -> None:
    text = _read(tmp_path, "| One |\n|---|\n| a | b |\n")

    assert text.strip().endswith("a | b")
