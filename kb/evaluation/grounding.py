"""Checks the grounding of an answer: its citations, their support, and refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.answering.prompts import NOT_SAID, NOT_SAID_ZH
from kb.search import highlight

ENOUGH = 0.6
"""Share of a sentence's words that a passage must contain to support the sentence.

XQuAD's questions with their answers, worded by people, reach it in 90 to 95 of 100 cases on their
own passage. Sentences reach it on the next paragraph of their article in at most 2 of 100 cases.
"""

_NUMBER = re.compile(r"\[(\d{1,4})\]")
_CITED = re.compile(r"\s*\[\d{1,4}\]")
# A citation after the full stop belongs to the sentence before it.
_BEHIND = re.compile(r"([.!?。！？；]+)[ \t]*(\[\d{1,4}\](?:[ \t]*\[\d{1,4}\])*)")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_DECLINED = re.compile(
    r"documents? (?:do|does) not|passages? (?:do|does) not|(?:is|are|was) not (?:mentioned|stated|"
    r"specified|said)|no information|not enough information|(?:do|can)(?:not|n't| not) (?:know|"
    r"answer|say)|unable to answer"
    r"|没有(?:说明|提到|提及|相关|回答)|未(?:说明|提到|提及)|無法|无法(?:回答|确定)|不知道|沒有(?:說明|提到|提及)"
    r"|dokument\w* (?:sagen|enthalten|geben)[^.]* nicht|keine (?:informationen|angaben?)|nicht (?:"
    r"erwähnt|angegeben)"
    r"|documents? ne (?:disent|précisent|mentionnent)|n'est pas (?:mentionné|précisé|indiqué)"
    r"|aucune information"
    r"|documentos? no (?:dicen?|mencionan?|indican?)|no se (?:menciona|indica|dice)"
    r"|ninguna información"
    r"|記載され(?:て|ていま)|わかりません|分かりません|書かれてい(?:ない|ません)"
    r"|в документах не|не (?:указано|упоминается|сказано)|нет (?:информации|сведений)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A sentence of an answer, and the number of a passage that it cites."""

    sentence: str
    passage: int


def citations(answer: str) -> Iterator[Citation]:
    """Yield the citations of an answer, in order."""
    text = _BEHIND.sub(r"\2\1 ", answer)
    for start, end in highlight.sentences(text):
        sentence = text[start:end]
        said = " ".join(_CITED.sub("", sentence).split())
        for number in dict.fromkeys(_NUMBER.findall(sentence)):
            yield Citation(sentence=said, passage=int(number))


def overlap(sentence: str, passage: str, language: str = "") -> float:
    """Return the share in [0, 1] of a sentence's words that occur in a passage, in any form.

    It is 0 if a number of the sentence does not occur: "24 months" does not support "12 months".
    """
    numbers = " ".join(_DIGITS.findall(sentence))
    if numbers and highlight.coverage(highlight.telling_terms(numbers), passage) < 1:
        return 0.0
    return highlight.coverage(highlight.telling_terms(sentence), passage, language)


def declines(answer: str) -> bool:
    """Return whether an answer says that the documents have no answer; it then cites nothing."""
    if NOT_SAID in answer or NOT_SAID_ZH in answer:
        return True
    return not _NUMBER.search(answer) and _DECLINED.search(answer) is not None
