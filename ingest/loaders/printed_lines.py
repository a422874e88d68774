"""Repair of the text that PDF engines give out: lines, hyphens, ligatures, leader dots.

A PDF has glyphs at positions instead of words in paragraphs. The module makes these repairs:

- a line break inside a paragraph becomes a space (nothing between two CJK characters), because
  a splitter that prefers to cut at line ends would otherwise cut sentences in the middle, and
  because a Chinese word broken over two lines would be found by neither keyword nor phrase;
- a line that is short, ends a sentence, or is followed by a list item keeps its break: that is
  what headings, table rows, code and list items look like;
- ``hyphen-`` / ``ation`` at a line end becomes one word, unless the document writes the word
  with its hyphen elsewhere;
- ligatures, and the radicals that some fonts give for whole CJK characters, become the letters
  that a person would type into a search box;
- rows of leader dots in tables of contents shrink to an ellipsis: they cost tokens, say nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from kb.text import normalise

FULL_LINE = 0.72
"""Share of the page's usual line width above which a line counts as continuing."""

NARROWEST = 20
"""Columns below which a line never continues: pages of few short lines have no usual width."""

_NUMBERING = 16

# Radicals, punctuation, kana, enclosed forms, ideographs, full-width forms (half-width Hangul
# lies beyond them and uses spaces), and the marks that Chinese shares with other writing.
_CJK = re.compile(
    "[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff65\U00020000-\U0003ffff“”‘’…—]"
)
_SPACED = re.compile(r"[\u3040-\u9fff] [A-Za-z0-9]|[A-Za-z0-9] [\u3040-\u9fff]")
_UNSPACED = re.compile(r"[\u3040-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u3040-\u9fff]")
_SENTENCE_END = tuple(".!?。！？：:；;…")
_CLOSERS = "\"'”’)）」』】》]"
LIST_ITEM = re.compile(
    r"\s*(?:[•‣◦▪■□●○◆◇–—*·※►▶✓-]\s*|\(?[0-9]{1,3}[.)、．]\s?|[(（][0-9一-十a-zA-Z]{1,3}[)）]|"
    r"[0-9]+(?:\.[0-9]+)+\.?\s|[一二三四五六七八九十]{1,3}[、.]|第[0-9一-十百]{1,4}[章节条部篇]|"
    r"[A-Za-z][.)]\s|[①-⓿]|[#$>|]\s)",
)
_LEADERS = re.compile(r"[ \t]*(?:[.．·…‧][ \t]?){5,}[ \t]*")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_HYPHEN_END = re.compile(r"([^\W\d_]{2,})[-\u2010\u00ad]$")
_WORD_START = re.compile(r"([^\W\d_]+)")
_ARTEFACTS = re.compile("[\ufb00-\ufb06\ufb13-\ufb17\u2e80-\u2fd5]")
_SYMBOL_BULLETS = str.maketrans(dict.fromkeys("\uf0b7\uf0a7\uf06c\uf06e\uf0d8\uf0a8\uf0fc", "•"))

_LABEL = re.compile(r"[^\W\d_](?:[^\W\d_]|[ /・／]){1,19}[：:]")
_CODE = re.compile(r"[!-~ ¥￥№–—−]+")


def bare_letters(text: str) -> str:
    """Return the letters and digits of a text in one case, for comparing two readings of it."""
    return "".join(character for character in text.casefold() if character.isalnum())


def is_cjk(character: str) -> bool:
    """Whether a character belongs to a script without spaces between words."""
    return _CJK.match(character) is not None


def width(line: str) -> int:
    """Columns of a line: two for a CJK character, one for any other."""
    return len(line) + sum(unicodedata.east_asian_width(c) in "WF" for c in line)


def clean(text: str) -> str:
    """Return an engine's text of one page in normal form, one printed line per line."""
    # PDFium marks a hyphen at a line end by U+FFFE and removes the break after it.
    text = text.replace("\ufffe", "-\n").replace("\u00ad\n", "-\n").replace("\u00ad\r\n", "-\n")
    text = _ARTEFACTS.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = normalise(text.translate(_SYMBOL_BULLETS))
    text = _SPACES.sub(" ", _LEADERS.sub(" … ", text))
    lines = (line.strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def usual_width(lines: Sequence[str]) -> int:
    """Return the width that long lines of a page have: its ninth decile, in columns."""
    widths = sorted(width(line) for line in lines if line)
    return widths[min(len(widths) - 1, len(widths) * 9 // 10)] if widths else 0


def spaces_scripts(lines: Sequence[str]) -> bool:
    """Whether a page writes a space between a CJK and a Latin character; both are usual."""
    text = "\n".join(lines)
    return len(_SPACED.findall(text)) > len(_UNSPACED.findall(text))


def joiner(
    line: str,
    following: str,
    full: int,
    words: Collection[str] = (),
    *,
    spaced: bool = True,
) -> str | None:
    r"""Return the separator of two printed lines in the text.

    ``"\n"`` keeps them apart, ``" "`` or ``""`` joins them, None joins them and removes the first
    one's last hyphen.

    Args:
        line: the upper line.
        following: the lower line.
        full: the page's usual line width (:func:`usual_width`).
        words: lower-case words of the whole document, which show real hyphens.
        spaced: the result of :func:`spaces_scripts` for the page.
    """
    if not line or not following or width(line) < max(FULL_LINE * full, NARROWEST):
        return "\n"
    if LIST_ITEM.match(following) or "…" in (line[-6:], following[:1]) or " … " in line:
        return "\n"
    hyphen = _HYPHEN_END.search(line)
    start = _WORD_START.match(following)
    if hyphen and start and start[1][0].islower():
        whole = (hyphen[1] + start[1]).lower()
        written = f"{hyphen[1]}-{start[1]}".lower()
        return "" if written in words and whole not in words else None
    if line.rstrip(_CLOSERS).endswith(_SENTENCE_END):
        return "\n"
    cjk = is_cjk(line[-1]) + is_cjk(following[0])
    return " " if cjk == 0 or (cjk == 1 and spaced) else ""


def repair(text: str, words: Collection[str] = (), titles: Collection[str] = ()) -> str:
    """Return a cleaned page with the lines of each paragraph joined.

    Args:
        text: the result of :func:`clean`.
        words: lower-case words of the whole document.
        titles: outline titles, which keep lines of their own.
    """
    lines = text.split("\n")
    full, spaced = usual_width(lines), spaces_scripts(lines)
    alone = {"".join(title.split()) for title in titles}
    parts: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        between = joiner(line, following, full, words, spaced=spaced)
        if any(_names(line, title) or _names(following, title) for title in alone):
            between = "\n"
        parts.append(line[:-1] if between is None else line)
        parts.append(between or "")
    return "".join(parts).rstrip("\n")


def vocabulary(pages: Sequence[str]) -> frozenset[str]:
    """Return the lower-case words of a document, hyphenated ones as written."""
    found: set[str] = set()
    for page in pages:
        found.update(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", page.lower()))
    return frozenset(found)


def find_title(text: str, title: str, start: int = 0) -> int | None:
    """Return the beginning of the line with an outline title, None if no line has it.

    The line may have a number that the outline omits (``1.1.5 Title``), or a page number after the
    title.
    """
    wanted = _bare(title)
    if not wanted:
        return None
    position = 0
    for line in text.split("\n"):
        if position >= start:
            bare = "".join(line.split())
            slack = len(bare) - len(wanted)
            at = bare.find(wanted) if 0 <= slack <= _NUMBERING else -1
            if at >= 0 and not any(c.isalpha() for c in bare[:at] if not is_cjk(c)):
                return position
        position += len(line) + 1
    return None


def _names(line: str, title: str) -> bool:
    bare = _bare(line)
    return bool(title) and bare.endswith(title) and len(bare) <= len(title) + _NUMBERING


def _bare(line: str) -> str:
    return "".join(line.split())


def are_entries(one: str, other: str) -> bool:
    """Whether a Chinese or Japanese label with its value ends with its line."""
    label = _LABEL.match(one)
    if label is None or not is_cjk(one[0]) or not is_cjk(other[0]):
        return False
    code = _CODE.fullmatch(one[label.end() :].strip())
    return code is not None or _LABEL.match(other) is not None
