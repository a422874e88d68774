"""Notices about unread parts of a Word document, and the reason for a document without text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kb.records import Notice


@dataclass(slots=True)
class Unread:
    """Counts of omitted content; hidden text in characters. Pictures have their own counts."""

    graphics: int = 0
    objects: int = 0
    comments: int = 0
    hidden: int = 0
    imports: int = 0
    signs: int = 0


def notices(unread: Unread, damaged: int) -> Iterator[Notice]:
    """Yield a notice for each kind of omitted content; pictures have their own notices."""
    counts = (
        ("graphics_not_read", "graphics", unread.graphics, "chart or diagram", "not read"),
        ("objects_not_read", "objects", unread.objects, "embedded object", "not read"),
        ("comments_not_read", "comments", unread.comments, "comment", "not read"),
        ("hidden_text_not_read", "characters", unread.hidden, "hidden character", "left out"),
        (
            "signs_not_read",
            "signs",
            unread.signs,
            "sign of a symbol font",
            "not read: what the font draws there is not known",
        ),
        (
            "imports_not_read",
            "parts",
            unread.imports,
            "imported part",
            "not read; open the file in Word and save it anew",
        ),
        (
            "parts_damaged",
            "parts",
            damaged,
            "part",
            "damaged; some text may be missing, so save the file anew",
        ),
    )
    for code, key, count, what, done in counts:
        if count:
            verb = f"{what} was" if count == 1 else f"{_plural(what)} were"
            yield Notice(code=code, message=f"{count} {verb} {done}", values={key: count})


def nothing(unread: Unread, pictures: int) -> str:
    """Return the contents of a document without text: ``only 2 pictures``."""
    found = [
        f"{count} {what if count == 1 else _plural(what)}"
        for what, count in (
            ("picture", pictures),
            ("chart or diagram", unread.graphics),
            ("embedded object", unread.objects),
            ("imported part", unread.imports),
            ("sign of a symbol font", unread.signs),
            ("hidden character", unread.hidden),
        )
        if count
    ]
    if not found:
        return "no text"
    *first, last = found
    return f"only {', '.join(first)} and {last}" if first else f"only {last}"


def _plural(what: str) -> str:
    special = {
        "chart or diagram": "charts or diagrams",
        "sign of a symbol font": "signs of symbol fonts",
    }
    return special.get(what, f"{what}s")
