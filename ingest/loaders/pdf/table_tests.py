"""What tells a table from prose in columns, lists, code, formulas and letterheads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.table_columns import CLEAR, Row, Run, Strip
from ingest.loaders.pdf.table_text import cell_text, is_number
from ingest.loaders.printed_lines import is_cjk, width

_TOLERANCE = 2.6  # points by which aligned edges may differ
_ALIGNED = 0.7  # share of a column's cells that share an edge
_INDEX_ROWS = 8
_PROSE_LINES = 8  # that fill their column, so that nobody takes them for cells
_SHORT_CELL = 34  # columns of text
_MARKER = re.compile(
    r"[•‣◦▪■□●○◆◇–—*·※►▶✓✔➢\uf0b7\uf0a7-]|\[?\(?[0-9]{1,3}[.)\]、．:]{0,2}|"
    r"\(?[a-zA-Z][.)]|\(?[ivxIVX]{1,5}[.)]|"
    r"[(（]?[一二三四五六七八九十]{1,3}[)）、.]|[①-⓿]|(?:[0-9]+\.)+[0-9]*|§|\[[\w+,: -]{1,12}\]",
)
_CODE = re.compile(
    r"[{};]$|^(?:#|//|/\*|--)|[=!<>]=|\w\(|->|=>|::|^\s*(?:def|if|for|return|import)\b"
)
_FEWEST_GAPS = 4
_FEW_ROWS = 3
_CLEARER = 1.5  # ems between columns of few rows
_WIDER = 1.6  # times the gap between words, from which one is that of columns
_SPREAD = 2.0  # ems; gaps of spread lines are narrower
_REMARK = ("//", "/*", "# ", "-- ", "; ", "(*")
_EQUATION = re.compile(r"[=≈≤≥∑∫∂√±→∈∀∃]")
_EQUATION_NUMBER = re.compile(r"\([0-9.]{1,6}[a-z]?\)")
_LOWER = re.compile(r"[^\W\d_]")
_PUNCTUATION = re.compile(r"[,.;:，。；：、！？](?:\s|$)|[，。；、！？]")
_INDEX_ENTRY = re.compile(r".*[^\d\s],? \d{1,4}(?:[,–-] ?\d{1,4})*")


def prose_columns(words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]) -> list[int]:
    """Return the columns whose lines run on, as those of a paragraph do."""
    return [column for column in range(len(strips) + 1) if is_prose(words, rows, column)]


def is_prose(words: Sequence[Word], rows: Sequence[Row], column: int) -> bool:
    """Say whether most lines of a column are full and go on in the next one."""
    cells = [(number, row.cells[column]) for number, row in enumerate(rows) if row.cells[column]]
    if len(cells) < 3:  # noqa: PLR2004 - two lines show no habit
        return False
    texts = [" ".join(words[at].text for at in cell) for _, cell in cells]
    long = sum(_is_long(text) for text in texts)
    narrow = sum(_is_long(text, narrow=True) for text in texts)
    if narrow < 0.55 * len(texts):
        return False
    left = min(words[at].box[0] for _, cell in cells for at in cell)
    right = max(words[at].box[2] for _, cell in cells for at in cell)
    full = runs_on = pairs = low = 0
    for (_, cell), text in zip(cells, texts, strict=True):
        end = max(words[at].box[2] for at in cell)
        full += end - left >= 0.82 * (right - left)
        low += text[:1].islower() or bool(is_cjk(text[:1] or " "))
    for (number, cell), (below, following) in pairwise(cells):
        if below - number > 2:  # noqa: PLR2004 - a blank line between paragraphs
            continue
        pairs += 1
        end = max(words[at].box[2] for at in cell)
        next_word = words[following[0]]
        need = next_word.box[2] - next_word.box[0]
        if is_cjk(next_word.text[:1] or " "):
            need = next_word.size
        runs_on += right - end < need + 0.3 * next_word.size
    if len(cells) >= _PROSE_LINES and full >= 0.7 * len(cells) and runs_on >= 0.7 * pairs:
        return True
    marks = sum(_PUNCTUATION.search(text) is not None for text in texts)
    return (
        long >= 0.55 * len(texts)
        and full >= 0.5 * len(cells)
        and runs_on >= 0.55 * max(pairs, 1)
        and (low >= 0.34 * len(cells) and (marks >= 0.25 * len(cells) or low >= 0.6 * len(cells)))
        and not _one_width(words, [cell for _, cell in cells])
    )


def _one_width(words: Sequence[Word], cells: Sequence[Sequence[int]]) -> bool:
    return all(len(cell) == 1 and width(words[cell[0]].text) < 12 for cell in cells)  # noqa: PLR2004 - columns


def _is_long(text: str, *, narrow: bool = False) -> bool:
    spaced = len(text.split())
    chinese = any(map(is_cjk, text))
    if narrow:
        return spaced >= 3 or (width(text) >= 12 and chinese)  # noqa: PLR2004 - words, columns
    return spaced >= 4 or (width(text) >= 20 and chinese)  # noqa: PLR2004 - likewise


def _is_worded(text: str) -> bool:
    return _is_long(text, narrow=True)


def runs_across(words: Sequence[Word], rows: Sequence[Row], column: int) -> bool:
    """Say whether sentences have neighbours in most rows, so that they are no column of cells."""
    mine = [row for row in rows if row.cells[column]]
    beside = sum(len(row.filled) > 1 for row in mine)
    marks = sum(
        any(_PUNCTUATION.search(words[at].text) for at in row.cells[column]) for row in mine
    )
    return len(mine) > 3 and beside > 0.6 * len(mine) and marks >= 0.25 * len(mine)  # noqa: PLR2004 - lines, shares


def is_table(words: Sequence[Word], run: Run, rows: Sequence[Row], strips: Sequence[Strip]) -> bool:
    """Say whether lines with white strips in common are rows of a table."""
    columns = len(strips) + 1
    shared = [row for row in rows if len(row.filled) > 1]
    if len(shared) < 2 or len(shared) < 0.45 * len(rows):  # noqa: PLR2004 - rows
        return False
    texts = [[_text(words, row.cells[column]) for row in rows] for column in range(columns)]
    other = _is_code(words, rows) or _is_list(texts, columns) or _are_equations(texts)
    clear = _clear(words, run, rows, strips) and _edges_align(words, rows, columns)
    clear = clear and not _is_spread(words, rows, run.size)
    if other or not clear or _is_index(texts):
        return False
    numeric = [_share(is_number, column[1:]) >= 0.6 and any(column[1:]) for column in texts]  # noqa: PLR2004 - share
    if not any(numeric) and all(_share(_is_worded, column) >= 0.6 for column in texts):  # noqa: PLR2004 - share
        return False
    short = _share(lambda text: width(text) <= _SHORT_CELL, [t for c in texts for t in c]) >= 0.8  # noqa: PLR2004
    if columns > 2:  # noqa: PLR2004 - the case of two is harder
        if len(shared) == 2:  # noqa: PLR2004 - rows
            whole = sum(len(row.filled) == columns for row in rows)
            values = [is_number(column[-1]) for column in texts]
            return short and whole == len(rows) and any(values)
        return short or any(numeric)
    return _two_columns(rows, texts, numeric)


def is_code_or_list(words: Sequence[Word], rows: Sequence[Row]) -> bool:
    """Say whether rows between two lines are a listing, formulas or a list with marks."""
    columns = len(rows[0].cells)
    texts = [[_text(words, row.cells[column]) for row in rows] for column in range(columns)]
    return _is_code(words, rows) or _is_list(texts, columns) or _are_equations(texts)


def _two_columns(rows: Sequence[Row], texts: list[list[str]], numeric: list[bool]) -> bool:
    shared = [row for row in rows if len(row.filled) > 1]
    if len(shared) < 3:  # noqa: PLR2004 - rows
        return False
    keys = [text for text in texts[0] if text]
    if any(numeric) and len(shared) >= 0.7 * len(rows):
        return True
    named = _share(lambda text: text.endswith((":", "：")), keys)
    if named >= 0.7 and _share(lambda text: width(text) <= _SHORT_CELL, keys) == 1:  # noqa: PLR2004
        return True
    digits = _share(lambda text: any(c.isdigit() for c in text), [t for t in texts[1][1:] if t])
    brief = [
        _share(lambda text: width(text) <= 26, texts[0]),  # noqa: PLR2004 - columns
        _share(lambda text: width(text) <= 44, texts[1]),  # noqa: PLR2004 - likewise
    ]
    if digits >= 0.7 and brief[0] == 1 and len(shared) >= 4:  # noqa: PLR2004
        return True
    tops = min(row.line.top for row in rows)
    letterhead = len(rows) <= 6 and tops < 140  # noqa: PLR2004 - lines, points
    whole = len(shared) >= 0.9 * len(rows) or _hangs(rows)
    return whole and len(shared) >= 4 and min(brief) >= 0.8 and not letterhead  # noqa: PLR2004


def _hangs(rows: Sequence[Row]) -> bool:
    """Say whether every line beside an empty first cell goes on below a filled one."""
    first = sum(bool(row.cells[0]) for row in rows)
    return bool(rows[0].cells[0]) and first >= 0.5 * len(rows)


def _clear(words: Sequence[Word], run: Run, rows: Sequence[Row], strips: Sequence[Strip]) -> bool:
    """Say whether the gap at each strip is that of columns in most lines, not that of words."""
    size = run.size
    few = len(rows) <= _FEW_ROWS
    least = max((_CLEARER if few else CLEAR + 0.1) * size, _WIDER * _spaces(words, rows))
    for number in range(len(strips)):
        gaps: list[float] = []
        for row in rows:
            before = [words[at].box[2] for cell in row.cells[: number + 1] for at in cell]
            after = [words[at].box[0] for cell in row.cells[number + 1 :] for at in cell]
            if before and after:
                gaps.append(min(after) - max(before))
        gaps.sort()
        if len(gaps) < 2 or gaps[len(gaps) // 2] < least:  # noqa: PLR2004 - rows
            return False
    return True


def _spaces(words: Sequence[Word], rows: Sequence[Row]) -> float:
    """Return the usual gap between words of one cell; 0 where cells have one word each."""
    gaps = sorted(
        words[after].box[0] - words[at].box[2]
        for row in rows
        for cell in row.cells
        for at, after in pairwise(cell)
    )
    return max(gaps[len(gaps) // 2], 0.0) if len(gaps) >= _FEWEST_GAPS else 0.0


def _is_spread(words: Sequence[Word], rows: Sequence[Row], size: float) -> bool:
    """Say whether each cell is one word of a sentence that was spread to fill its lines."""
    cells = [cell for row in rows for cell in row.cells if cell]
    alone = sum(len(cell) == 1 for cell in cells)
    small = sum(words[cell[0]].text[:1].islower() for cell in cells)
    gaps = sorted(
        words[after[0]].box[0] - words[cell[-1]].box[2]
        for row in rows
        for cell, after in pairwise([cell for cell in row.cells if cell])
    )
    narrow = bool(gaps) and gaps[len(gaps) // 2] < _SPREAD * size
    return alone >= 0.9 * len(cells) and small >= 0.5 * len(cells) and narrow


def _edges_align(words: Sequence[Word], rows: Sequence[Row], columns: int) -> bool:
    out_of_line = 0
    for column in range(columns):
        cells = [row.cells[column] for row in rows if row.cells[column]]
        lefts = [min(words[at].box[0] for at in cell) for cell in cells]
        rights = [max(words[at].box[2] for at in cell) for cell in cells]
        middles = [(left + right) / 2 for left, right in zip(lefts, rights, strict=True)]
        aligned = max(map(_most_alike, (lefts, rights, middles)), default=0)
        if len(cells) > 1 and aligned < _ALIGNED * len(cells) and aligned < len(cells) - 1:
            out_of_line += 1
    return out_of_line <= (columns - 1) // 3


def _most_alike(values: list[float]) -> int:
    values = sorted(values)
    most = start = 0
    for end, value in enumerate(values):
        while value - values[start] > _TOLERANCE:
            start += 1
        most = max(most, end - start + 1)
    return most


def _is_list(texts: list[list[str]], columns: int) -> bool:
    """Say whether the first column holds nothing but list marks or numbers of lines."""
    told = [text for text in texts[0] if text]
    marks = _share(lambda text: _MARKER.fullmatch(text) is not None, told)
    return columns == 2 and marks >= 0.7 and not _are_values(texts[1])  # noqa: PLR2004


def _are_values(cells: list[str]) -> bool:
    return _share(is_number, [text for text in cells[1:] if text]) >= 0.6  # noqa: PLR2004 - share


def _is_code(words: Sequence[Word], rows: Sequence[Row]) -> bool:
    told = [at for row in rows for cell in row.cells for at in cell]
    fixed = sum(words[at].fixed for at in told)
    lines = [" ".join(words[at].text for at in row.line.words) for row in rows]
    code = _share(lambda line: _CODE.search(line) is not None, lines)
    last = [_text(words, row.cells[-1]) for row in rows]
    remarks = _share(lambda text: text.startswith(_REMARK), last)
    return code >= (0.3 if fixed > len(told) // 2 else 0.6) or remarks >= 0.6  # noqa: PLR2004 - share


def _are_equations(texts: list[list[str]]) -> bool:
    last = [text for text in texts[-1] if text]
    numbered = _share(lambda text: _EQUATION_NUMBER.fullmatch(text) is not None, last)
    rows = [" ".join(cells) for cells in zip(*texts, strict=True)]
    signs = _share(lambda row: _EQUATION.search(row) is not None, rows)
    return signs >= 0.6 or (numbered >= 0.9 and signs >= 0.3)  # noqa: PLR2004 - shares


def _is_index(texts: list[list[str]]) -> bool:
    """Say whether all columns hold the same kind of entry, as a book's index does."""
    return all(
        len(column) >= _INDEX_ROWS
        and _share(lambda text: _INDEX_ENTRY.fullmatch(text) is not None, told) > 0.6  # noqa: PLR2004
        for column in texts
        if (told := [text for text in column if text])
    )


def _text(words: Sequence[Word], cell: Sequence[int]) -> str:
    return cell_text(words, cell) if cell else ""


def _share(test: Callable[[str], object], values: Sequence[str]) -> float:
    told = [value for value in values if value]
    return sum(bool(test(value)) for value in told) / len(told) if told else 0.0
