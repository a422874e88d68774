"""Parts of a page that its reading lacks: lines of text, pictures, notes, form fields.

The page in PDFium is compared with its stored text. So this finds omissions of any cause, without a
second reading of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ingest.loaders.page_pictures import Box, PictureRequest, UnreadKind, UnreadPlace
from ingest.loaders.pdf.annotations.forms import fields_of
from ingest.loaders.pdf.annotations.notes import notes_of, said
from ingest.loaders.pdf.page import Inset
from ingest.loaders.pdf.passage import GRAM, Character, joined_lines, letters_of
from ingest.loaders.pdf.pdfium import PdfiumFile
from ingest.loaders.pdf.pictures.regions import inside, regions_of

MOST_PLACES = 60
"""Most parts of a page in an answer."""

MOST_CHARACTERS = 200
"""Most characters of a part's text."""

_LEAST_LETTERS = 2
_LEAST_READ = 0.5  # share of a line's letters that the reading has


def unread_places(file: PdfiumFile, request: PictureRequest) -> list[UnreadPlace]:
    """Return the parts of a page that ``request.reading`` lacks, from the top; see the module."""
    reading, _ = letters_of([request.reading or ""])
    grams = {reading[at : at + GRAM] for at in range(len(reading) - GRAM + 1)}
    lines = list(_lines(file.characters(request.index), reading, grams))
    found = [UnreadPlace("text", box, text) for box, text, is_read in lines if not is_read]
    read = [*request.boxes, *(box for box, _, is_read in lines if is_read)]
    found += _pictures(file, request.index, read)
    found += _insets(file, request.index, reading, grams)
    return sorted(found, key=lambda place: (place.box[1], place.box[0]))[:MOST_PLACES]


def _lines(
    characters: Sequence[Character], reading: str, grams: set[str]
) -> Iterator[tuple[Box, str, bool]]:
    """Yield the lines of a page: the box, the text, and whether the reading has it."""
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
        text = "".join(characters[member].text for member in members)
        yield box, _short(text), is_read


def _pictures(file: PdfiumFile, index: int, read: Sequence[Box]) -> Iterator[UnreadPlace]:
    """Yield the pictures of a page without text from OCR and without printed text on them."""
    objects = file.objects(index)
    for region in regions_of(objects):
        box = _shares(region.box, objects.width, objects.height)
        if not any(inside(line, box) for line in read):
            yield UnreadPlace("picture", box)


def _insets(file: PdfiumFile, index: int, reading: str, grams: set[str]) -> Iterator[UnreadPlace]:
    """Yield the notes and the form fields of a page whose words the reading lacks."""
    known = file.frame(index)
    if known is None:
        return
    frame, height = known
    width = file.objects(index).width
    annotations = file.annotations(index)
    notes: Iterable[Inset] = notes_of(annotations, frame, {})
    fields: Iterable[Inset] = fields_of(annotations, frame, {})
    for inset in (*notes, *fields):
        if not _has(inset.text, reading, grams):
            kind: UnreadKind = "field" if inset.kind == "field" else "note"
            box = _shares(inset.box, width, height)
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
