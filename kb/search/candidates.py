"""The results of all stages for one query: ranks them, and rates their confidence."""

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
"""Least confidence of a passage that contains the phrases in quotes."""

MENDED = 0.9
"""Confidence factor of a passage with the correction of a misspelt word.

A passage with the word itself has 1.
"""


@dataclass(slots=True, kw_only=True)
class Candidates:
    """Results of the stages over all collections: rankings, and the weights of words for fusion."""

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
    """Rank the candidates of all collections; return the ranking and its calibration."""
    meaning, words, coverage = found.meaning, found.words, found.coverage
    if len(collections) > 1:
        meaning.sort(key=itemgetter(1), reverse=True)
        # Corrections of misspelt words rank last, whichever collection contains them.
        held = [coverage[chunk_id] for chunk_id, _ in words if chunk_id not in found.similar]
        for chunk_id in found.similar:
            coverage[chunk_id] = min(coverage[chunk_id], min(held, default=1.0))
        words.sort(key=lambda each: (each[0] not in found.similar, coverage[each[0]]), reverse=True)
    if sought.mode == "keyword":
        return [(each, coverage[each]) for each, _ in words], BY_WORDS
    # The calibration is for the default model, and so are complete means.
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
    """Return the top of a ranking with its passages, and the confidence of each."""
    ranking, calibration = scored
    # Codes and names have no language, and may occur in a text of any.
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
    """Return the confidence of a passage, adjusted for special words of the query."""
    if sought.query.required:  # the passage contains the required phrases
        return HELD + (1 - HELD) * score
    if found.unknown_codes:  # no passage answers for a code that occurs nowhere
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
    """Return the confidence of each chunk that it answers, best first."""
    visible = ((passages[each], score) for each, score in ranking if each in passages)
    rivals = rivals_of((one.document_id, one.text, score) for one, score in visible)
    told = calibration.probabilities([score for _, score in ranking], rivals, foreign)
    return [(chunk_id, each) for (chunk_id, _), each in zip(ranking, told, strict=True)]
