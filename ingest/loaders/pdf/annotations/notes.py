"""Notes on a page: comments, remarks on marked text, replies, and text typed over the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ingest.loaders.pdf.annotations.dictionaries import (
    DEEPEST,
    Dictionary,
    Frame,
    box_of,
    each,
    entry,
    is_hidden,
    name,
    quads_of,
    string,
)
from ingest.loaders.pdf.annotations.rich_text import plain
from ingest.loaders.pdf.page import Box, Inset

_SPEAK = frozenset(
    {
        "Text",
        "FreeText",
        "Line",
        "Square",
        "Circle",
        "Polygon",
        "PolyLine",
        "Highlight",
        "Underline",
        "Squiggly",
        "StrikeOut",
        "Stamp",
        "Caret",
        "Ink",
        "FileAttachment",
    }
)
_MARKS = frozenset({"Highlight", "Underline", "Squiggly", "StrikeOut"})

# Readers' drawings of a stamp that has only a name.
_STAMPS = frozenset(
    {
        "Approved",
        "AsIs",
        "Confidential",
        "Departmental",
        "Draft",
        "Experimental",
        "Expired",
        "Final",
        "ForComment",
        "ForPublicRelease",
        "NotApproved",
        "NotForPublicRelease",
        "Sold",
        "TopSecret",
    }
)
# LibreOffice writes the day and the time after the author's name.
_DATED = re.compile(r",\s*\d[^,]*(?:,[^,]*)?$")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def notes_of(
    annotations: Sequence[Dictionary], frame: Frame, drawn: Mapping[int, str]
) -> Iterator[Inset]:
    """Yield a page's notes, each with its replies, and text typed over the page.

    ``drawn`` maps identities of dictionaries to the drawn text of annotations without other text. A
    note has its author's name and then the words; replies follow, a line each.
    """
    found = list(each(annotations, lambda one: _note(one, frame, drawn)))
    known = {id(annotation): at for at, (annotation, _) in enumerate(found)}
    threads: dict[int, list[int]] = {}
    for at, (annotation, _) in enumerate(found):
        threads.setdefault(_thread(annotation, known, at), []).append(at)
    for root, members in threads.items():
        # The first note of a thread comes first, wherever the file has it.
        thread = [found[at][1] for at in sorted(members, key=lambda at: at != root)]
        first, *replies = thread
        # Some programs repeat a note in each of its parts.
        lines = dict.fromkeys(said(inset) for inset in replies if inset.text != first.text)
        if first.kind == "typed":
            yield first
            if lines:
                yield Inset("note", "\n".join(lines), first.box)
        else:
            yield Inset("note", "\n".join([first.text, *lines]), first.box, first.label)


def _note(annotation: Dictionary, frame: Frame, drawn: Mapping[int, str]) -> Inset | None:
    kind = name(entry(annotation, "/Subtype"))
    if kind not in _SPEAK or is_hidden(annotation) or entry(annotation, "/StateModel") is not None:
        return None
    text = _text(annotation, kind, drawn)
    box = _place(annotation, kind, frame)
    if box is None or not text:
        return None
    author = _DATED.sub("", " ".join(string(entry(annotation, "/T")).split()))
    if kind == "FreeText" and not _points(annotation):
        return Inset("typed", text, box, author)
    return Inset("note", text, box, author)


def _text(annotation: Dictionary, kind: str, drawn: Mapping[int, str]) -> str:
    text = string(entry(annotation, "/Contents")).strip()
    text = text or plain(string(entry(annotation, "/RC")))
    text = text or drawn.get(id(annotation), "")
    if not text and kind == "Stamp":
        stamp = name(entry(annotation, "/Name")).removeprefix("SB").removeprefix("SH")
        text = _CAPITAL.sub(" ", stamp) if stamp in _STAMPS else ""
    return text


def _place(annotation: Dictionary, kind: str, frame: Frame) -> Box | None:
    """Return the place of a note: the last line of its marked text, else its box."""
    if kind in _MARKS:
        quads = quads_of(annotation, frame)
        return max(quads, key=lambda box: (box[3], box[2])) if quads else None
    return box_of(annotation, frame)


def _points(annotation: Dictionary) -> bool:
    """Whether text in a box is a remark with a line to its subject."""
    return name(entry(annotation, "/IT")) == "FreeTextCallout" or bool(entry(annotation, "/IRT"))


def _thread(annotation: Dictionary, known: dict[int, int], at: int) -> int:
    """Return the note that a reply finally answers, or the note itself."""
    best, seen = at, {id(annotation)}
    other = entry(annotation, "/IRT")
    for _ in range(DEEPEST):
        if not isinstance(other, dict) or id(other) in seen:
            break
        seen.add(id(other))
        best = known.get(id(other), best)
        other = entry(other, "/IRT")
    return best


def said(note: Inset) -> str:
    """Return a note's words after its author's name."""
    return f"{note.label}: {note.text}" if note.label else note.text
