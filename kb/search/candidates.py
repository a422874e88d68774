"""What the stages of a search gave for one query: put in one order, and judged how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from kb.catalog.chunks import Passage
from kb.catalog.state import State
from kb.languages.queries import query_languages
from kb.records import CollectionInfo
from kb.search import fusion
from kb.search.calibration import (
    BESIDE_WORDS,
    BY_BOTH,
    BY_MEANING,
    BY_WORDS,
    WORDS_BESIDE,
    Calibration,
    comparable,
    rivals_of,
    share_of,
)
from kb.search.hits import Found, Ranking, places
from kb.search.reasons import RELEVANT
from kb.search.resolved import Sought

HELD = 0.3
"""How sure it is at least of a passage that holds the phrases in quotes."""

MENDED = 0.9
"""How sure it is of a passage with what a misspelt word was probably meant to be, beside one with
the word itself."""


@dataclass(slots=True, kw_only=True)
class Candidates:
    """What the stages gave of all collections: rankings, and what fusion makes of the words."""

    meaning: list[tuple[int, float]] = field(default_factory=list)
    words: list[tuple[int, float]] = field(default_factory=list)
    coverage: dict[int, float] = field(default_factory=dict)
    evidence: dict[int, float] = field(default_factory=dict)
    foreign: set[int] = field(default_factory=set)
    similar: set[int] = field(default_factory=set)
    unknown_codes: bool = False


def ranked(
    collections: Sequence[CollectionInfo], sought: Sought, found: Candidates
) -> tuple[Ranking, Calibration]:
    """Put the candidates of all collections in one order; say what its scores mean."""
    meaning, words, coverage = found.meaning, found.words, found.coverage
    if len(collections) > 1:
        meaning.sort(key=itemgetter(1), reverse=True)
        # What words were probably meant to be stays last, whichever collection holds it.
        held = [coverage[chunk_id] for chunk_id, _ in words if chunk_id not in found.similar]
        for chunk_id in found.similar:
            coverage[chunk_id] = min(coverage[chunk_id], min(held, default=1.0))
        words.sort(key=lambda each: (each[0] not in found.similar, coverage[each[0]]), reverse=True)
    if sought.mode == "keyword":
        return [(each, coverage[each]) for each, _ in words], BY_WORDS
    # The numbers of calibration are the default model's, as its means are.
    known = sought.means.model.complete
    if sought.mode == "dense":
        return meaning if known else comparable(meaning), BY_MEANING
    scaled = meaning if known else comparable(meaning, BESIDE_WORDS)
    weight = 1.0 if known else WORDS_BESIDE
    evidence = {chunk_id: weight * each for chunk_id, each in found.evidence.items()}
    return fusion.fuse(scaled, evidence, foreign=found.foreign), BY_BOTH


def judged(
    state: State,
    collections: Sequence[CollectionInfo],
    sought: Sought,
    found: Candidates,
    scored: tuple[Ranking, Calibration],
) -> Found:
    """Return the first of a ranking with their passages, and how sure it is of each."""
    ranking, calibration = scored
    # What has no language, codes and names, may stand in a text of any.
    foreign = found.foreign if query_languages(sought.query.text) else set()
    ids = [chunk_id for chunk_id, _ in ranking]
    passages = state.passages([each.id for each in collections], ids)
    sure = _sure(ranking, calibration, passages, share_of(foreign, ids))
    sure = [(chunk_id, _known(score, sought, found, chunk_id)) for chunk_id, score in sure]
    sure.sort(key=itemgetter(1), reverse=True)
    stages: dict[str, Ranking] = {}
    if sought.mode != "keyword":
        stages["dense"] = found.meaning
    if sought.mode != "dense":
        stages["keyword"] = found.words
    if sought.mode == "hybrid":
        stages["fused"] = sure
    told = {name: places(each) for name, each in stages.items()}
    return Found(collections, sure, passages, told)


def _known(score: float, sought: Sought, found: Candidates, chunk_id: int) -> float:
    """Return how sure it is of a passage, with what is known of the query's words."""
    if sought.query.required:  # the passage holds what it was asked to hold
        return HELD + (1 - HELD) * score
    if found.unknown_codes:  # no passage answers for a code that stands nowhere
        return RELEVANT * score
    if chunk_id in found.similar:
        return MENDED * score
    return score


def _sure(
    ranking: Ranking,
    calibration: Calibration,
    passages: Mapping[int, Passage],
    foreign: float,
) -> list[tuple[int, float]]:
    """Return how sure it is of each chunk that it answers, best first."""
    visible = ((passages[each], score) for each, score in ranking if each in passages)
    rivals = rivals_of((one.document_id, one.text, score) for one, score in visible)
    told = calibration.probabilities([score for _, score in ranking], rivals, foreign)
    return [(chunk_id, each) for (chunk_id, _), each in zip(ranking, told, strict=True)]
