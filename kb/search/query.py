"""Parses a query into text to embed, terms to look up, phrases and exclusions.

Every hit contains ``"in quotes"``, and none contains ``-word`` or ``-"a phrase"``. Everything else
is text; nothing that a person types reaches SQLite as syntax.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kb.characters import plain
from kb.errors import InputTooLongError, SettingsError
from kb.search.codes import Code, codes_in
from kb.search.phrases import phrase_expression
from kb.text import normalise, shortened
from kb.words.terms import Term, is_single_character, terms, token
from kb.words.typos import may_be_misspelt

MOST_CHARACTERS = 16_384
"""Longest query, in characters as typed."""

MOST_TERMS = 2_048
"""Most different words and pairs of CJK characters of one query, as a person counts them."""

MOST_PARTS = 4 * MOST_TERMS
"""Most terms looked up for them: words, and the parts of names."""

# A quote right after a letter or digit is an inch or an apostrophe. A minus inside a word or before
# a digit is a hyphen or a sign, and two of them begin a command-line option.
_OPERATOR = re.compile(
    r"(?P<minus>(?<!\S)-)?(?<![A-Za-z0-9])(?:\"(?P<straight>[^\"]+)\"|“(?P<curly>[^“”]+)”)"
    r"|(?<!\S)-(?P<word>[^\W\d]\S*)"
)

_LONG_NUMBER, _SHORT_LETTERS = 4, 2
_IDENTIFIER = re.compile(r"_|[a-z][A-Z]|\d\.\d+\.\d")
_CAPITAL = re.compile("[A-Z]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed query.

    Attributes:
        text: the text to embed, without exclusions and quotation marks.
        tokens: the tokens for keyword search, each once, as FTS5 strings.
        identifiers: the tokens that are a name of several parts, such as ``E-1407`` and
            ``user_id``, but not ``well-known``.
        numbers: the tokens that are a number of several groups of digits, which are tokens as well.
        words: the word to stem, by token; only for tokens with stems.
        spellings: the typed form of words that may be misspelt, by token: no numbers, no parts of
            codes, and no text written without spaces.
        sequences: the parts of identifiers as FTS5 phrases, each with its tokens.
        codes: its codes, with their places in ``terms``.
        terms: the tokens of all terms, in their order.
        required: FTS5 expressions of phrases that every hit contains.
        excluded: FTS5 expressions of words and phrases that no hit contains.
    """

    text: str
    tokens: tuple[str, ...] = ()
    identifiers: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    sequences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes: tuple[Code, ...] = ()
    terms: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to search for."""
        return not self.text

    @property
    def condition(self) -> str:
        """FTS5 expression that every hit must match; empty for none."""
        return " AND ".join(self.required)

    @property
    def exclusion(self) -> str:
        """FTS5 expression that no hit may match; empty for none."""
        return " OR ".join(self.excluded)


def parse(query: str) -> Query:
    """Parse a query; one of white space or only exclusions is blank.

    Raises:
        InputTooLongError: the query exceeds :data:`MOST_CHARACTERS`, :data:`MOST_TERMS` or
            :data:`MOST_PARTS`.
    """
    if len(query) > MOST_CHARACTERS:
        msg = (
            f"the query has {len(query):,} characters, but at most {MOST_CHARACTERS:,} are "
            "searched for; shorten it"
        )
        raise InputTooLongError(msg)
    required: list[str] = []
    excluded: list[str] = []
    unwanted: list[str] = []

    def take(match: re.Match[str]) -> str:
        phrase = match["straight"] or match["curly"] or match["word"]
        expression = phrase_expression(phrase)
        if match["word"] or match["minus"]:
            if expression:
                excluded.append(expression)
                unwanted.append(phrase)
                return " "
            return match.group()
        if expression:
            required.append(expression)
        return f" {phrase} "

    text = _OPERATOR.sub(take, normalise(query))
    text = re.sub(r"\s+", " ", text).strip()
    shown, _ = plain(text)
    found = list(terms(shown))
    names = [at for at, term in enumerate(found) if term.compound and _is_identifier(shown, term)]
    codes = tuple(codes_in(shown, found))
    little = _telling_little(shown, found, names)
    # The "E" of E04 alone is no reason to find a passage.
    little |= {at for code in codes for at in code.parts if _is_letter(found[at].text)}
    tokens = dict.fromkeys(
        _token_expression(term) for at, term in enumerate(found) if at not in little
    )
    # Excluded words are not a part of the text.
    left_out = [list(terms(phrase)) for phrase in unwanted]
    words = len({token(term.text) for term in _written(found)})
    _require_few(
        words + sum(1 for each in left_out for _ in _written(each)),
        len(tokens) + sum(map(len, left_out)),
    )
    numbers = list(_numbers(found, names))
    grouped = {(term.start, term.end) for term in numbers}
    return Query(
        text=text,
        tokens=tuple(tokens),
        identifiers=frozenset(_token_expression(found[at]) for at in names),
        numbers=frozenset(map(_token_expression, numbers)),
        words={_token_expression(term): term.word for term in found if term.word},
        spellings=dict(_spellings(shown, found, names)),
        sequences=dict(
            # The groups of 1.250.000 mean nothing: it is a number, or a strange version.
            _sequences(found, [at for at in names if found[at][1:3] not in grouped])
        ),
        codes=codes,
        terms=tuple(token(term.text) for term in found),
        required=tuple(dict.fromkeys(required)),
        excluded=tuple(dict.fromkeys(excluded)),
    )


def parse_question(query: str) -> Query:
    """Parse a query that passages should answer, as :func:`parse` does.

    Raises:
        SettingsError: the query has only exclusions.
        InputTooLongError: as for :func:`parse`.
    """
    parsed = parse(query)
    if parsed.is_blank and parsed.excluded:
        msg = f"{shortened(query)!r} only excludes passages; add words to search for"
        raise SettingsError(msg)
    return parsed


def token_of(expression: str) -> str:
    """Return the token of one of the expressions in ``Query.tokens``."""
    return expression.split('"')[1]


def _written(found: list[Term]) -> Iterator[Term]:
    """Yield the terms that a person counts: no parts of words, no other forms of numbers."""
    start, end = -1, -1
    for term in found:
        # Parts follow their word and lie inside it; numbers come last, after all words.
        if term.end > end and term.start >= start:
            start, end = term.start, term.end
            yield term


def _require_few(words: int, parts: int) -> None:
    if words > MOST_TERMS:
        msg = (
            f"the query has {words:,} different words (each pair of Chinese, Japanese or Korean "
            f"characters is one), but at most {MOST_TERMS:,} are searched for; shorten it"
        )
        raise InputTooLongError(msg)
    if parts > MOST_PARTS:
        msg = (
            f"the query's words have {parts:,} parts, but at most {MOST_PARTS:,} are searched "
            "for; shorten it"
        )
        raise InputTooLongError(msg)


def _is_identifier(text: str, word: Term) -> bool:
    """Return whether a word of several parts is written like an identifier."""
    # Full-width letters and digits are letters and digits; the case decides.
    written = unicodedata.normalize("NFKC", text[word.start : word.end])
    if _IDENTIFIER.search(written):
        return True
    return _CAPITAL.search(written) is not None and _DIGIT.search(written) is not None


def _telling_little(text: str, found: list[Term], names: list[int]) -> set[int]:
    """Return the short letters in long numbers: DE123456789 does not match a "DE"."""
    little: set[int] = set()
    for at in names:
        name = found[at]
        if sum(map(str.isdecimal, text[name.start : name.end])) < _LONG_NUMBER:
            continue
        for place in range(at + 1, len(found)):
            term = found[place]
            if term.start >= name.end:
                break
            if term.text.isalpha() and len(term.text) <= _SHORT_LETTERS:
                little.add(place)
    return little


def _is_letter(text: str) -> bool:
    return len(text) == 1 and text.isalpha()


def _spellings(text: str, found: list[Term], names: list[int]) -> Iterator[tuple[str, str]]:
    """Yield the words that a person may have misspelt, by token."""
    ends = [found[at].end for at in names]
    starts = [found[at].start for at in names]
    for term in found:
        before = bisect_right(starts, term.start)
        if term.form or (before and term.end <= ends[before - 1]):
            continue
        spelled = token(term.text)
        if may_be_misspelt(spelled):
            yield spelled, text[term.start : term.end]


def _numbers(found: list[Term], names: list[int]) -> Iterator[Term]:
    """Yield the numbers that are found without their spaces and marks.

    Numbers with dots inside a name, such as the version in ``v1.2.3``, are only parts of the name.
    """
    starts = [found[at].start for at in names]
    for term in found:
        digits = token(term.text)
        if term.part or not term.form or not digits.replace("_", "").isdecimal():
            continue
        before = bisect_right(starts, term.start)
        inside = before and term.end <= found[names[before - 1]].end
        if digits.isdecimal() or not inside:
            yield term


def _sequences(found: list[Term], names: list[int]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the parts of each name in their order: 2.3.1 and 1.2.3 have the same parts."""
    for at in names:
        parts = []
        for place in range(at, len(found)):
            if found[place].start >= found[at].end:
                break
            if not found[place].form:
                parts.append(token(found[place].text))
        if len(parts) > 1:
            yield f'"{" ".join(parts)}"', tuple(parts)


def _token_expression(term: Term) -> str:
    # One character of a CJK run begins a pair, or is a tail: a prefix finds both.
    return f'"{token(term.text)}"' + (" *" if is_single_character(term.text) else "")
