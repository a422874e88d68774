"""Distinguishes a table from prose in columns, lists, code, formulas and letterheads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.loaders.pdf.layout.side_by_side import go_on_alone, is_address
from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row, Strip
from ingest.loaders.pdf.tables.gaps import are_between, are_clear, edges_align, is_spread
from ingest.loaders.pdf.tables.prose import are_sentences, is_worded, share_of
from ingest.loaders.pdf.tables.runs import Run
from ingest.loaders.pdf.tables.text import cell_text, is_number
from ingest.loaders.printed_lines import width

_INDEX_ROWS = 8
_SHORT_CELL = 34  # columns of text
_MARKER = re.compile(
    r"[•‣◦▪■□●○◆◇–—*·※►▶✓✔➢\uf0b7\uf0a7-]|\[?\(?[0-9]{1,3}[.)\]、．:]{0,2}|"
    r"\(?[a-zA-Z][.)]|\(?[ivxIVX]{1,5}[.)]|"
    r"[(（]?[一二三四五六七八九十]{1,3}[)）、.]|[①-⓿]|(?:[0-9]+\.)+[0-9]*|§|\[[\w+,: -]{1,12}\]",
)
_CODE = re.compile(
    r"[{};]$|^(?:#|//|/\*|--)|[=!<>]=|\w\(|->|=>|::|^\s*(?:def|if|for|return|import)\b|"
    r"^[-bcdlps](?:[r-][w-][-xsStT]){3}"  # rights of a file
)
_NAMED = re.compile(r"[^\W\d][^:：]{1,24}(?:: |：)\S")
_REMARK = ("//", "/*", "# ", "-- ", "; ", "(*")
_EQUATION = re.compile(r"[=≈≤≥∑∫∂√±→∈∀∃]")
_EQUATION_NUMBER = re.compile(r"\([0-9.]{1,6}[a-z]?\)")
_INDEX_ENTRY = re.compile(r".*[^\d\s],? \d{1,4}(?:[,–-] ?\d{1,4})*")


def is_table(
    words: Sequence[Word],
    run: Run,
    rows: Sequence[Row],
    strips: Sequence[Strip],
    *,
    clear: bool = False,
) -> bool:
    """Return whether lines with common white strips are rows of a table.

    ``clear`` means that the strips are known to be wider than spaces.
    """
    columns = len(strips) + 1
    shared = [row for row in rows if len(row.filled) > 1]
    lines = len(rows) - _count_of_rest(words, rows)
    if len(shared) < 2 or len(shared) < 0.45 * lines:  # noqa: PLR2004 - rows
        return False
    apart = (clear or all(are_clear(words, run, rows, strips))) and edges_align(
        words, rows, columns
    )
    if (
        not apart
        or are_between(rows)
        or is_spread(words, rows, run.size)
        or is_code_or_list(words, rows)
        or _are_blocks(words, rows, run.size)
    ):
        return False
    texts = [[_text(words, row.cells[column]) for row in rows] for column in range(columns)]
    numeric = [share_of(is_number, column[1:]) >= 0.6 and any(column[1:]) for column in texts]  # noqa: PLR2004 - share
    if _is_index(texts) or (not any(numeric) and _is_text(texts)):
        return False
    if columns == 2:  # noqa: PLR2004 - the harder case
        return _two_columns(rows, texts, numeric)
    short = share_of(lambda text: width(text) <= _SHORT_CELL, [t for c in texts for t in c]) >= 0.8  # noqa: PLR2004
    if len(shared) > 2:  # noqa: PLR2004 - rows
        return short or any(numeric)
    whole = all(len(row.filled) == columns for row in rows)
    return short and whole and 2 * sum(is_number(column[-1]) for column in texts) >= columns


def _are_blocks(words: Sequence[Word], rows: Sequence[Row], size: float) -> bool:
    """Return whether columns are blocks side by side: addresses, a list and a text."""
    columns = [
        [(words[at].box, words[at]) for row in rows for at in row.cells[column]]
        for column in range(len(rows[0].cells))
    ]
    told = [
        [_text(words, row.cells[at]) for row in rows if row.cells[at]] for at in range(len(columns))
    ]
    addresses = sum(map(is_address, told))
    if addresses >= 2 and 3 * addresses >= 2 * len(columns):  # noqa: PLR2004 - columns, share
        return True
    return len(columns) == 2 and all(columns) and go_on_alone(columns[0], columns[1], size)  # noqa: PLR2004 - blocks


def _count_of_rest(words: Sequence[Word], rows: Sequence[Row]) -> int:
    """Count lines that hold the rest of one cell, below a row of at least three."""
    count = 0
    above: list[int] = []
    for row in rows:
        alone = len(row.filled) == 1 and len(above) > 2 and row.filled[0] in above  # noqa: PLR2004 - cells
        if alone and (row.filled[0] or words[row.cells[0][0]].text[:1].islower()):
            count += 1
        else:
            above = row.filled
    return count


def _is_text(texts: list[list[str]]) -> bool:
    """Return whether columns without numbers are pieces of sentences."""
    if all(share_of(is_worded, column) >= 0.6 for column in texts):  # noqa: PLR2004 - share
        return True
    return len(texts) > 2 and are_sentences(texts)  # noqa: PLR2004 - columns


def is_code_or_list(words: Sequence[Word], rows: Sequence[Row]) -> bool:
    """Return whether rows between two lines are a listing, formulas or a list with marks."""
    columns = len(rows[0].cells)
    texts = [[_text(words, row.cells[column]) for row in rows] for column in range(columns)]
    return _is_code(words, rows) or _is_list(texts, columns) or _are_equations(texts)


def _two_columns(rows: Sequence[Row], texts: list[list[str]], numeric: list[bool]) -> bool:
    shared = [row for row in rows if len(row.filled) > 1]
    if len(shared) < 3 or _are_letterheads(texts):  # noqa: PLR2004 - rows
        return False
    keys = [text for text in texts[0] if text]
    if any(numeric) and len(shared) >= 0.7 * len(rows):
        return True
    named = share_of(lambda text: text.endswith((":", "：")), keys)
    if named >= 0.7 and share_of(lambda text: width(text) <= _SHORT_CELL, keys) == 1:  # noqa: PLR2004
        return True
    digits = share_of(lambda text: any(c.isdigit() for c in text), [t for t in texts[1][1:] if t])
    brief = [
        share_of(lambda text: width(text) <= 26, texts[0]),  # noqa: PLR2004 - columns
        share_of(lambda text: width(text) <= 44, texts[1]),  # noqa: PLR2004 - likewise
    ]
    if digits >= 0.7 and brief[0] == 1 and len(shared) >= 4:  # noqa: PLR2004
        return True
    tops = min(row.line.top for row in rows)
    letterhead = len(rows) <= 6 and tops < 140  # noqa: PLR2004 - lines, points
    whole = len(shared) >= 0.9 * len(rows) or _hangs(rows)
    return whole and len(shared) >= 4 and min(brief) >= 0.8 and not letterhead  # noqa: PLR2004


def _are_letterheads(texts: list[list[str]]) -> bool:
    """Return whether one of two columns has names and values in each line, as in a letterhead."""
    named = [share_of(lambda text: _NAMED.match(text) is not None, column) for column in texts]
    keys = share_of(lambda text: text.endswith((":", "：")), texts[0])
    return max(named) >= 0.6 and min(named) < 0.4 and keys < 0.4  # noqa: PLR2004 - shares


def _hangs(rows: Sequence[Row]) -> bool:
    """Return whether every line beside an empty first cell continues one below a filled cell."""
    first = sum(bool(row.cells[0]) for row in rows)
    return bool(rows[0].cells[0]) and first >= 0.5 * len(rows)


def _is_list(texts: list[list[str]], columns: int) -> bool:
    """Return whether the first column contains only list marks or numbers of lines."""
    told = [text for text in texts[0] if text]
    marks = share_of(lambda text: _MARKER.fullmatch(text) is not None, told)
    return columns == 2 and marks >= 0.7 and not _are_values(texts[1])  # noqa: PLR2004


def _are_values(cells: list[str]) -> bool:
    return share_of(is_number, [text for text in cells[1:] if text]) >= 0.6  # noqa: PLR2004 - share


def _is_code(words: Sequence[Word], rows: Sequence[Row]) -> bool:
    told = [at for row in rows for cell in row.cells for at in cell]
    fixed = sum(words[at].fixed for at in told)
    lines = [" ".join(words[at].text for at in row.line.words) for row in rows]
    code = share_of(lambda line: _CODE.search(line) is not None, lines)
    last = [_text(words, row.cells[-1]) for row in rows]
    remarks = share_of(lambda text: text.startswith(_REMARK), last)
    return code >= (0.3 if fixed > len(told) // 2 else 0.6) or remarks >= 0.6  # noqa: PLR2004 - share


def _are_equations(texts: list[list[str]]) -> bool:
    last = [text for text in texts[-1] if text]
    numbered = share_of(lambda text: _EQUATION_NUMBER.fullmatch(text) is not None, last)
    rows = [" ".join(cells) for cells in zip(*texts, strict=True)]
    signs = share_of(lambda row: _EQUATION.search(row) is not None, rows)
    return signs >= 0.6 or (numbered >= 0.9 and signs >= 0.3)  # noqa: PLR2004 - shares


def _is_index(texts: list[list[str]]) -> bool:
    """Return whether all columns have the same kind of entry, as in a book's index."""
    return all(
        len(column) >= _INDEX_ROWS
        and share_of(lambda text: _INDEX_ENTRY.fullmatch(text) is not None, told) > 0.6  # noqa: PLR2004
        for column in texts
        if (told := [text for text in column if text])
    )


def _text(words: Sequence[Word], cell: Sequence[int]) -> str:
    return cell_text(words, cell) if cell else ""
