"""Finds the pictures of a page whose words its reading has.

Pages with text of their own keep no boxes of what OCR read in their pictures. These words are the
letters of the reading that neither the page's characters nor its notes and fields have. The loader
puts them after the lines above the picture and before those below it, and so they are located.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from ingest.loaders.page_pictures import Box
from ingest.loaders.pdf.passage import GRAM, Character, letters_of

_LEAST_LETTERS = 2


def have_words(
    pictures: Sequence[Box], characters: Sequence[Character], reading: str, others: Iterable[str]
) -> list[bool]:
    """Return for each picture whether the reading has words of it.

    Two pictures between the same lines both count if one of them has.

    Args:
        pictures: their places on the page.
        characters: of the page, in the file's order.
        reading: the page's text as it was stored.
        others: words of notes and form fields.
    """
    if not pictures:
        return []
    spans = list(_spans(characters, reading, others))
    middles = [(top + bottom) / 2 for _, top, _, bottom in pictures]
    return [any(_is_between(middle, *span) for span in spans) for middle in middles]


def _spans(
    characters: Sequence[Character], reading: str, others: Iterable[str]
) -> Iterator[tuple[float, float]]:
    """Give for each run of unexplained letters the heights of the lines before and after it."""
    own, _ = letters_of([reading])
    page, owners = letters_of(character.text for character in characters)
    place = {page[at : at + GRAM]: at for at in range(len(page) - GRAM + 1)}
    where: dict[int, int] = {}
    for at in range(len(own) - GRAM + 1):
        if (found := place.get(own[at : at + GRAM])) is not None:
            where |= {at + step: found + step for step in range(GRAM) if at + step not in where}
    told = _places(own, others)
    known = sorted(where)

    def height(at: int) -> float:
        box = characters[owners[where[at]]].box
        return (box[1] + box[3]) / 2

    for start, end in _gaps(len(own), where.keys() | told):
        if end - start < _LEAST_LETTERS or own[start:end] in page:
            continue
        # Letters next to the gap may agree by chance: those a gram further do not.
        before = bisect_right(known, start - GRAM)
        after = bisect_left(known, end + GRAM - 1)
        above = height(known[before - 1]) if before else 0.0
        yield above, height(known[after]) if after < len(known) else 1.0


def _places(own: str, others: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for text in others:
        wanted, _ = letters_of([text])
        at = own.find(wanted) if wanted else -1
        while at >= 0:
            found.update(range(at, at + len(wanted)))
            at = own.find(wanted, at + 1)
    return found


def _gaps(length: int, covered: set[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for at in (*sorted(covered), length):
        if at > start:
            yield start, at
        start = at + 1


def _is_between(middle: float, above: float, below: float) -> bool:
    if above <= below:
        return above <= middle <= below
    return middle >= above or middle <= below  # at the end of a column, or the start of the next
