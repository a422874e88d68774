"""A page's words, tables and insets as blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.columns import Item, reading_order
from ingest.loaders.pdf.lines import COLUMN_GAP, Row, around, rows_of
from ingest.loaders.pdf.listings import is_listing, listing_lines
from ingest.loaders.pdf.page import Block, Box, PrintedLine, Sheet, Word
from ingest.loaders.pdf.paragraphs import Column, has_columns, runs_on, stacks
from ingest.loaders.pdf.placing import place, with_fields

_BESIDE_TITLE = 1.6
_SAME_SIZE = 0.5  # points


def text_of(sheet: Sheet) -> str:
    """Return all words of a page, in no order that means anything."""
    return " ".join(word.text for word in sheet.words)


def blocks_of(sheet: Sheet) -> list[Block]:
    """Return what stands on a page, in the order in which a person reads it."""
    words = with_fields(sheet.words, sheet.insets)
    tables: list[tuple[Box, Block]] = []
    solid: dict[Box, Block] = {block.box: block for _, block in tables}
    items = [Item(word.box, word) for word in words]
    items += [Item(box, None) for box in solid]
    blocks: list[Block] = []
    for part in reading_order(items):
        blocks += _blocks_of_column(part, solid)
    return place(blocks, sheet)


def _blocks_of_column(items: Sequence[Item], solid: dict[Box, Block]) -> list[Block]:
    rows = rows_of(item.word for item in items if item.word is not None)
    whole = sorted((solid[i.box] for i in items if i.word is None), key=lambda b: b.box[1])
    blocks: list[Block] = []
    for block in whole:
        middle = (block.box[1] + block.box[3]) / 2
        above = [row for row in rows if (row.box[1] + row.box[3]) / 2 < middle]
        blocks += _blocks_of_rows(above)
        blocks.append(block)
        rows = rows[len(above) :]
    return [*blocks, *_blocks_of_rows(rows)]


def _blocks_of_rows(rows: Sequence[Row]) -> list[Block]:
    columns: dict[int, Column] = {}
    for size in {round(row.size) for row in rows}:
        columns[size] = Column.of([r for r in rows if abs(r.size - size) <= 1 + _SAME_SIZE])
    blocks: list[Block] = []
    for stack in _with_gaps_of_listings(stacks(rows), columns):
        column = columns[round(stack[0].size)]
        for part, code in _listings_apart(stack, column):
            if code:
                lines = tuple(
                    PrintedLine(text, row.box) for text, row in listing_lines(part)
                )
            else:
                goes_on = runs_on(part, column)
                lines = tuple(
                    PrintedLine(row.text(_column_gap(part, at, goes_on, column)), row.box, goes_on[at])
                    for at, row in enumerate(part)
                )
            blocks.append(
                Block(
                    "code" if code else "text",
                    lines,
                    around(row.box for row in part),
                    apart=code or part[0] is stack[0] or bool(blocks and blocks[-1].kind == "code"),
                )
            )
    return blocks


def _column_gap(
    rows: Sequence[Row], at: int, goes_on: Sequence[bool], column: Column
) -> float:
    """Return the gap that is a column's in a line: prose has none."""
    prose = goes_on[at] or (at > 0 and goes_on[at - 1]) or not has_columns(rows[at], column.right)
    return 0.0 if prose else COLUMN_GAP


def _listings_apart(stack: Sequence[Row], column: Column) -> list[tuple[list[Row], bool]]:
    """Part a stack where the font turns to a typewriter's and back; say which parts are code."""
    parts: list[list[Row]] = []
    for row in stack:
        if not parts or parts[-1][-1].fixed != row.fixed:
            parts.append([])
        parts[-1].append(row)
    told: list[tuple[list[Row], bool]] = []
    for part in parts:
        code = is_listing(part, column.right)
        if told and told[-1][1] == code:
            told[-1][0].extend(part)
        else:
            told.append((list(part), code))
    return told


def _with_gaps_of_listings(
    found: list[list[Row]], columns: dict[int, Column]
) -> list[list[Row]]:
    """Join stacks of one listing: an empty line does not end it."""
    joined: list[list[Row]] = []
    for stack in found:
        if joined and _one_listing(joined[-1], stack, columns):
            joined[-1].extend(stack)
        else:
            joined.append(list(stack))
    return joined


def _one_listing(above: Sequence[Row], below: Sequence[Row], columns: dict[int, Column]) -> bool:
    one, other = above[-1], below[0]
    if one.fixed != other.fixed or abs(one.size - other.size) > _SAME_SIZE:
        return False
    if other.box[1] - one.box[3] > 2.5 * one.height:  # noqa: PLR2004 - two empty lines
        return False
    right = columns[round(one.size)].right
    code = is_listing(above, right), is_listing(below, right)
    return all(code) or (any(code) and one.fixed and len(above) + len(below) > 2 and is_listing([*above, *below], right))  # noqa: PLR2004


def words_in(words: Sequence[Word], box: Box) -> list[Word]:
    """Return the words whose middle is inside a box."""
    left, top, right, bottom = box
    return [
        w
        for w in words
        if left <= (w.box[0] + w.box[2]) / 2 <= right and top <= (w.box[1] + w.box[3]) / 2 <= bottom
    ]
