"""The numbers and bullets that Word draws before list items and numbered headings."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from lxml import etree

from ingest.loaders.docx.styles import W, number, symbol_fonts, value
from ingest.loaders.symbols import MARKS, signs

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LARGEST_WRITTEN_OUT = 9_999
_ALPHABET = 26
_DIGITS = "〇一二三四五六七八九"
_CHINESE = re.compile(r"(?:chinese|taiwanese|japanese)(?:Counting|Legal)?\w*|ideographDigital")
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    text: str
    style: str


@dataclass(frozen=True, slots=True)
class _List:
    abstract: str
    levels: dict[int, _Level]
    restarts: dict[int, int]


class Numbering:
    """Counts list items in reading order and returns their numbers or bullets."""

    def __init__(self, tree: etree._Element | None) -> None:
        self._lists: dict[str, _List] = {}
        # Lists from one pattern share a counter unless one of them sets a start.
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._started: set[tuple[str, int]] = set()
        if tree is None:
            return
        patterns = {item.get(f"{W}abstractNumId"): item for item in tree.iter(f"{W}abstractNum")}
        for item in tree.iter(f"{W}num"):
            abstract = value(item.find(f"{W}abstractNumId"))
            levels = _levels(patterns.get(abstract))
            restarts = {}
            for override in item.iter(f"{W}lvlOverride"):
                levels.update(_levels(override))
                start = override.find(f"{W}startOverride")
                if start is not None:
                    restarts[number(override.get(f"{W}ilvl"), 0)] = number(value(start), 1)
            self._lists[item.get(f"{W}numId") or ""] = _List(abstract, levels, restarts)

    def marker(self, properties: etree._Element, style: str = "") -> str:
        """Count one item; return its number or bullet, indented by its depth.

        ``properties`` is its ``w:numPr``; without a level there, ``style`` finds it.
        """
        list_id = value(properties.find(f"{W}numId")) or "0"
        if list_id == "0":  # a list switched off
            return ""
        found = self._lists.get(list_id)
        level = properties.find(f"{W}ilvl")
        if level is None and found is not None:
            linked = (at for at, each in found.levels.items() if style and each.style == style)
            depth = next(linked, 0)
        else:
            depth = min(max(number(value(level), 0), 0), 8)
        indent = "  " * depth
        here = found.levels.get(depth) if found is not None else None
        if found is None or here is None:
            return f"{indent}- "
        label = self._label(list_id, found, depth, here)
        return f"{indent}{label} " if label else ""

    def _label(self, list_id: str, found: _List, depth: int, here: _Level) -> str:
        counts = self._counts[found.abstract]
        if depth in found.restarts and (list_id, depth) not in self._started:
            self._started.add((list_id, depth))
            counts[depth] = found.restarts[depth] - 1
        counts[depth] = counts.get(depth, here.start - 1) + 1
        for deeper in [at for at in counts if at > depth]:
            del counts[deeper]
        if here.form == "bullet":
            return here.text if here.text in MARKS else "-"

        def written(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            each = found.levels.get(at, here)
            return write_number(counts.get(at, each.start), each.form)

        return _PLACE.sub(written, here.text).strip()


def write_number(count: int, form: str) -> str:
    """Return a count in one of Word's number formats, in digits if it is a rare one.

    >>> write_number(4, "lowerRoman"), write_number(28, "upperLetter")
    ('iv', 'BB')
    >>> write_number(23, "chineseCounting")
    '二十三'
    """
    if form == "none":
        return ""
    if form == "decimalZero":
        return f"{count:02d}"
    if 0 < count <= _LARGEST_WRITTEN_OUT:
        text = ""
        if form in {"lowerRoman", "upperRoman"}:
            text = _roman(count)
        elif form in {"lowerLetter", "upperLetter"}:
            # After z comes aa, then bb.
            turns, letter = divmod(count - 1, _ALPHABET)
            text = chr(ord("a") + letter) * (turns + 1)
        elif _CHINESE.fullmatch(form):
            return _chinese(count)
        if text:
            return text.upper() if form.startswith("upper") else text
    return str(count)


def _levels(parent: etree._Element | None) -> dict[int, _Level]:
    found = {}
    for each in () if parent is None else parent.findall(f"{W}lvl"):
        form = value(each.find(f"{W}numFmt")) or "decimal"
        found[number(each.get(f"{W}ilvl"), 0)] = _Level(
            start=number(value(each.find(f"{W}start")), 1),
            form="bullet" if each.find(f"{W}lvlPicBulletId") is not None else form,
            text=_drawn(each),
            style=value(each.find(f"{W}pStyle")),
        )
    return found


def _drawn(level: etree._Element) -> str:
    """Return an item's number or bullet in the signs that its font draws."""
    text = value(level.find(f"{W}lvlText"))
    fonts = [font or "" for font in symbol_fonts(level.find(f"{W}rPr"))]
    return signs(text, fonts[0], fonts[1]) if any(fonts) else text


def _roman(count: int) -> str:
    text = ""
    for amount, letters in _ROMAN:
        times, count = divmod(count, amount)
        text += letters * times
    return text


def _chinese(count: int) -> str:
    text, gap = "", False
    for amount, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, count = divmod(count, amount)
        if digit:
            text += ("零" if gap else "") + _DIGITS[digit] + unit
            gap = False
        else:
            gap = bool(text)
    return text.removeprefix("一") if text.startswith("一十") else text
