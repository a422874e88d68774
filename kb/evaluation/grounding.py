"""What an answer stands on: its citations, whether their passages hold them, what is no answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.answering.prompts import NOT_SAID, NOT_SAID_ZH
from kb.search import highlight

ENOUGH = 0.6
"""Share of a sentence's words that stand in its passage, where the passage holds the sentence.

Questions of XQuAD with their answers, worded by people, reach it in 90 to 95 of 100 cases on their
own passage; sentences reach it on the next paragraph of their article in 2 of 100 at most.
"""

_NUMBER = re.compile(r"\[(\d{1,4})\]")
_CITED = re.compile(r"\s*\[\d{1,4}\]")
# A citation behind the full stop belongs to the sentence before it.
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
    """A sentence of an answer, and the number of a passage that it names."""

    sentence: str
    passage: int


def citations(answer: str) -> Iterator[Citation]:
    """Give each passage that a sentence of an answer names, in order."""
    text = _BEHIND.sub(r"\2\1 ", answer)
    for start, end in highlight.sentences(text):
        sentence = text[start:end]
        said = " ".join(_CITED.sub("", sentence).split())
        for number in dict.fromkeys(_NUMBER.findall(sentence)):
            yield Citation(sentence=said, passage=int(number))


def overlap(sentence: str, passage: str, language: str = "") -> float:
    """Return the share in [0, 1] of a sentence's words that stand in a passage, in any form.

    0 where a number of the sentence does not: "24 months" is no other word for "12 months".
    """
    numbers = " ".join(_DIGITS.findall(sentence))
    if numbers and highlight.coverage(highlight.telling_terms(numbers), passage) < 1:
        return 0.0
    return highlight.coverage(highlight.telling_terms(sentence), passage, language)


def declines(answer: str) -> bool:
    """Say whether an answer says that the documents do not say; it cites nothing then."""
    if NOT_SAID in answer or NOT_SAID_ZH in answer:
        return True
    return not _NUMBER.search(answer) and _DECLINED.search(answer) is not None
