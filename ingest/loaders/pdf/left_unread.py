"""Parts of a page that its reading lacks: lines of text, pictures, notes, form fields.

The page in PDFium is compared with its stored text. So this finds omissions of any cause, without a
second reading of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ingest.loaders.page_pictures import Box, PictureRequest, UnreadKind, UnreadPlace
from ingest.loaders.pdf.annotations.dictionaries import Dictionary, is_hidden
from ingest.loaders.pdf.annotations.forms import fields_of
from ingest.loaders.pdf.annotations.notes import notes_of, said
from ingest.loaders.pdf.left_out import NEAR, Line, left_out, lines_of
from ingest.loaders.pdf.page import Inset
from ingest.loaders.pdf.passage import GRAM, Character, joined_lines, letters_of
from ingest.loaders.pdf.pdfium import PdfiumFile
from ingest.loaders.pdf.pictures.regions import inside, regions_of
from ingest.loaders.pdf.read_pictures import have_words

_Placed = tuple[Inset, Box]

MOST_PLACES = 60
"""Most parts of a page in an answer."""

MOST_CHARACTERS = 200
"""Most characters of a part's text."""

_LEAST_LETTERS = 2
_LEAST_READ = 0.5  # share of a line's letters that the reading has


def unread_places(file: PdfiumFile, request: PictureRequest) -> list[UnreadPlace]:
    """Return what a page shows and ``request.reading`` lacks, from the top; see the module.

    What was left out on purpose comes last.
    """
    own = request.reading or ""
    reading, _ = letters_of([request.around[0], own, request.around[1]])
    grams = {reading[at : at + GRAM] for at in range(len(reading) - GRAM + 1)}
    characters, hidden = file.seen_and_hidden(request.index)
    near = (request.index + step for step in range(-NEAR, NEAR + 1) if step)
    others = [lines_of(file.characters(at)) for at in near if 0 <= at < file.pages]
    purposely = left_out(lines_of(characters), others, own) if own.strip() else {}
    lines = [each for each in _lines(characters, reading, grams) if each[0] not in purposely]
    found = [_told("text", line) for line, is_read in lines if not is_read]
    read = [*request.boxes, *(line.box for line, is_read in lines if is_read)]
    insets, unshown = _insets_of(file, request.index)
    pictures = _pictures(file, request.index, [*read, *(line.box for line in purposely)])
    words = [said(inset) for inset, _ in insets]
    known = have_words([each.box for each in pictures], characters, own, words)
    found += [each for each, is_read in zip(pictures, known, strict=True) if not is_read]
    found += _insets(insets, reading, grams)
    found.sort(key=_from_the_top)
    omitted = [_told(kind, line) for line, kind in purposely.items()]
    unseen = _lines(hidden, reading, grams)
    omitted += [_told("hidden", line) for line, is_read in unseen if not is_read]
    omitted += [replace(each, kind="hidden") for each in _insets(unshown, reading, grams)]
    omitted.sort(key=_from_the_top)
    return [*found[:MOST_PLACES], *omitted[:MOST_PLACES]]


def _told(kind: UnreadKind, line: Line) -> UnreadPlace:
    return UnreadPlace(kind, _shares(line.box, 1, 1), _short(line.text))


def _from_the_top(place: UnreadPlace) -> tuple[float, float]:
    return place.box[1], place.box[0]


def _lines(
    characters: Sequence[Character], reading: str, grams: set[str]
) -> Iterator[tuple[Line, bool]]:
    """Give the lines of a page, and whether the reading has each."""
    page, owners = letters_of(character.text for character in characters)
    covered: set[int] = set()
    for at in range(len(page) - GRAM + 1):
        if page[at : at + GRAM] in grams:
            covered.update(range(at, at + GRAM))
    letters: dict[int, list[int]] = {}
    for at, owner in enumerate(owners):
        letters.setdefault(owner, []).append(at)
    for box, members in joined_lines([character.box for character in characters]):
        mine = [at for member in members for at in letters.get(member, ())]
        if len(mine) < _LEAST_LETTERS:
            continue
        share = sum(at in covered for at in mine) / len(mine)
        whole = "".join(page[at] for at in mine)
        is_read = share >= _LEAST_READ or whole in reading
        yield Line(box, "".join(characters[member].text for member in members)), is_read


def _pictures(file: PdfiumFile, index: int, read: Sequence[Box]) -> list[UnreadPlace]:
    """Return the pictures of a page with no box of read text on them."""
    objects = file.objects(index)
    boxes = (_shares(each.box, objects.width, objects.height) for each in regions_of(objects))
    return [
        UnreadPlace("picture", box) for box in boxes if not any(inside(line, box) for line in read)
    ]


def _insets_of(file: PdfiumFile, index: int) -> tuple[list[_Placed], list[_Placed]]:
    """Return the notes and form fields that a page shows, and the hidden ones that have words."""
    known = file.frame(index)
    if known is None:
        return [], []
    frame, height = known
    width = file.objects(index).width
    annotations = file.annotations(index)

    def placed(some: Sequence[Dictionary]) -> list[_Placed]:
        insets = (*notes_of(some, frame, {}), *fields_of(some, frame, {}))
        return [(inset, _shares(inset.box, width, height)) for inset in insets]

    unshown = placed([{**each, "/F": 0} for each in annotations if is_hidden(each)])
    return placed(annotations), [each for each in unshown if each[0].ticked is None]


def _insets(insets: Iterable[_Placed], reading: str, grams: set[str]) -> Iterator[UnreadPlace]:
    """Yield the notes and the form fields whose words the reading lacks."""
    for inset, box in insets:
        if not _has(inset.text, reading, grams):
            kind: UnreadKind = "field" if inset.kind == "field" else "note"
            yield UnreadPlace(kind, box, _short(said(inset)))


def _has(text: str, reading: str, grams: set[str]) -> bool:
    wanted, _ = letters_of([text])
    if wanted in reading:
        return True
    places = [wanted[at : at + GRAM] in grams for at in range(len(wanted) - GRAM + 1)]
    return bool(places) and sum(places) >= _LEAST_READ * len(places)


def _shares(box: Box, width: float, height: float) -> Box:
    """Return a box in points as shares of the page, cut at its edges."""
    left, top, right, bottom = (
        min(1.0, max(0.0, value / of))
        for value, of in zip(box, (width, height, width, height), strict=True)
    )
    return (left, top, right, bottom)


def _short(text: str) -> str:
    line = "".join(each if each.isprintable() else " " for each in text)
    told = " ".join(line.split())
    return told if len(told) <= MOST_CHARACTERS else f"{told[: MOST_CHARACTERS - 2]} …"
