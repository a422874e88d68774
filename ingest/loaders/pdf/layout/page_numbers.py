"""Numbers of pages: they rise with their page, at one place, alone or beside a title.

Other rising numbers stay: steps and figures, numbers of invoices, amounts, years.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from ingest.loaders.pdf.layout.edges import Edge
from ingest.loaders.printed_lines import LIST_ITEM

MOST_NUMBERS = 8
"""Numbers of a line that are compared with the number of its page."""

FIRST_PAGES = 30
"""A number that differs more from its page's own must occur on more pages."""

SAME_PLACE = 4.0
"""Points by which repeated lines may differ in height."""

_YEARS = range(1900, 2101)
_LARGEST = 100_000
_SURE, _PROBABLE, _DOUBTFUL = 2, 3, 20  # pages
_CONSISTENT = 0.6  # of the numbers at one place
_AROUND = 2  # pages
_NUMBER = re.compile(r"\d+")
_PAGE_WORD = re.compile(r"\b(?:page|seite|p\.|of|von)\b|/|[页頁]|第", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:[:#№=$€£¥]|\b(?:no|nr|num|number|nummer|figure|fig|table|tab|abbildung|abb|tabelle|lesson|"
    r"step|exercise|question|task|case|item|chapter|section|part|unit|day|week|version|lektion|"
    r"schritt|aufgabe|frage|kapitel|teil|tag|woche|invoice|order|rechnung|total|sum|summe|amount|"
    r"betrag|balance|quantity|room|zimmer)\b\.?|[图圖表例题題号號章节節课課步计計])\W*$",
    re.IGNORECASE,
)
_OUTER_NUMBER = re.compile(r"^\d+\b\W*|\W*\b\d+(?:\W*(?:of|/)\W*\d+)?\W*$")
_BARE = re.compile(
    r"\W*(?:page no\.?|page|pag?\.|pp?\.|seite|pagina|página|页码|стр\.?|第)?\W*"
    r"(?P<number>\d+|[ivxlc]+)\W*(?:页|頁|ページ|쪽)?\W*"
    r"(?:(?:of|out of|von|de|sur|di|van|из|/|共|全|총)\W*\d*|\|\W*\d+)?"
    r"\W*(?:pages|页|頁|ページ|쪽)?\W*",
    re.IGNORECASE,
)
_OF_ALL = re.compile(r"(?<![\d./-])(?P<at>\d{1,4}) ?(?:/|of|von|de|sur|di) ?(?P<all>\d{1,4})\W*$")
_PARTS_OF_AMOUNTS = re.compile(r"\d[.,]\d|[$€£¥%°+±]|-\d")


def numbered(edges: Sequence[Edge]) -> set[Edge]:
    """Return lines that are a page's number, with or without a title beside it."""
    found: set[Edge] = set()
    counted: dict[tuple[bool, int, str, int], list[Edge]] = defaultdict(list)
    bare: dict[tuple[bool, int, str], set[int]] = defaultdict(set)
    for edge in edges:
        for value, rest in _readings(edge.text, at_top=edge.at_top):
            height = round(edge.box[3] / SAME_PLACE)
            for near in (height, height + 1):
                counted[edge.at_top, near, rest, value - edge.page].append(edge)
                bare[edge.at_top, near, rest].add(edge.page)
    for (at_top, near, rest, offset), group in counted.items():
        pages = {edge.page for edge in group}
        around = range(min(pages) - _AROUND, max(pages) + _AROUND + 1)
        among = sum(page in around for page in bare[at_top, near, rest])
        if all(_PAGE_WORD.search(edge.text) for edge in group):
            among = 0  # files combined from letters have "Page 1 of 2" again and again
        beside = not rest or any("\t" in edge.text for edge in group)
        if len(pages) < max(_least(pages, offset, beside=beside), _CONSISTENT * among):
            continue
        found.update(group)
    return found | _of_slides(edges)


def _of_slides(edges: Sequence[Edge]) -> set[Edge]:
    """Return lines that end with "3 / 12": several pages may show stages of one slide."""
    said: dict[tuple[bool, int, str], list[tuple[int, Edge]]] = defaultdict(list)
    for edge in edges:
        number = _OF_ALL.search(edge.text)
        if number is None or int(number["at"]) > int(number["all"]):
            continue
        words = folded(f"{edge.text[: number.start()]} # / {number['all']}")
        height = round(edge.box[3] / SAME_PLACE)
        for near in (height, height + 1):
            said[edge.at_top, near, words].append((int(number["at"]), edge))
    found: set[Edge] = set()
    for group in said.values():
        group.sort(key=lambda item: item[1].page)
        values = [value for value, _ in group]
        pages = {edge.page for _, edge in group}
        if len(pages) >= _PROBABLE and len(set(values)) > 1 and values == sorted(values):
            found.update(edge for _, edge in group)
    return found


def _least(pages: set[int], offset: int, *, beside: bool) -> int:
    """Return on how many pages a number has to rise; ``beside``: it is apart from other text."""
    far = abs(offset) > FIRST_PAGES
    if far and (not beside or any(page + offset in _YEARS for page in pages)):
        return _DOUBTFUL
    return _SURE if beside and not far else _PROBABLE


def is_number(text: str) -> bool:
    """Whether a line contains only the number of a page."""
    return _BARE.fullmatch(text) is not None


def unnumbered(text: str) -> str:
    """Return a line without the page's number."""
    cells = [cell for cell in text.split("\t") if not is_number(cell)]
    if len(cells) == text.count("\t") + 1:
        return _OUTER_NUMBER.sub("", text).strip()
    return "\t".join(cells)


def _readings(text: str, *, at_top: bool) -> list[tuple[int, str]]:
    """Return the possible page numbers in a line, each with the words beside it."""
    bare = _BARE.fullmatch(text)
    if bare is not None:
        value = 0 if _PARTS_OF_AMOUNTS.search(text) else _value(bare["number"])
        return [(value, "")] if value else []
    found = []
    cells = text.split("\t")
    for at in {0, len(cells) - 1} if len(cells) > 1 else ():
        number = _BARE.fullmatch(cells[at])
        value = _value(number["number"]) if number else 0
        if value and not (at and _COUNTED.search(cells[at - 1])):
            found.append((value, folded("\t".join(cells[:at] + cells[at + 1 :]))))
            # Elsewhere the number may stand closer to the words beside it.
            cell = _NUMBER.sub("#", cells[at], count=1)
            found.append((value, folded("\t".join([*cells[:at], cell, *cells[at + 1 :]]))))
    told = _PAGE_WORD.search(text) is not None
    if found or (at_top and not told) or (LIST_ITEM.match(text) and not told):
        # "Lesson 2" at the top of the second page is a heading.
        return found
    for match in islice(_NUMBER.finditer(text), MOST_NUMBERS):
        before, after = text[: match.start()], text[match.end() :]
        if not _COUNTED.search(before):
            found.append((_value(match[0]), folded(f"{before}#{after}")))
    return found


def _value(number: str) -> int:
    if number.isdigit():
        return int(number) if int(number) < _LARGEST else 0
    digits = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
    values = [digits[c] for c in number.lower()]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-a if a < b else a for a, b in pairs)


def folded(text: str) -> str:
    """Return words with single spaces, in small letters."""
    return " ".join(text.split()).casefold()
