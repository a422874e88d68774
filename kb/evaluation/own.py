"""Scores searches on own questions: do they find the passages marked as good answers?

It ranks passages, not documents. A hit counts as a marked passage if it is from the same file and
contains at least half of its text, so that chunks of any size are comparable.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.catalog.questions import Judgement, OwnQuestion
from kb.errors import InputTooLongError, SettingsError
from kb.evaluation import metrics
from kb.evaluation.runs import QueryResult, Run
from kb.knowledge_base import KnowledgeBase
from kb.records import SearchHit, SearchMode
from kb.same_passage import same_passage, stands_in

NAME = "my-questions"
"""Name of the set of own questions, among the names of sets."""

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSet:
    """The questions of a collection that can be scored.

    ``left_out`` counts questions without a good passage. ``gone`` counts good passages that no
    document contains any more. No search can find either.
    """

    collection: str
    documents: int
    questions: tuple[OwnQuestion, ...]
    left_out: int = 0
    gone: int = 0

    @property
    def fingerprint(self) -> str:
        """Hash of these questions and marks, which identifies them."""
        judged = [
            [each.text, sorted([*_name(one), one.good, one.passage] for one in each.judgements)]
            for each in self.questions
        ]
        return hashlib.sha256(json.dumps(sorted(judged)).encode()).hexdigest()


def own_set(base: KnowledgeBase, collection: str | None = None) -> OwnSet:
    """Return the questions of a collection that can be scored.

    Raises:
        CollectionError: the collection does not exist.
        SettingsError: no question has a good passage.
    """
    info = base.collection(collection)
    kept = base.questions.of(info.name)
    texts: dict[int, str] = {}
    standing = []
    for question in kept:
        there = tuple(each for each in question.judgements if _stands(base, each, texts))
        standing.append(replace(question, judgements=there))
    scored = tuple(each for each in standing if each.good)
    if not scored:
        msg = (
            f"no question of the collection {info.name} has a passage that was marked as good; "
            "search in the browser (`kb ui`) and mark some"
        )
        raise SettingsError(msg)
    return OwnSet(
        collection=info.name,
        documents=info.documents,
        questions=scored,
        left_out=len(kept) - len(scored),
        gone=sum(len(each.good) for each in kept) - sum(len(each.good) for each in standing),
    )


def run(
    base: KnowledgeBase,
    judged: OwnSet,
    *,
    mode: SearchMode,
    changed: Mapping[str, str] | None = None,
    collection: str | None = None,
    copied: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
) -> Run:
    """Search every question of a set.

    Args:
        base: the knowledge base to search.
        judged: the questions.
        mode: the search mode.
        changed: the changed settings, by name.
        collection: the collection to search, if it is not the set's own.
        copied: the files of a copy, in which the number of each document is its name.
        on_progress: called with the number of finished questions and the total.

    Raises:
        InputTooLongError: a question exceeds the model's limit.
    """
    results = []
    seconds = []
    for done, question in enumerate(judged.questions, start=1):
        started = time.perf_counter()
        try:
            hits = base.search(
                question.text,
                mode=mode,
                top_k=metrics.DEPTH,
                collection=collection or judged.collection,
                highlights="none",
                min_score=0,
            )
        except InputTooLongError as error:
            msg = f"your question {question.text[:80]!r}: {error}"
            raise InputTooLongError(msg) from error
        seconds.append(time.perf_counter() - started)
        results.append(_result(question, hits, copied))
        if on_progress is not None:
            on_progress(done, len(judged.questions))
    p50, p95 = (float(np.quantile(seconds, share)) * 1000 for share in (0.5, 0.95))
    return Run(
        set_name=judged.collection,
        mode=mode,
        documents=judged.documents,
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        queries=tuple(results),
        fingerprint=judged.fingerprint,
        own=True,
        changed=dict(changed or {}),
    )


def _result(
    question: OwnQuestion, hits: Sequence[SearchHit], copied: Mapping[str, str] | None
) -> QueryResult:
    """Score one question; a second hit with the same marked passage counts as irrelevant."""
    ranked: list[str] = []
    bad = known = 0
    for at, hit in enumerate(hits):
        mine = [each for each in question.judgements if _found(each, hit, copy=copied is not None)]
        good = [str(each.id) for each in mine if each.good and str(each.id) not in ranked]
        ranked += good or [f"hit {at}"]
        known += bool(mine)
        bad += bool(mine) and not any(each.good for each in mine)
    scores = metrics.score(ranked, {str(each.id) for each in question.good})
    shown = max(1, len(hits))
    return QueryResult(
        id=str(question.id),
        query=question.text,
        expected=tuple(_place(str(each.source), each.place) for each in question.good),
        found=tuple(_place((copied or {}).get(hit.source, hit.source), hit.place) for hit in hits),
        scores={**scores, "bad@10": bad / shown, "judged@10": known / shown},
    )


def _found(judgement: Judgement, hit: SearchHit, *, copy: bool) -> bool:
    if copy:
        files = {source.path for source in hit.sources}
        return str(judgement.document_id) in files and same_passage(judgement.passage, hit.text)
    return judgement.source in hit.sources and same_passage(judgement.passage, hit.text)


def _name(judgement: Judgement) -> tuple[str, str]:
    return judgement.source.root, judgement.source.path


def _place(source: str, place: str) -> str:
    return f"{source}, {place}" if place else source


def _stands(base: KnowledgeBase, judgement: Judgement, texts: dict[int, str]) -> bool:
    number = judgement.document_id
    if number is None:
        return False
    if number not in texts:
        texts[number] = base.document_text(number)
    return stands_in(judgement.passage, texts[number])
