"""Evaluates answers to a judged set's questions: correct citations, and refusals.

It asks each question twice, the second time without the documents that answer it. The right answer
is then that the documents do not say.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from kb.answering.answer import Answer, AnswerStream
from kb.chat.base import ChatModel
from kb.errors import ChatError
from kb.evaluation import grounding, metrics
from kb.evaluation.judged import JudgedSet
from kb.evaluation.judging import Judge
from kb.knowledge_base import KnowledgeBase
from kb.records import SearchHit, SearchMode, with_header

Outcome = Literal["answered", "declined", "failed"]
Share = tuple[float, tuple[float, float]]
"""A share in [0, 1], and its 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCitation:
    """A sentence of an answer, the passage it cites, and the results of checking both.

    ``overlap`` is the share of the sentence's words in the passage. ``judged`` is the verdict of
    the judge; None without a judge that can tell.
    """

    query: str
    question: str
    sentence: str
    source: str
    overlap: float
    judged: bool | None = None

    @property
    def held(self) -> bool:
        """Whether the passage supports the sentence, by its words."""
        return self.overlap >= grounding.ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRun:
    """A chat model's answers to a set's questions, evaluated.

    ``found`` tells for each question whether a document that answers it was among the passages.
    ``answerable`` and ``unanswerable`` hold the outcome of each question. ``cited`` tells for each
    answer whether it cites a passage. ``controls`` are the number of control sentences that the
    judge got right, and their total.
    """

    set_name: str
    mode: str
    model: str
    judge: str
    found: tuple[bool, ...]
    answerable: tuple[Outcome, ...]
    unanswerable: tuple[Outcome, ...]
    cited: tuple[bool, ...]
    citations: tuple[CheckedCitation, ...]
    controls: tuple[int, int] = (0, 0)

    def shares(self) -> dict[str, Share | None]:
        """Return each figure by name; None if it has no data, or no judge that can tell."""
        judged = [each.judged for each in self.citations if each.judged is not None]
        return {
            "passage found": _share(self.found),
            "declined, answerable": _share([each == "declined" for each in self.answerable]),
            "declined, unanswerable": _share([each == "declined" for each in self.unanswerable]),
            "answers with citations": _share(self.cited),
            "citations held, by words": _share([each.held for each in self.citations]),
            "citations held, as judged": _share(judged),
        }

    def worst(self, count: int) -> list[CheckedCitation]:
        """Return the least supported citations, worst first."""
        missed = [each for each in self.citations if not each.held or each.judged is False]
        return sorted(missed, key=lambda each: each.overlap)[:count]


def run(
    base: KnowledgeBase,
    judged: JudgedSet,
    chat: ChatModel,
    *,
    judge: Judge | None,
    names: tuple[str, str] = ("", ""),
    mode: SearchMode,
    count: int,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> AnswerRun:
    """Ask ``count`` random questions of a set, each with and without the documents that answer it.

    Args:
        base: a knowledge base with the set's documents.
        judged: the set.
        chat: the model that answers.
        judge: judges the citations if it can; None to compare only words.
        names: names of the chat model and of the judge.
        mode: the search mode for passages.
        count: highest number of questions.
        seed: seed of the random choice of questions.
        on_progress: called with the number of finished answers and the total.

    Raises:
        ChatError: the model answered none of the questions.
    """
    drawn = random.Random(seed).sample(  # noqa: S311 - a sample, no secret
        sorted(judged.queries), min(count, len(judged.queries))
    )
    found: list[bool] = []
    cited: list[bool] = []
    outcomes: dict[bool, list[Outcome]] = {True: [], False: []}
    checked: list[CheckedCitation] = []
    failure: ChatError | None = None
    for done, key in enumerate(drawn):
        for there in (True, False):
            without = frozenset() if there else judged.relevant[key]
            stream = AnswerStream(
                partial(_passages, base, mode=mode, without=without),
                lambda: chat,
                judged.queries[key],
                most_tokens=base.settings.chat_answer_tokens,
            )
            try:
                answer = stream.answer
            except ChatError as error:  # a small model may fail on one question of many
                answer, failure = stream.so_far, error
            outcomes[there].append(_outcome(answer))
            if there:
                relevant = judged.relevant[key]
                found.append(any(_paths(hit) & relevant for hit in answer.sources))
            if outcomes[there][-1] == "answered":
                cited.append(bool(answer.cited))
                checked += _checked(base, key, answer, judge)
            if on_progress is not None:
                on_progress(2 * done + 2 - there, 2 * len(drawn))
    if failure and set(outcomes[True] + outcomes[False]) == {"failed"}:
        raise failure
    return AnswerRun(
        set_name=judged.name,
        mode=mode,
        model=names[0],
        judge=names[1],
        found=tuple(found),
        answerable=tuple(outcomes[True]),
        unanswerable=tuple(outcomes[False]),
        cited=tuple(cited),
        citations=tuple(checked),
        controls=(judge.right, judge.controls) if judge else (0, 0),
    )


def _passages(
    base: KnowledgeBase, query: str, *, mode: SearchMode, without: frozenset[str]
) -> list[SearchHit]:
    """Return the passages for a question, without those of some documents."""
    wanted = asked = base.settings.top_k
    while True:
        hits = base.search(query, mode=mode, top_k=asked, highlights="none")
        left = [hit for hit in hits if not _paths(hit) & without]
        if len(left) >= wanted or len(hits) < asked:
            return left[:wanted]
        asked *= 4


def _paths(hit: SearchHit) -> set[str]:
    return {source.path for source in hit.sources}


def _outcome(answer: Answer) -> Outcome:
    if not answer.text:
        return "failed"
    return "declined" if grounding.declines(answer.text) else "answered"


def _checked(
    base: KnowledgeBase, key: str, answer: Answer, judge: Judge | None
) -> list[CheckedCitation]:
    checked = []
    for each in grounding.citations(answer.text):
        hit = answer.sources[each.passage - 1]
        passage = with_header(hit.header, hit.text)
        says = judge.says(passage, each.sentence) if judge and judge.can_judge else None
        checked.append(
            CheckedCitation(
                query=key,
                question=answer.question,
                sentence=each.sentence,
                source=hit.source,
                overlap=grounding.overlap(
                    each.sentence, passage, base.document(hit.document_id).language
                ),
                judged=says,
            )
        )
    return checked


def _share(values: Sequence[bool]) -> Share | None:
    if not values:
        return None
    numbers = [float(value) for value in values]
    return float(np.mean(numbers)), metrics.interval(numbers)
