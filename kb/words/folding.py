"""The comparison form of words: without case, accents and compatibility forms."""

from __future__ import annotations

import re
import unicodedata

from kb.words import hanzi

UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1050-\u109d\u1780-\u17d3"
)
"""Characters written without spaces between words, for a regular expression's character class.

They are Han (with extensions and compatibility forms), kana, bopomofo, Hangul (spaced, but its
words carry endings), Thai, Lao, Burmese and Khmer.
"""

_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")
_NOT_IN_TOKENS = re.compile(r"[^\w\u0300-\u036f\u0591-\u0df3\u0e31-\u109d\u1780-\u17d3]")
# Persian letters look like Arabic ones; a dotless i is an I without its case. Letters that Unicode
# does not decompose are replaced by those of most keyboards.
_ALIKE = str.maketrans(
    {
        "\u06cc": "\u064a",
        "\u06a9": "\u0643",
        "\u0131": "i",
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "þ": "th",
    }
)


def fold(word: str) -> str:
    """Return ``word`` without case, accents and compatibility forms, and with digits 0 to 9.

    Letters such as ø and œ become their usual replacements.
    """
    if word.isascii():
        return word.lower()
    if is_unspaced(word):  # decomposition would split Hangul or kana
        return unicodedata.normalize("NFKC", word).lower().translate(hanzi.variants())
    decomposed = unicodedata.normalize("NFKD", word.casefold()).translate(_ALIKE)
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    if kept.isascii() or kept.isalpha():
        return kept
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in kept)


def is_unspaced(word: str) -> bool:
    """Return whether a word begins with a character written without spaces between words."""
    return _UNSPACED_CHARACTER.match(word) is not None


def fold_run(run: str) -> str | None:
    """Return a folded run of unspaced characters; None if its length changes."""
    folded = fold(run)
    return folded if len(folded) == len(run) else None


def token(term: str) -> str:
    """Return a term in the spelling of the index: punctuation inside it becomes ``_``.

    SQLite's tokenizer would split the term at punctuation; it is configured to keep ``_``. A single
    spelling for all punctuation also lets ``foo-bar`` find ``foo_bar``.
    """
    if term.isalnum():
        return term
    return _NOT_IN_TOKENS.sub("_", term) or "_"


def is_single_character(term: str) -> bool:
    """Return whether a term is one character of a language written without spaces."""
    return len(term) == 1 and _UNSPACED_CHARACTER.match(term) is not None
