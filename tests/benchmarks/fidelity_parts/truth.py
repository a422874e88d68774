"""What a faithful reading of a document holds: words in order, cells beside their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from fidelity_parts.content import (
    Aside,
    Block,
    Code,
    Content,
    Field,
    Form,
    Heading,
    Items,
    Pairs,
    Paragraph,
    Picture,
    Table,
)

STATES = {"yes": ("yes", "☑", "☒", "✓", "[x]", "true"), "no": ("no", "☐", "[ ]", "false")}
"""How a reading may say whether a box is checked."""

_STATE_WORDS = "yes no x true false on off"
_MOST_PAGES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell, the names of the rows that it covers, and its column's name.

    ``corner`` is the name of the first column: the line of names is one that has both, as a cell
    may well say what a column is called.

    ``every`` asks for the value in each of its rows; else one of them is enough.
    """

    rows: tuple[str, ...]
    column: str
    text: str
    corner: str
    every: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """``streams`` are texts whose words have an order; between streams there is none.

    ``pairs`` are labels with the values of which one must follow on the same line. ``running``
    texts are right when found at most once. Words of ``allowed`` may stand any number of times.
    """

    streams: tuple[str, ...]
    cells: tuple[Cell, ...] = ()
    pairs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    code: tuple[tuple[str, ...], ...] = ()
    running: tuple[str, ...] = ()
    allowed: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain values to be written down."""
        return asdict(self)


def truth_of(content: Content, *, every: bool = False) -> Truth:
    """Return what a reading of ``content`` must hold.

    ``every`` says that merged cells give their value to each row, as in DOCX, where a row knows
    what is merged into it. In a PDF a merged cell is text that stands somewhere beside its rows.
    """
    main: list[str] = []
    aside: list[str] = []
    allowed: list[str] = []
    for block in content.blocks:
        main.extend(_in_order(block))
        aside.extend(_beside(block))
        allowed.extend(_any_number(block))
    if content.numbers:
        allowed.append("Page of Seite " + _numbers(_MOST_PAGES))
    if content.stamp:
        aside.append(content.stamp)
    return Truth(
        streams=("\n".join(main), *aside),
        cells=tuple(
            cell for b in content.blocks if isinstance(b, Table) for cell in _cells(b, every=every)
        ),
        pairs=tuple(pair for block in content.blocks for pair in _pairs(block)),
        code=tuple(block.lines for block in content.blocks if isinstance(block, Code)),
        running=tuple(text for text in (content.header, content.footer) if text),
        allowed=" ".join(allowed),
    )


def _numbers(count: int) -> str:
    return " ".join(str(number) for number in range(1, count + 1))


def _in_order(block: Block) -> Iterator[str]:
    match block:
        case Paragraph() | Heading():
            yield block.text
        case Items():
            yield from block.texts
        case Code() | Picture():
            yield from block.lines
        case Table():
            yield "\n".join(block.columns)
            for number, row in enumerate(block.rows):
                yield "\n".join(
                    text
                    for column, text in enumerate(row)
                    if block.span(number, column) == 1 and not block.covered(number, column)
                )
        case Pairs():
            yield from (f"{label}\n{value}" for label, value in block.pairs)
        case Form():
            for field in block.fields:
                yield field.label if field.kind == "check" else f"{field.label}\n{field.value}"


def _beside(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield from (text for text in (block.note, block.comment, block.link) if text)
        case Aside():
            yield block.text
        case Table():
            yield from (block.rows[m.row][m.column] for m in block.merged)


def _any_number(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            # LibreOffice's comments have an author, whose name is told before them.
            author = " R" if block.comment else ""
            yield (_numbers(9) if block.note else "") + " " + block.link + author
        case Items():
            yield _numbers(len(block.texts)) if block.numbered else "o"
        case Table():
            yield " ".join(block.columns)
            yield from (block.rows[m.row][m.column] for m in block.merged)
        case Form():
            yield _STATE_WORDS
            # A field's name says what it is for where nothing is printed; here it repeats.
            yield from (field.label for field in block.fields)
            yield from (choice for field in block.fields for choice in field.choices)


def _cells(table: Table, *, every: bool) -> Iterator[Cell]:
    for number, row in enumerate(table.rows):
        for column in range(1, len(table.columns)):
            if table.covered(number, column) or not row[column]:
                continue
            count = table.span(number, column)
            names = tuple(r[0] for r in table.rows[number : number + count])
            yield Cell(
                rows=names,
                column=table.columns[column],
                text=row[column],
                corner=table.columns[0],
                every=every,
            )


def _pairs(block: Block) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(block, Pairs):
        yield from ((label, (value,)) for label, value in block.pairs)
    if isinstance(block, Form):
        yield from ((field.label, _accepted(field)) for field in block.fields)


def _accepted(field: Field) -> tuple[str, ...]:
    return STATES[field.value] if field.kind == "check" else (field.value,)
