"""Documents whose file name contains all words of a query: probably the wanted file.

File names are not in the keyword index: a document may have several files, and a file may move
without being read again. They have an index of their own. It is used for queries that may be a
name, or may ask where a file is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from heapq import nsmallest

from kb.catalog.state import State
from kb.records import CollectionInfo, SearchHit
from kb.search.highlight import Telling, coverage, telling_terms
from kb.search.query import Query
from kb.search.restriction import Restriction
from kb.words.file_names import whole_name

# Most words of a query that may be a name, and most documents that it may name.
_MOST_CHARACTERS, _MOST_WORDS, _MOST_NAMED = 60, 8, 10
_MOST_IN_SENTENCE = 3
_SENTENCE_ENDS = tuple(".!?。！？")
# Most matching names to look through, and the number of them to compare whole.
_MOST_LOOKED_THROUGH, _MOST_COMPARED = 2_000, 200

# It has a letter: "1.2.3" is not a file.
_ENDING = re.compile(r"[^.]\.(?=\d*[^\W\d])\w{1,8}$")


def first_passages(
    state: State, collection: CollectionInfo, query: Query, restriction: Restriction
) -> list[int]:
    """Return the first passages of the documents that a query names, best first.

    They pass the restriction. If a name contains the query exactly as typed, only such names count.
    The best name has the least text besides the query's words.
    """
    if len(query.text) > _MOST_CHARACTERS:
        return []
    wanted = telling_terms(query.text)
    words = wanted.words
    sentence = query.text.rstrip().endswith(_SENTENCE_ENDS)
    if not words or len(words) > (_MOST_IN_SENTENCE if sentence else _MOST_WORDS):
        return []
    found = [
        (document_id, path)
        for document_id, path in _named_like(state, collection, wanted, query)
        if has_all(wanted, path)
    ]
    named = dict.fromkeys(document_id for document_id, _ in found)
    if len(named) > _MOST_NAMED:  # hundreds are called "invoice", so only exactly that name counts
        named = dict.fromkeys(each for each, path in found if _is_all(query.text, path))
    if not named:
        return []
    first = state.first_chunks(list(named)[:_MOST_NAMED])
    passing = restriction.passing(first)
    return [chunk_id for chunk_id in first if chunk_id in passing]


def with_named(
    found: list[tuple[int, float]], named: Sequence[int], best_score: float
) -> list[tuple[int, float]]:
    """Add passages of documents whose names contain all words to a ranking by words.

    They get ``best_score``, that of a passage that contains every word often enough.
    """
    rest = [each for each in found if each[0] not in named]
    score = max([best_score, *(score for _, score in found)])
    return [*((chunk_id, score) for chunk_id in named), *rest]


def has_all(wanted: Telling, path: str) -> bool:
    """Return whether a file's name contains all words of a query, in any form.

    A name without a suffix is not a file's: programs may use ids as names of documents.
    """
    name = path.rpartition("/")[2]
    if wanted.cannot_stand(name) or _ENDING.search(name) is None:
        return False
    if coverage(wanted, name) < 1.0:
        return False
    return wanted.has_codes(name)


def _is_all(query: str, path: str) -> bool:
    """Return whether a file's name, without suffix, has only words of a query."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return coverage(telling_terms(stem), query) == 1.0


def told_by(wanted: Telling, hit: SearchHit, language: str) -> tuple[bool, bool]:
    """Return whether a hit's title, and a file's name, contains all words of a query."""
    by_title = (
        bool(hit.title)
        and not wanted.cannot_stand(hit.title)
        and coverage(wanted, hit.title, language) == 1.0
    )
    return by_title, any(has_all(wanted, source.path) for source in hit.sources)


def _named_like(
    state: State, collection: CollectionInfo, wanted: Telling, query: Query
) -> list[tuple[int, str]]:
    """Return the files whose own name, not a folder's, may contain all words, best first."""
    found = state.named_with(collection.id, wanted.names, _MOST_LOOKED_THROUGH)
    if len(found) == _MOST_LOOKED_THROUGH:  # among so many, only exactly that name
        whole = f'"{whole_name(query.text)}"'
        found = state.named_with(collection.id, whole, _MOST_LOOKED_THROUGH)
    typed = query.text.strip().casefold()
    best = nsmallest(_MOST_COMPARED, found, key=lambda each: len(each[1].rpartition("/")[2]))
    return [each for each in best if typed in each[1].casefold()] or best
