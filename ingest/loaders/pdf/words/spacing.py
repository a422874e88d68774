"""Splits the letters of a line into words by the gaps between them.

Some files draw spaces, some leave gaps, and some put a space or a gap between all letters, for
emphasis or to fill a line. A gap ends a word if it is wider than those inside the line's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ingest.loaders.pdf.words.frames import Sign
from ingest.loaders.pdf.words.scripts import is_leftward, is_wide

GAP = 0.12
"""Heights of the font that end a word if the file draws no spaces; justified LaTeX has 0.2."""

WIDE_GAP = 0.5
"""The same between Chinese characters, which a justified line spreads by less."""

THIN_SPACE = 0.05
"""Least gap of a drawn space: with a narrower one the next piece is drawn over it."""

LIKELY_GAP = 0.04
"""The same if PDFium sees a space: letters in italics extend into it."""

_WIDEST = {"letter": 0.65, "wide": 1.3}  # gaps between letters that are set apart
_LEAST = {"letter": 5, "wide": 3}  # letters that are set apart at least
_APART = {"letter": 0.9, "wide": 0.8}  # share of gaps of a line whose letters are set apart
_EVEN = 0.5
_SPREAD, _SPREAD_SHARE = 0.05, 0.2
_WORD_SPACE = 0.12  # additional width at a word's end, in heights, and as a share of the usual gap
_WORD_SHARE = 0.35
_OF_SPACE = 0.45  # share of the usual drawn space above which a gap ends a word
_LARGEST_GAP = 0.25
_LARGEST_PLAIN = 0.2
_ARABIC_GAP = 0.22  # joined letters are narrower than their room
_COLUMN_GAP = 1.5  # columns of Japanese: programs step unevenly through fonts without heights
_NEUTRAL = frozenset("“”‘’…—·")
_WIDE = 0.8


class Gap(NamedTuple):
    """The gap between two letters of a line: its width in heights, and whether a space is drawn.

    ``likely`` means that PDFium, which knows a letter's overhang, sees a space in the gap.
    """

    width: float
    space: bool
    likely: bool = False


def word_ends(letters: Sequence[Sign], gaps: Sequence[Gap]) -> list[bool]:
    """Return for each gap between the letters of a line whether a word ends there."""
    if any(sign.down for sign in letters):
        return [(gap.space and gap.width > THIN_SPACE) or gap.width > _COLUMN_GAP for gap in gaps]
    kinds = _kinds(letters)
    limits = {kind: _Limit.of(kind, letters, gaps, kinds) for kind in set(kinds)}
    if "wide" in limits and limits["wide"].apart:
        _set_as_chinese(limits, gaps, kinds)
    ends = [limits[kind].ends(gap) for kind, gap in zip(kinds, gaps, strict=True)]
    for at, (one, other) in enumerate(pairwise(letters)):
        if one.font != other.font and kinds[at] == "letter" and not limits["letter"].apart:
            ends[at] = ends[at] or gaps[at].width > GAP  # letters of two fonts are not kerned
        if is_leftward(one.text) and is_leftward(other.text) and not gaps[at].space:
            ends[at] = gaps[at].width > _ARABIC_GAP
        if one.text == other.text and not (one.text.isalnum() or gaps[at].space):
            ends[at] = gaps[at].width > _LARGEST_GAP  # a row of dots or of strokes
    return ends


class _Limit(NamedTuple):
    """The width from which a gap ends a word; ``apart`` means that drawn spaces alone do not."""

    width: float
    apart: bool

    def ends(self, gap: Gap) -> bool:
        if gap.space and not self.apart and gap.width > THIN_SPACE:
            return True
        if gap.likely and not self.apart and self.width < WIDE_GAP:
            return gap.width > LIKELY_GAP
        return gap.width > self.width

    @classmethod
    def of(
        cls, kind: str, letters: Sequence[Sign], gaps: Sequence[Gap], kinds: Sequence[str]
    ) -> _Limit:
        mine = [at for at, other in enumerate(kinds) if other == kind]
        usual = WIDE_GAP if kind == "wide" else _narrowest(gaps)
        if kind == "mixed" or len(mine) + 1 < _LEAST[kind]:
            return cls(usual, apart=False)
        widths = sorted(gaps[at].width for at in mine)
        wanted = [at for at in mine if gaps[at].space or gaps[at].width > GAP]
        base = widths[len(widths) * 2 // 5]
        if len(wanted) < _APART[kind] * len(mine):
            inner = [gaps[at].width for at in mine if not gaps[at].space]
            inner.sort()
            middle = inner[len(inner) // 2] if inner else 0.0
            return cls(usual + min(max(middle, -GAP), GAP), apart=False)
        spread = _SPREAD + _SPREAD_SHARE * base
        even = sum(abs(width - base) <= spread for width in widths)
        if (
            not GAP / 2 < base <= _WIDEST[kind]
            or even < _EVEN * len(widths)
            or not _is_set_apart(kind, letters, mine)
        ):
            return cls(usual, apart=False)
        return cls(base + max(_WORD_SPACE, _WORD_SHARE * base), apart=True)


def _set_as_chinese(limits: dict[str, _Limit], gaps: Sequence[Gap], kinds: Sequence[str]) -> None:
    """Separate figures and Latin letters that are among Chinese ones with gaps."""
    limits["mixed"] = limits["wide"]
    mine = [gap for gap, kind in zip(gaps, kinds, strict=True) if kind == "letter"]
    if sum(gap.space or gap.width > GAP for gap in mine) >= _APART["wide"] * len(mine):
        limits["letter"] = limits["wide"]


def _narrowest(gaps: Sequence[Gap]) -> float:
    """Return the width from which a gap ends a word, if letters are not set apart."""
    drawn = sorted(gap.width for gap in gaps if gap.space)
    if len(drawn) < 2:  # noqa: PLR2004 - one says nothing
        return GAP
    return min(max(_OF_SPACE * drawn[len(drawn) // 2], GAP), _LARGEST_PLAIN)


def _kinds(letters: Sequence[Sign]) -> list[str]:
    """Return for each pair of neighbours whether both are Chinese, neither is, or one."""
    wide = [
        is_wide(sign.text) or (sign.text in _NEUTRAL and sign.right - sign.left > _WIDE * sign.size)
        for sign in letters
    ]
    return [
        "mixed" if one != other else "wide" if one else "letter" for one, other in pairwise(wide)
    ]


def _is_set_apart(kind: str, letters: Sequence[Sign], pairs: Sequence[int]) -> bool:
    """Whether single letters read as words: no figures, no alphabet, no row of one sign."""
    if kind == "wide":
        return True
    text = "".join(letters[at].text for at in (pairs[0], *(at + 1 for at in pairs)))
    alphabetic = sum(map(str.isalpha, text))
    if alphabetic < 0.8 * len(text) or len(set(text.lower())) < 3:  # noqa: PLR2004
        return False
    rising = sum(ord(b) == ord(a) + 1 for a, b in pairwise(text.lower()))
    return rising * 2 < len(text)
