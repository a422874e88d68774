"""What a person typed, taken apart: text to embed, terms to look up, phrases, exclusions.

``"in quotes"`` must stand in every hit, ``-word`` and ``-"a phrase"`` in none. Everything else
is text; nothing a person types reaches SQLite as syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from kb.errors import InputTooLongError
from kb.search.terms import Term, is_single_character, terms, token
from kb.text import normalise

MOST_CHARACTERS = 16_384
"""Of a query, as it is typed."""

MOST_TERMS = 2_048
"""Different words, parts of identifiers and pairs of CJK characters of one query."""

# A quote right after a letter or digit is an inch or an apostrophe; a minus inside a word or
# before a digit is a hyphen or a sign, and two of them begin a command-line option.
_OPERATOR = re.compile(
    r"(?P<minus>(?<!\S)-)?(?<![A-Za-z0-9])(?:\"(?P<straight>[^\"]+)\"|“(?P<curly>[^“”]+)”)"
    r"|(?<!\S)-(?P<word>[^\W\d]\S*)"
)

_IDENTIFIER = re.compile(r"_|[a-z][A-Z]|\d\.\d+\.\d")
_CAPITAL = re.compile("[A-Z]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed query.

    ``text`` is what is embedded, without exclusions and quotation marks. ``tokens`` are looked
    up by keyword search, each once, as FTS5 strings; ``identifiers`` are those of them that are
    one name of several parts, as ``E-1407`` and ``user_id`` are and ``well-known`` is not;
    ``required`` and ``excluded`` are FTS5 expressions of phrases.
    """

    text: str
    tokens: tuple[str, ...] = ()
    identifiers: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Say whether there is nothing to look for."""
        return not self.text

    @property
    def condition(self) -> str:
        """The FTS5 expression of what every hit must hold; empty if nothing."""
        return " AND ".join(self.required)

    @property
    def exclusion(self) -> str:
        """The FTS5 expression of what no hit may hold; empty if nothing."""
        return " OR ".join(self.excluded)


def parse(query: str) -> Query:
    """Take a query apart; one of white space or of nothing but exclusions is blank.

    Raises:
        InputTooLongError: it has more than :data:`MOST_CHARACTERS` or :data:`MOST_TERMS`.
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
    found = list(terms(text))
    tokens = dict.fromkeys(_token_expression(term.text) for term in found)
    # What is left out is no part of the text.
    count = len(tokens) + sum(1 for phrase in unwanted for _ in terms(phrase))
    if count > MOST_TERMS:
        msg = (
            f"the query has {count:,} different words (each pair of Chinese, Japanese or Korean "
            f"characters is one), but at most {MOST_TERMS:,} are searched for; shorten it"
        )
        raise InputTooLongError(msg)
    return Query(
        text=text,
        tokens=tuple(tokens),
        identifiers=frozenset(
            _token_expression(whole.text)
            for whole, part in pairwise(found)
            if part.start < whole.end and part.end <= whole.end and _names_one_thing(text, whole)
        ),
        required=tuple(dict.fromkeys(required)),
        excluded=tuple(dict.fromkeys(excluded)),
    )


def _names_one_thing(text: str, word: Term) -> bool:
    """Say whether a word of several parts is written as identifiers are."""
    span = (text, word.start, word.end)
    if _IDENTIFIER.search(*span):
        return True
    return _CAPITAL.search(*span) is not None and _DIGIT.search(*span) is not None


def phrase_expression(phrase: str) -> str:
    """Return the FTS5 expression that finds ``phrase`` in the text of a chunk; empty if no term.

    The phrase may begin or end inside a run of CJK characters, but not inside a word.
    """
    found = list(terms(phrase, tails=True))
    if not found:
        return ""
    prefix = False
    if is_single_character(found[-1].text):
        # The run may go on in the text, where its last pair is not followed by a tail.
        if len(found) > 1 and found[-2].end == found[-1].end:
            found.pop()
        else:
            prefix = True
    words = " ".join(token(term.text) for term in found)
    return f'terms : "{words}"' + (" *" if prefix else "")


def token_of(expression: str) -> str:
    """Return the token that one of ``Query.tokens`` looks up."""
    return expression.split('"')[1]


def _token_expression(term: str) -> str:
    # One character of a CJK run begins a pair, or is a tail: a prefix finds both.
    return f'"{token(term)}"' + (" *" if is_single_character(term) else "")
