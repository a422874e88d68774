"""Puts the cells of an HTML table into columns; merged cells repeat in the rows that they cover.

A cell merged over rows appears in each of them. One merged over columns appears once and leaves the
other columns empty; in the rows at the top it names each column that it covers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.loaders.merged_cells import repeated

MOST_REPEATED = 1_000_000
"""Most repeated characters of one table: a file of a megabyte could ask for gigabytes."""

_MOST_MERGED = 63  # columns in which cells may be merged; further right each is its own
_MOST_ROWS = 65_534  # most rows that a cell covers, as in browsers
_MOST_HEAD_ROWS = 3


@dataclass(slots=True)
class HtmlTable:
    """One table during reading; a table inside a cell has its own object."""

    text: list[str] = field(default_factory=list)
    is_open: bool = False  # a cell is
    in_head: bool = False
    _spans: tuple[int, int] = (1, 1)
    _row: list[str] = field(default_factory=list)
    _own: int = 0
    _rows: int = 0
    _above: dict[int, tuple[int, str]] = field(default_factory=dict)
    _repeated: int = 0

    def start_cell(self, columns: str | None, rows: str | None) -> None:
        """Open a cell that covers the columns and rows of its attributes."""
        self._spans = max(1, _number(columns)), _number(rows) or _MOST_ROWS
        self.is_open = True

    def end_cell(self, text: str) -> None:
        """Put a cell's text into the next free column."""
        while len(self._row) in self._above:
            self._row.append(self._again(self._above[len(self._row)][1]))
        across, down = self._spans
        column = len(self._row)
        names = self._rows == 0 or (self.in_head and self._rows < _MOST_HEAD_ROWS)
        for at in range(column, max(column + 1, min(column + across, _MOST_MERGED))):
            first = at == column
            self._row.append(text if first else self._again(text) if names else "")
            if down > 1 and at < _MOST_MERGED:
                self._above[at] = (down, text if first or names else "")
        self._own += 1
        self.is_open = False
        self.text.clear()

    def end_row(self) -> list[str]:
        """Return the cells of a row; empty if it only continues cells merged from above."""
        row, own = self._row, self._own
        for column in sorted(self._above) if own else ():
            if column >= len(row):
                row += [""] * (column - len(row))
                row.append(self._again(self._above[column][1]))
        self._above = {at: (left - 1, text) for at, (left, text) in self._above.items() if left > 1}
        self._row, self._own = [], 0
        if own:
            self._rows += 1
        # A title over all columns names none of them.
        return row[:1] if own == 1 and len(row) <= self._spans[0] else row

    def end_group(self) -> None:
        """Forget cells that extend down: no cell leaves a head, a body or a foot."""
        self._above.clear()
        self.in_head = False

    def _again(self, text: str) -> str:
        text = repeated(text)
        self._repeated += len(text)
        return text if self._repeated <= MOST_REPEATED else ""


def _number(written: str | None) -> int:
    """Return a span as browsers read it, 1 by default."""
    digits = (written or "").strip().removeprefix("+")[:6]
    return min(int(digits), _MOST_ROWS) if digits.isascii() and digits.isdigit() else 1
