"""Distinguishes HTML from text in angle brackets in a Markdown file.

CommonMark takes ``vector<Slot>`` and ``ssh admin@<host>`` for tags, and a browser shows nothing of
them. Here a tag is markup only if three conditions hold: HTML has its name; its attributes are
HTML's or have values; and it is closed in the same block, void, or alone on its line in an HTML
block. In doubt it is text: a stray tag harms less than a lost word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from ingest.loaders.markdown.html_names import (
    ATTRIBUTES,
    BARE_VOID,
    ELEMENTS,
    ENDED_BY,
    FOREIGN,
    SWITCHES,
    UNENDED,
    VOID,
)

_ATTRIBUTE = re.compile(
    r"\s++([A-Za-z_:][A-Za-z0-9:._-]*+)(\s*+=\s*+(?:[^\"'=<>`\x00-\x20]++|'[^']*+'|\"[^\"]*+\"))?+"
)
_TAG = re.compile(
    rf"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*+)(?P<attributes>(?:{_ATTRIBUTE.pattern})*+)"
    r"\s*+(?P<itself>/?)>"
)
_DOCTYPE = re.compile(r"<!doctype\b[^<>]*+>", re.IGNORECASE)
_VALUE = re.compile(r"\s*+=\s*+[\"']?+(.*?)[\"']?", re.DOTALL)
_FREE_PREFIXES = ("data-", "aria-", "on")
_COMMENT, _COMMENT_END = "<!--", "-->"


@dataclass(slots=True)
class Tag:
    """A tag or comment as written; ``pair`` is the number of its counterpart."""

    start: int
    end: int
    name: str
    is_close: bool = False
    ends_itself: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    is_known: bool = True
    pair: int | None = None
    is_markup: bool = False


def inline_tags(written: Sequence[str]) -> list[Tag]:
    """Classify the tags of one block of text, given as written, in order."""
    tags = []
    for text in written:
        found = list(_tags(text))
        whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(text))
        tags.append(found[0] if whole else Tag(0, len(text), "", is_known=False))
    _pair(tags)
    foreign_until = 0
    for number, tag in enumerate(tags):
        if number < foreign_until:
            tag.is_markup = True
        elif tag.name in FOREIGN and tag.pair is not None:
            foreign_until = tag.pair
    return tags


def closed_names(blocks: Sequence[str]) -> frozenset[str]:
    """Return the names of the end tags in a document's HTML blocks."""
    return frozenset(
        tag.name for block in blocks if "</" in block for tag in _tags(block) if tag.is_close
    )


def only_markup(block: str, closed: frozenset[str]) -> tuple[str, bool]:
    """Return an HTML block with its text escaped, and whether it is HTML.

    Args:
        block: as in the file.
        closed: the names of the end tags in the document's HTML blocks.

    Returns:
        The HTML and True; where no tag is markup, the text as it stands without comments, and
        False.
    """
    tags = list(_tags(block))
    _pair(tags)
    _accept_unended(tags)
    _accept_alone(block, tags, closed)
    is_html = any(tag.is_markup and tag.name for tag in tags)
    parts: list[str] = []
    done = 0
    for start, end in _kept(tags):
        parts += (_as_text(block[done:start], is_html), block[start:end] if is_html else "")
        done = end
    return "".join((*parts, _as_text(block[done:], is_html))), is_html


def _as_text(written: str, in_html: bool) -> str:  # noqa: FBT001 - one thing in two languages
    return written.replace("<", "&lt;") if in_html else written


def _tags(text: str) -> Iterator[Tag]:
    at = text.find("<")
    comments = True
    while at >= 0:
        end = at + 1
        if text.startswith(_COMMENT, at):
            found_end = text.find(_COMMENT_END, at + 2) if comments else -1
            comments = found_end >= 0
            if comments:
                end = found_end + len(_COMMENT_END)
                yield Tag(at, end, "", is_markup=True)
        elif found := _TAG.match(text, at):
            end = found.end()
            yield _tag(found)
        elif doctype := _DOCTYPE.match(text, at):
            end = doctype.end()
            yield Tag(at, end, "", is_markup=True)
        at = text.find("<", end)


def _tag(found: re.Match[str]) -> Tag:
    name = found["name"].lower()
    written = _ATTRIBUTE.findall(found["attributes"])
    known = name in ELEMENTS and all(
        value or key.lower() in ATTRIBUTES or key.lower().startswith(_FREE_PREFIXES)
        for key, value in written
    )
    return Tag(
        found.start(),
        found.end(),
        name,
        is_close=bool(found["close"]),
        ends_itself=bool(found["itself"]),
        attributes={key.lower(): _value(value) for key, value in written},
        is_known=known and not (found["close"] and (written or name in VOID)),
        is_markup=found["close"] != "" and name == "br",  # browsers take </br> for a break
    )


def _value(written: str) -> str:
    found = _VALUE.fullmatch(written)
    return found[1] if found else ""


def _pair(tags: Sequence[Tag]) -> None:
    """Find tags that are closed, void, or end themselves."""
    opened: dict[str, list[int]] = defaultdict(list)
    for number, tag in enumerate(tags):
        if not tag.is_known or tag.is_markup:
            continue
        if tag.is_close:
            if opened[tag.name]:
                tag.pair = opened[tag.name].pop()
                other = tags[tag.pair]
                other.pair = number
                tag.is_markup = other.is_markup = True
        elif tag.name in VOID:
            tag.is_markup = tag.name in BARE_VOID or _is_used(tag)
        elif tag.ends_itself:
            tag.is_markup = True
        else:
            opened[tag.name].append(number)


def _is_used(tag: Tag) -> bool:
    return any(value or name in SWITCHES for name, value in tag.attributes.items())


def _accept_unended(tags: Sequence[Tag]) -> None:
    """Accept ``<li>`` inside a list and ``<td>`` inside a table: their end tag is optional."""
    around: dict[str, int] = defaultdict(int)
    for tag in tags:
        if tag.pair is not None:
            around[tag.name] += -1 if tag.is_close else 1
        elif tag.is_known and not tag.is_markup:
            tag.is_markup = any(around[name] for name in ENDED_BY.get(tag.name, ()))


def _accept_alone(block: str, tags: Sequence[Tag], closed: frozenset[str]) -> None:
    """Accept tags alone on their line, ignoring complete elements beside them."""
    doubtful = [tag.is_known and not tag.is_markup for tag in tags]
    before = [0, *accumulate(doubtful)]
    first = 0
    while first < len(tags):
        start, last, end = _line(block, tags, first)
        here = range(first, last)
        if before[last] > before[first] and _is_bare(block, tags, here, before, (start, end)):
            for number in here:
                if doubtful[number]:
                    tags[number].is_markup = _may_stand_alone(tags[number], closed)
        first = last


def _line(block: str, tags: Sequence[Tag], first: int) -> tuple[int, int, int]:
    """Return the start, the first tag beyond, and the end of a line; tags may contain breaks."""
    start = block.rfind("\n", 0, tags[first].start) + 1
    last = first
    while True:
        end = block.find("\n", tags[last].end)
        end = len(block) if end < 0 else end
        last += 1
        while last < len(tags) and tags[last].end <= end:
            last += 1
        if last == len(tags) or tags[last].start >= end:
            return start, last, end


def _is_bare(
    block: str, tags: Sequence[Tag], here: range, doubtful: Sequence[int], line: tuple[int, int]
) -> bool:
    """Return whether a line contains only tags and complete elements.

    ``here`` are the numbers of its tags, ``doubtful`` says how many doubtful ones are before each.
    """
    at, number = line[0], here.start
    while number < here.stop:
        if block[at : tags[number].start].strip():
            return False
        pair = tags[number].pair
        if pair is not None and number < pair < here.stop and doubtful[pair] == doubtful[number]:
            number = pair
        at = tags[number].end
        number += 1
    return not block[at : line[1]].strip()


def _may_stand_alone(tag: Tag, closed: frozenset[str]) -> bool:
    """Return whether a tag on a line of its own is markup: ``<time>`` is, if it ends somewhere."""
    return (
        tag.is_close
        or tag.name in UNENDED
        or tag.name in closed
        or any(tag.attributes.values())
        or _is_used(tag)
    )


def _kept(tags: Sequence[Tag]) -> Iterator[tuple[int, int]]:
    """Yield the spans that are markup; drawings and scripts are complete spans."""
    starts = [tag.start for tag in tags]
    number = 0
    while number < len(tags):
        tag = tags[number]
        end = tag.end
        if tag.is_markup and tag.name in FOREIGN and tag.pair is not None and not tag.is_close:
            end = tags[tag.pair].end
        if tag.is_markup:
            yield tag.start, end
        number = bisect_left(starts, end, number + 1) if end > tag.end else number + 1
