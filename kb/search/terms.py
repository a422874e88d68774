"""What keyword search looks at: words, parts of identifiers, and pairs of CJK characters.

Languages written without spaces have no words to index, so each pair of neighbouring characters
is a term (bigrams, as Lucene's CJKAnalyzer does). The same analysis serves the index, the
queries and the highlighting, so that what matched is what is marked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Han (with extensions and compatibility forms), kana, Hangul syllables, bopomofo.
_CJK = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_RUN = re.compile(f"([{_CJK}]+)|([^\\W{_CJK}]+(?:[._'’\\-][^\\W{_CJK}]+)*)")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


@dataclass(frozen=True, slots=True)
class Term:
    """One indexed term and where it stands in the text."""

    text: str
    start: int
    end: int


def terms(text: str) -> Iterator[Term]:
    """Yield the terms of ``text`` in order: whole words first, then their parts."""
    for match in _RUN.finditer(text):
        run, at = match.group(), match.start()
        if match.group(1):
            if len(run) == 1:
                yield Term(run, at, at + 1)
            for i in range(len(run) - 1):
                yield Term(run[i : i + 2], at + i, at + i + 2)
        else:
            yield from _word_terms(run, at)


def _word_terms(word: str, at: int) -> Iterator[Term]:
    yield Term(fold(word), at, at + len(word))
    parts = list(_PART.finditer(word))
    if len(parts) > 1:
        for part in parts:
            yield Term(fold(part.group()), at + part.start(), at + part.end())


def fold(word: str) -> str:
    """Return ``word`` without case, accents or compatibility forms."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def index_text(text: str) -> str:
    """Return what the full-text index is given for a chunk: its terms with spaces between.

    Punctuation inside a term would split it again in SQLite's tokenizer, so it becomes ``_``
    neighbours' join character, which that tokenizer is told to keep.
    """
    return " ".join(_as_token(term.text) for term in terms(text))


def _as_token(term: str) -> str:
    return re.sub(r"[^\w]", "_", term)
