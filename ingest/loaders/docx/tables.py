"""Tables of a Word document as rows of cells; merged cells repeat in every row that they cover."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from ingest.loaders.docx.styles import W, is_on, number, value
from ingest.loaders.merged_cells import repeated

_MOST_COLUMNS = 63  # allowed by Word
_MOST_HEADER_ROWS = 3

_DEEPEST = 50  # elements between a paragraph and its cell

_Place = tuple[etree._Element, etree._Element] | None  # noqa: SLF001 - lxml names its class so
Row = tuple[etree._Element, Sequence[etree._Element]]  # noqa: SLF001 - lxml names its class so


@dataclass(slots=True)
class _Cell:
    text: str
    span: int
    own: bool  # more than the rest of a cell above


def table_rows(rows: Sequence[Row], read: Callable[[etree._Element], str]) -> Iterator[str]:
    """Yield a table's rows as ``cell | cell``, the same number of cells in every row.

    A cell merged over rows appears in each of them. One merged over columns appears once, and
    leaves the other columns empty; in the rows at the top it names each column that it covers.
    ``read`` is called once for each visible cell, in reading order.
    """
    above: dict[int, str] = {}
    in_header = True
    for place, (row, cells) in enumerate(rows):
        column = _skipped(row, "gridBefore")
        found = _cells_of(cells, column, above, read)
        if not any(cell.own for cell in found):
            continue  # a row that is merged into the one above
        heads = row.find(f"{W}trPr/{W}tblHeader")
        in_header = place < _MOST_HEADER_ROWS and (
            place == 0 or (in_header and heads is not None and is_on(heads))
        )
        after = _skipped(row, "gridAfter")
        if len(found) == 1 and not (column or after):
            yield found[0].text
            continue
        texts = [""] * column
        for cell in found:
            again = repeated(cell.text) if in_header else ""
            texts += [cell.text, *[again] * (cell.span - 1)]
        texts += [""] * min(after, _MOST_COLUMNS - len(texts))
        yield " | ".join(texts)


def _cells_of(
    cells: Sequence[etree._Element],
    column: int,
    above: dict[int, str],
    read: Callable[[etree._Element], str],
) -> list[_Cell]:
    """Read a row's cells; ``above`` maps columns to cells that extend down, and is updated."""
    found: list[_Cell] = []
    for cell in cells:
        properties = cell.find(f"{W}tcPr")
        span = _bounded(properties, "gridSpan", _MOST_COLUMNS - column)
        down, across = _merge(properties, "vMerge"), _merge(properties, "hMerge")
        if across == "continue" and found and down != "continue":
            found[-1].span += span
        elif was_deleted(cell):
            found.append(_Cell("", span, own=False))
        elif down == "continue" and column in above:
            found.append(_Cell(above[column], span, own=False))
        else:
            text = read(cell)
            found.append(_Cell(text, span, own=True))
            above.pop(column, None)
            if down:
                above[column] = repeated(text)
        column += span
    return found


def place_of(paragraph: etree._Element, cell: etree._Element) -> _Place:
    """Return the row and the cell inside the table in ``cell`` that contain a paragraph."""
    inner: etree._Element | None = None
    for each in islice(paragraph.iterancestors(), _DEEPEST):
        if each is cell:
            return None
        if each.tag == f"{W}tc" and inner is None:
            inner = each
        elif each.tag == f"{W}tr" and inner is not None:
            return each, inner
    return None


def cell_text(paragraphs: Iterable[tuple[_Place, str]]) -> str:
    """Return a cell's paragraphs in one line; tables inside of it as ``a, b; c, d``."""
    parts: list[str] = []
    last: _Place = None
    for place, text in paragraphs:
        if not text:
            continue
        if parts and place and last and place[1] is not last[1]:
            parts.append(", " if place[0] is last[0] else "; ")
        elif parts:
            parts.append(" ")
        parts.append(text)
        last = place
    return "".join(parts)


def continues(cell: etree._Element) -> bool:
    """Return whether a cell is the rest of one above or before it, or was deleted."""
    properties = cell.find(f"{W}tcPr")
    merges = (_merge(properties, "vMerge"), _merge(properties, "hMerge"))
    return "continue" in merges or was_deleted(cell)


def was_deleted(cell: etree._Element) -> bool:
    """Return whether a cell is gone after accepting all tracked changes."""
    return cell.find(f"{W}tcPr/{W}cellDel") is not None


def _merge(properties: etree._Element | None, which: str) -> str:
    """Return ``restart`` or ``continue``, "" for a cell that is not merged."""
    found = None if properties is None else properties.find(f"{W}{which}")
    if found is None:
        return ""
    return "restart" if value(found) == "restart" else "continue"


def _skipped(row: etree._Element, where: str) -> int:
    """Return how many columns a row skips before its first cell or after its last."""
    return _bounded(row.find(f"{W}trPr"), where, _MOST_COLUMNS, least=0)


def _bounded(parent: etree._Element | None, which: str, most: int, *, least: int = 1) -> int:
    found = None if parent is None else parent.find(f"{W}{which}")
    return max(least, min(number(value(found), least), most))
