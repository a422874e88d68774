"""Terms of keyword search: words, parts of identifiers, and pairs of CJK characters.

Languages written without spaces have no words to index, so each pair of neighbouring characters is
a term (bigrams, as in Lucene's CJKAnalyzer). The same analysis serves the index, the queries and
the highlighting, so that marks show exactly the matches.

The index stores no text, so it can remove a chunk only by exactly the terms that it was given. If
you change the result of :func:`index_text`, increase :data:`VERSION`: existing stores then rebuild
their index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from kb.characters import HYPHENS, plain
from kb.words import hanzi, numbers, stems
from kb.words.folding import UNSPACED, fold, fold_run, is_single_character, token

__all__ = ["IndexText", "Term", "analysis", "index_text", "is_single_character", "terms", "token"]

VERSION = 2

# Vowel signs and accents inside words, which are not word characters for Python.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u0900-\u0963\u0966-\u0df3"
)
_LETTER = f"(?:[^\\W{UNSPACED}]|[{_MARKS}])"
_INSIDE = f"._'’+#\uff0e\uff3f\uff07{HYPHENS}"
_JOINTS = f"._'’\uff0e\uff07{HYPHENS}"
# The suffix distinguishes C++ and C# from C.
_RUN = re.compile(
    f"(?P<unspaced>[{UNSPACED}]+)|{_LETTER}+(?:[{_JOINTS}]{_LETTER}+)*(?:\\+\\+|#(?!\\w))?"
)
_INSIDE_WORD = re.compile(f"[{_INSIDE}]")
# The "v" of a version is not a part of the number: v1.2 and 1.2 are equal.
_PIECE = re.compile(
    f"(?:(?<![^{_INSIDE}])[vV\uff56\uff36](?=\\d))?(?P<piece>[^{_INSIDE}]+(?:\\+\\+|#)?)"
)
# Over a word's shape, see _shape: "HTTPServer2" is UUUUULLLLLD, which gives HTTP, Server, 2; the
# plural s in "URLs" is not a part of its own.
_PART = re.compile("UU+s(?![Ls])|U+(?![Ls])|U?[Ls]+|D+")
# Between the forms of two words, so that no phrase spans both.
_GAP = "··"


class Term(NamedTuple):
    """An indexed term and its place in the text.

    Attributes:
        text: its comparison form.
        start: offset of its first character.
        end: offset behind its last character.
        form: whether it is an additional form outside of the sequence of words: a name as a whole,
            a part of a word, a number without its commas.
        compound: whether it is a name of several parts that are terms as well.
        part: whether it is a part of a word, such as ``File`` in ``parseFile``.
        word: the word to stem; empty for none.
    """

    text: str
    start: int
    end: int
    form: bool = False
    compound: bool = False
    part: bool = False
    word: str = ""


class IndexText(NamedTuple):
    """The text for the full-text index: terms with spaces between.

    ``terms`` are in the order of the text; ``forms`` and ``stems`` are additional.
    """

    terms: str
    forms: str
    stems: str


def terms(text: str, *, tails: bool = False) -> Iterator[Term]:
    """Yield the terms of ``text`` in order: whole names first, then their parts; numbers last.

    With ``tails``, the last character of a run of CJK characters is also a term of its own. Every
    character is then a term or begins one, because a query may be a single character.
    """
    text, places = plain(text)
    for at, run in _runs(text, tails=tails):
        for term in run:
            start, end = at + term.start, at + term.end
            if places is None:
                yield term._replace(start=start, end=end) if at else term
            else:
                yield term._replace(start=places[start], end=places[end - 1] + 1)


def index_text(text: str, language: str = "") -> IndexText:
    """Return the text for the full-text index, from a document's text in ``language``."""
    languages = stems.languages_of(language)
    words: list[str] = []
    forms: list[str] = []
    stemmed: list[str] = []
    shown, _ = plain(text)
    for match in _RUN.finditer(shown):
        if match.lastgroup:
            words.extend(map(token, _pair_texts(match.group(), tails=True)))
            continue
        own, other, roots = _indexed(match.group(), languages)
        words += own
        forms += other
        stemmed += roots
    for form, _, _ in numbers.numbers(shown):
        forms += (token(form), _GAP)
    return IndexText(" ".join(words), " ".join(forms), " ".join(stemmed))


def analysis() -> str:
    """Return an identifier of this installation's terms.

    An index made with other terms, stems or variants of characters is rebuilt.
    """
    return f"{VERSION}.{stems.fingerprint()}.{hanzi.fingerprint()}"


def _runs(text: str, *, tails: bool) -> Iterator[tuple[int, Sequence[Term]]]:
    """Yield each run of letters with its terms and its start, and finally numbers."""
    for match in _RUN.finditer(text):
        run = match.group()
        yield match.start(), _pairs(run, tails=tails) if match["unspaced"] else _word_terms(run)
    for form, start, end in numbers.numbers(text):
        yield start, [Term(form, 0, end - start, form=True)]


@lru_cache(maxsize=1 << 15)
def _indexed(word: str, languages: tuple[str, ...]) -> tuple[Sequence[str], ...]:
    """Return the index texts of a word: terms, forms with a gap after them, stems."""
    found = _word_terms(word)
    forms = [token(term.text) for term in found if term.form]
    return (
        tuple(token(term.text) for term in found if not term.form),
        (*forms, _GAP) if forms else (),
        tuple(
            stem for term in found if term.word for stem in stems.stem_tokens(term.word, languages)
        ),
    )


def _pairs(run: str, *, tails: bool) -> list[Term]:
    last = len(run) - 1
    return [
        Term(text, at, at + (1 if at == last else 2))
        for at, text in enumerate(_pair_texts(run, tails=tails))
    ]


def _pair_texts(run: str, *, tails: bool) -> list[str]:
    """Return the pairs of a run and, with ``tails``, its last character."""
    folded = fold_run(run)
    if folded:
        found = [folded[at : at + 2] for at in range(len(run) - 1)]
    else:
        found = [fold(run[at : at + 2]) for at in range(len(run) - 1)]
    if tails or not found:
        found.append(fold(run[-1]))
    return found


@lru_cache(maxsize=1 << 14)
def _word_terms(word: str) -> tuple[Term, ...]:
    if word.isalpha() and (word.islower() or word[1:].islower()):
        # nearly every word of prose, at a fraction of the cost
        return (Term(fold(word), 0, len(word), word=word.casefold()),)
    shape = _shape(word)
    parts = [match.span() for match in _PART.finditer(shape)]
    pieces = [match.span("piece") for match in _PIECE.finditer(word)]
    if not pieces or parts == [(0, len(word))]:
        return (Term(fold(word), 0, len(word), word=_stemmable(word)),)
    found: list[Term] = []
    if pieces != [(0, len(word))]:
        found.append(Term(fold(word), 0, len(word), form=True, compound=True))
        found += [Term(form, start, end, form=True) for form, start, end in numbers.codes(word)]
    for start, end in pieces:
        piece = word[start:end]
        whole = (start, end) == (0, len(word))
        found.append(Term(fold(piece), start, end, compound=whole, word=_stemmable(piece)))
    if parts != pieces:
        found += [
            Term(fold(part), start, end, form=True, part=True, word=_stemmable(part))
            for start, end in parts
            for part in (word[start:end],)
        ]
    return tuple(found)


def _stemmable(word: str) -> str:
    return "" if any(c in "-D" for c in _shape(word)) else word.casefold()


def _shape(word: str) -> str:
    return "".join(
        "U"
        if c.isupper()
        else "D"
        if c.isdigit()
        else "-"
        if _INSIDE_WORD.match(c)
        else "s"
        if c == "s"
        else "L"
        for c in word
    )
