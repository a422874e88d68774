"""What keyword search looks at: words, parts of identifiers, and pairs of CJK characters.

Languages written without spaces have no words to index, so each pair of neighbouring characters
is a term (bigrams, as Lucene's CJKAnalyzer does). The same analysis serves the index, the
queries and the highlighting, so that what matched is what is marked.

Whoever changes what :func:`index_text` returns adds a migration to ``kb.store.schema`` that
calls ``kb.store.fulltext.rebuild``: the index holds no text, and takes a chunk out only when it
is given exactly what it was given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Written without spaces between words: Han (with extensions and compatibility forms), kana,
# bopomofo, Hangul (spaced, but its words carry endings), Thai, Lao, Burmese, Khmer.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1050-\u109d\u1780-\u17d3"
)
# Vowel signs and accents inside words, which Python does not count as word characters.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u0900-\u0963\u0966-\u0df3"
)
_LETTER = f"(?:[^\\W{_UNSPACED}]|[{_MARKS}])"
# The tail keeps C++ and C# apart from C.
_RUN = re.compile(
    f"(?P<unspaced>[{_UNSPACED}]+)|{_LETTER}+(?:[._'’\\-]{_LETTER}+)*(?:\\+\\+|#(?!\\w))?"
)
_INSIDE_WORDS = "._'’-+#"
_UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED}]")
# Over a word's shape, see _shape: "HTTPServer2" is UUUUULLLLLD, which gives HTTP, Server, 2.
_PART = re.compile("U+(?!L)|U?L+|D+")
_NOT_IN_TOKENS = re.compile(r"[^\w\u0300-\u036f\u0591-\u0df3\u0e31-\u109d\u1780-\u17d3]")


@dataclass(frozen=True, slots=True)
class Term:
    """One indexed term and where it stands in the text."""

    text: str
    start: int
    end: int


def terms(text: str, *, tails: bool = False) -> Iterator[Term]:
    """Yield the terms of ``text`` in order: whole words first, then their parts.

    With ``tails``, the last character of a run of CJK characters is a term of its own as well,
    so that every single character is a term or begins one (a query may be one character).
    """
    for match in _RUN.finditer(text):
        run, at = match.group(), match.start()
        if not match.group("unspaced"):
            yield from _word_terms(run, at)
            continue
        for i in range(len(run) - 1):
            yield Term(fold(run[i : i + 2]), at + i, at + i + 2)
        if tails or len(run) == 1:
            yield Term(fold(run[-1]), at + len(run) - 1, at + len(run))


def is_single_character(term: str) -> bool:
    """Say whether a term is one character of a language written without spaces."""
    return len(term) == 1 and _UNSPACED_CHARACTER.match(term) is not None


def fold(word: str) -> str:
    """Return ``word`` without case, accents or compatibility forms."""
    if word.isascii():
        return word.lower()
    if _UNSPACED_CHARACTER.match(word):  # decomposing Hangul or kana would take them apart
        return unicodedata.normalize("NFKC", word).lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def index_text(text: str) -> str:
    """Return what the full-text index is given for a text: its terms with spaces between."""
    return " ".join(token(term.text) for term in terms(text, tails=True))


def token(term: str) -> str:
    """Return a term as the index spells it: punctuation inside it becomes ``_``.

    SQLite's tokenizer would split the term there; it is told to keep ``_``. One spelling for
    all punctuation also lets ``foo-bar`` find ``foo_bar``.
    """
    return _NOT_IN_TOKENS.sub("_", term) or "_"


def _word_terms(word: str, at: int) -> Iterator[Term]:
    yield Term(fold(word), at, at + len(word))
    if word.isalpha() and (word.islower() or word[1:].islower()):
        return  # nearly every word of prose, at a fraction of the cost
    parts = [match.span() for match in _PART.finditer(_shape(word))]
    if parts != [(0, len(word))]:
        for start, end in parts:
            yield Term(fold(word[start:end]), at + start, at + end)


def _shape(word: str) -> str:
    return "".join(
        "U" if c.isupper() else "D" if c.isdigit() else "-" if c in _INSIDE_WORDS else "L"
        for c in word
    )
