"""The names of glyphs in a page's fonts, from dictionaries of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.loaders.pdf.annotations.dictionaries import Dictionary, entry, items, name, resolved

MOST_FONTS = 500
"""Most fonts of a page to check, those of its drawings included."""

_MOST_DRAWINGS = 200
_CODES = 256
_LONGEST_NAME = 64


def encoded_fonts(page: Dictionary) -> Iterator[tuple[str, dict[int, str]]]:
    """Yield the name of each font of a page and of its drawings, and its glyphs' names by code."""
    waiting = [entry(page, "/Resources")]
    seen: set[int] = set()
    drawings = fonts = 0
    while waiting:
        resources = waiting.pop()
        if id(resources) in seen:
            continue
        seen.add(id(resources))
        for font in _values(entry(resources, "/Font")):
            fonts += 1
            if fonts > MOST_FONTS:
                return
            names = _names(entry(entry(font, "/Encoding"), "/Differences"))
            if names:
                yield name(entry(font, "/BaseFont")).rpartition("+")[2], names
        for drawing in _values(entry(resources, "/XObject")):
            inner = entry(drawing, "/Resources")
            if isinstance(inner, Mapping) and drawings < _MOST_DRAWINGS:
                drawings += 1
                waiting.append(inner)


def _values(dictionary: object) -> Iterator[Dictionary]:
    if isinstance(dictionary, Mapping):
        for key in list(dictionary)[: 4 * MOST_FONTS]:
            value = resolved(dictionary.get(key))
            if isinstance(value, Mapping):
                yield value


def _names(differences: object) -> dict[int, str]:
    found: dict[int, str] = {}
    code = 0
    for one in items(differences, 2 * _CODES):
        if isinstance(one, str):
            if 0 <= code < _CODES:
                found[code] = name(one)[:_LONGEST_NAME]
            code += 1
        elif isinstance(one, (int, float)):
            code = int(one)
    return found
