"""A page's words, tables and insets as blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.layout.asides import behind_paragraph
from ingest.loaders.pdf.layout.centred_keys import with_keys_first
from ingest.loaders.pdf.layout.columns import Item, parts_of
from ingest.loaders.pdf.layout.framed import are_mixed, frames_beside, holds
from ingest.loaders.pdf.layout.grounds import walls_of
from ingest.loaders.pdf.layout.line_numbers import without_line_numbers
from ingest.loaders.pdf.layout.lines import COLUMN_GAP, Row, around, rows_of, runs_backwards
from ingest.loaders.pdf.layout.listings import is_listing, listing_lines
from ingest.loaders.pdf.layout.paragraphs import Column, has_columns, runs_on, stacks
from ingest.loaders.pdf.page import Block, Box, Inset, PrintedLine, Sheet, Word
from ingest.loaders.pdf.placing.beside_text import place, settled, words_in
from ingest.loaders.pdf.placing.filling import with_fields
from ingest.loaders.pdf.placing.leaders import with_leaders
from ingest.loaders.pdf.sheets import as_seen, in_order
from ingest.loaders.pdf.tables.by_chance import without_chance
from ingest.loaders.pdf.tables.finding import Table, find_tables
from ingest.loaders.pdf.tables.turned_heads import with_turned_heads
from ingest.loaders.pdf.words.combs import without_combs

_MOST_PRINTED_OVER = 3  # words inside a picture: more mean a page printed over a scan
_SAME_SIZE = 0.5  # points
_LEAST_LISTING = 3  # lines
_LEAST_BESIDE = 2  # lines beside a box
_TWO_EMPTY_LINES = 3.2  # heights of the font


def text_of(sheet: Sheet) -> str:
    """Return all words of a page in arbitrary order, filled in or printed."""
    sheets = (sheet, *sheet.turned)
    insets = (inset for one in sheets for inset in one.insets)
    filled = [inset.text for inset in insets if inset.kind in ("field", "typed")]
    return " ".join([*(word.text for one in sheets for word in one.words), *filled])


def blocks_of(sheet: Sheet) -> list[Block]:
    """Return the blocks of a page in the order in which a person reads it."""
    sheet = with_turned_heads(sheet) if sheet.turned else sheet
    if not sheet.turned:
        return _blocks_of_sheet(sheet)
    turned = [as_seen(_blocks_of_sheet(other), other.turn) for other in sheet.turned if other.turn]
    return in_order([_blocks_of_sheet(sheet), *turned])


def _blocks_of_sheet(sheet: Sheet) -> list[Block]:
    sheet = without_combs(settled(sheet))
    printed = with_leaders(without_line_numbers(sheet.words), sheet.rules)
    words = with_fields(printed, sheet.insets, sheet.rules)
    tables = find_tables(words, sheet.rules, sheet.width, sheet.height)
    frames = _mixed(frames_beside(words, sheet.rules), words, tables, sheet)
    inside = [[word for word in words if holds(frame, word.box)] for frame in frames]
    if frames:
        framed = {id(word) for part in inside for word in part}
        words = [word for word in words if id(word) not in framed]
        tables = find_tables(words, sheet.rules, sheet.width, sheet.height)
    solid, taken = _tables(words, tables, sheet)
    boxes = {frame: _stand_in(frame) for frame in frames}
    solid |= boxes
    floating: list[Block] = []
    for inset in sheet.insets:
        if inset.kind == "picture" and inset.text.strip():
            block = _picture(inset)
            if inset.box in solid or len(words_in(words, inset.box)) > _MOST_PRINTED_OVER:
                floating.append(block)
            else:
                solid[inset.box] = block
    items = [Item(word.box, word) for at, word in enumerate(words) if at not in taken]
    items += [Item(box, None) for box in solid]
    blocks = _blocks_of_items(items, solid, sheet)
    for block in floating:
        above = [at for at, other in enumerate(blocks) if other.box[1] <= block.box[1]]
        blocks.insert(above[-1] + 1 if above else 0, block)
    for frame, part in zip(frames, inside, strict=True):
        at = next(at for at, block in enumerate(blocks) if block is boxes[frame])
        blocks[at : at + 1] = _blocks_in_frame(part, frame, sheet)
    return place(blocks, sheet)


def _mixed(
    frames: Sequence[Box], words: Sequence[Word], tables: Sequence[Table], sheet: Sheet
) -> list[Box]:
    """Return the frames that would be mixed with the text beside them."""
    if not frames:
        return []
    solid, taken = _tables(words, tables, sheet)
    items = [Item(word.box, word) for at, word in enumerate(words) if at not in taken]
    parts = [[item.box for item in part.items] for part in parts_of(items)]
    parts += [[words[at].box for at in table.words] for table in tables if table.box in solid]
    return [frame for frame in frames if are_mixed(parts, frame)]


def _blocks_in_frame(words: Sequence[Word], frame: Box, sheet: Sheet) -> list[Block]:
    """Return the blocks in a frame, as if nothing else were on the page."""
    rules = tuple(rule for rule in sheet.rules if holds(frame, rule.box))
    alone = replace(sheet, words=tuple(words), rules=rules, insets=())
    tables = find_tables(words, rules, sheet.width, sheet.height)
    solid, taken = _tables(words, tables, alone)
    items = [Item(word.box, word) for at, word in enumerate(words) if at not in taken]
    items += [Item(box, None) for box in solid]
    return _blocks_of_items(items, solid, alone)


def _stand_in(frame: Box) -> Block:
    return Block("table", (PrintedLine("", frame),), frame)


def _blocks_of_items(items: Sequence[Item], solid: dict[Box, Block], sheet: Sheet) -> list[Block]:
    blocks: list[Block] = []
    asides: list[Block] = []
    for part in parts_of(items, walls=walls_of(sheet.rules, sheet.height)):
        found = _blocks_of_column(part.items, solid)
        if part.aside:
            asides += found
        else:
            blocks += behind_paragraph(found, asides) if asides else found
            asides = []
    return [*blocks, *asides]


def _tables(
    words: Sequence[Word], tables: Sequence[Table], sheet: Sheet
) -> tuple[dict[Box, Block], frozenset[int]]:
    """Return the tables of a page as blocks, and the words in them."""
    found: dict[Box, Block] = {}
    taken: frozenset[int] = frozenset()
    for table in without_chance(tables, words, sheet.rules):
        backwards = runs_backwards(words[at] for at in table.words)
        lines = tuple(
            PrintedLine("\t".join(reversed(text.split("\t"))) if backwards else text, box)
            for text, box in zip(table.lines, table.row_boxes, strict=True)
        )
        found[table.box] = Block("table", lines, table.box, header_rows=table.header_rows)
        taken |= table.words
    return found, taken


def _picture(inset: Inset) -> Block:
    lines = [line for line in inset.text.split("\n") if line.strip()]
    return Block("text", tuple(PrintedLine(line, inset.box) for line in lines), inset.box)


def _blocks_of_column(items: Sequence[Item], solid: dict[Box, Block]) -> list[Block]:
    rows = rows_of(item.word for item in items if item.word is not None)
    whole = _down_and_across([solid[i.box] for i in items if i.word is None])
    blocks: list[Block] = []
    for block in whole:
        above = _before(rows, block.box)
        blocks += _blocks_of_rows(above)
        blocks.append(block)
        taken = {id(row) for row in above}
        rows = [row for row in rows if id(row) not in taken]
    return [*blocks, *_blocks_of_rows(rows)]


def _before(rows: Sequence[Row], box: Box) -> Sequence[Row]:
    """Return the lines to read before a box: those above its middle or left of it.

    The box divides no paragraph beside it.
    """
    middle = (box[1] + box[3]) / 2
    at = sum((row.box[1] + row.box[3]) / 2 < middle for row in rows)
    beside = [row for row in rows if box[1] < (row.box[1] + row.box[3]) / 2 < box[3]]
    if len(beside) >= _LEAST_BESIDE and not any(
        row.box[0] < box[2] and box[0] < row.box[2] for row in beside
    ):
        first = 0
        for stack in stacks(rows):
            cut = at - first
            if 0 < cut < len(stack) and runs_on(stack, Column.of(stack))[cut - 1]:
                last = first + len(stack)
                above = last == len(rows) or rows[first].box[1] >= box[1] - stack[0].height
                return rows[: first if above else last]
            first += len(stack)
    return [row for row in rows if _is_before(row.box, box)]


def _is_before(row: Box, block: Box) -> bool:
    """Whether a line is above the middle of a table, or left of it."""
    middle = (row[1] + row[3]) / 2
    return middle < (block[1] + block[3]) / 2 or (middle < block[3] and row[2] <= block[0])


def _down_and_across(blocks: Sequence[Block]) -> list[Block]:
    """Order blocks from the top; those beside each other from the left."""
    bands: list[list[Block]] = []
    bottom = float("-inf")
    for block in sorted(blocks, key=lambda block: block.box[1]):
        if not bands or block.box[1] >= bottom:
            bands.append([])
        bands[-1].append(block)
        bottom = max(bottom, block.box[3])
    ordered: list[Block] = []
    for band in bands:
        columns: list[list[Block]] = []
        right = float("-inf")
        for block in sorted(band, key=lambda block: block.box[0]):
            if not columns or block.box[0] >= right:
                columns.append([])
            columns[-1].append(block)
            right = max(right, block.box[2])
        for column in columns:
            ordered += sorted(column, key=lambda block: block.box[1])
    return ordered


def _blocks_of_rows(rows: Sequence[Row]) -> list[Block]:
    rows = with_keys_first(rows)
    columns: dict[int, Column] = {}
    for size in {round(row.size) for row in rows}:
        columns[size] = Column.of([r for r in rows if abs(r.size - size) <= 1 + _SAME_SIZE])
    blocks: list[Block] = []
    for stack in _with_gaps_of_listings(stacks(rows), columns):
        column = columns[round(stack[0].size)]
        for part, code in _listings_apart(stack, column):
            if code:
                lines = tuple(PrintedLine(text, row.box) for text, row in listing_lines(part))
            else:
                goes_on = runs_on(part, column)
                lines = tuple(
                    PrintedLine(
                        row.text(_column_gap(part, at, goes_on, column)), row.box, goes_on[at]
                    )
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


def _column_gap(rows: Sequence[Row], at: int, goes_on: Sequence[bool], column: Column) -> float:
    """Return the gap between columns in a line: prose has none."""
    prose = (
        goes_on[at]
        or (at > 0 and goes_on[at - 1])
        or not has_columns(rows[at], column, [*rows[max(at - 1, 0) : at], *rows[at + 1 : at + 2]])
    )
    return 0.0 if prose else COLUMN_GAP


def _listings_apart(stack: Sequence[Row], column: Column) -> list[tuple[list[Row], bool]]:
    """Split a stack where the font changes to a typewriter's and back; mark parts of code."""
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


def _with_gaps_of_listings(found: list[list[Row]], columns: dict[int, Column]) -> list[list[Row]]:
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
    if other.box[1] - one.box[3] > _TWO_EMPTY_LINES * one.height:
        return False
    right = columns[round(one.size)].right
    code = is_listing(above, right), is_listing(below, right)
    return all(code) or (
        any(code)
        and one.fixed
        and len(above) + len(below) >= _LEAST_LISTING
        and is_listing([*above, *below], right)
    )
