"""Words of file names: the contents of their index, and the names that contain some words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from kb.words.folding import is_single_character, token
from kb.words.terms import Term, terms


def name_words(path: str) -> str:
    """Return the index text of a file: the words of its name, and the name as a whole.

    Folders are not a part of the name.
    """
    name = path.rpartition("/")[2]
    words: dict[str, None] = {}
    for term in terms(name, tails=True):
        words[token(term.text)] = None
        if is_single_character(term.text[:1]):  # a query may be a single character of a pair
            words[token(term.text[:1])] = None
    words[whole_name(name.rpartition(".")[0])] = None
    return " ".join(words)


def whole_name(stem: str) -> str:
    """Return the index term for names that consist of exactly these words."""
    return "__".join(["", *sorted({token(term.text) for term in terms(stem) if not term.form})])


def holding_all(asked: Sequence[Term]) -> str:
    """Return the FTS5 expression of names that contain all terms, even inside longer terms."""
    groups = ([asked[at] for at in around] for around, _ in with_others(asked))
    alternatives = (" OR ".join(f'"{token(each.text)}"' for each in group) for group in groups)
    return " AND ".join(f"({each})" for each in alternatives)


def with_others(asked: Sequence[Term]) -> list[tuple[list[int], list[int]]]:
    """For each word, return the places of the terms that contain it, and of those it contains."""
    words = sorted((term.start, term.end, at) for at, term in enumerate(asked) if not term.form)
    starts = [start for start, _, _ in words]
    result: list[tuple[list[int], list[int]]] = [([at], [at]) for _, _, at in words]
    for at, term in enumerate(asked):
        if not term.form:
            continue
        place = max(0, bisect_right(starts, term.start) - 1)
        while place < len(words) and starts[place] < term.end:
            start, end, _ = words[place]
            if term.start <= start and end <= term.end:
                result[place][0].append(at)
            elif start <= term.start and term.end <= end:
                result[place][1].append(at)
            place += 1
    return result
