"""Words that build sentences, by language; marks never show them as a reason for a hit.

The list is longer than :mod:`kb.words.function_words`, which serves all languages at once and the
search itself. "die" is an article in German and a verb in English, so the text's language decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from kb.words.folding import UNSPACED, fold, token
from kb.words.function_words import function_tokens
from kb.words.terms import Term, terms

_FILE = Path(__file__).parent / "function_words.txt"
# For languages written without spaces, whose terms are pairs of characters: characters that always
# build sentences. Those that are as often half of a word (和, 有, 对, に in には) are left out.
_UNSPACED_WORDS = re.compile(
    "什么时候|什麼時候|为什么|為什麼|是不是|有没有|有沒有|什么|什麼|怎么样|怎麼樣|怎么|怎麼|怎样|怎樣|如何|哪些|哪个|哪個|哪里|"
    "哪裡|哪裏|哪位|哪一[个個]|多少|多久|多长|多長|多大|是否|可以|请问|請問|为何|為何|何时|何時|何处|何處|我们|我們|"
    "他们|他們|这个|這個|那个|那個|这些|這些|那些|以及|或者|但是|因为|因為|所以|如果|的|了|是|吗|嗎|呢|吧|啊|么|麼|谁|誰|"
    "この|その|あの|これ|それ|あれ|ですか|ますか|でしょうか|ください|について|に関して|として|による|によって|ために|ための|という|どのよう[なに]|どのくらい|"
    "どれくらい|いくつ|いくら|どうやって|どうして|どこ|どれ|どの|なぜ|いつ|だれ|なに|です|ます|でした|ました|して|した|する|いる|"
    "ある|から|まで|より|[はがをへ]|(?<![ぁ-ん])[にでとのもかや](?![ぁ-ん])|"
    "무엇|누구|어디|언제|어떻게|얼마나|얼마|어떤|입니까|합니까|습니까|습니다|입니다|인가요|나요|그리고|또는|에서|부터|까지|으로|"
    "[은는을를](?![가-힣])"
)
_SHORT, _APOSTROPHES = 2, "'’＇"  # of "it's", "they're", "l'eau", "d'un"
_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")
_ALSO = {"nb": "no", "nn": "no"}


def telling(text: str, languages: Iterable[str], *, tails: bool = False) -> list[Term]:
    """Return the terms of a text without the words that only build its sentences.

    A word in capitals is a name if other words are not in capitals: "IT" is not "it".

    Args:
        text: a query or a passage.
        languages: its languages, ISO 639-1; English words are left out of any text.
        tails: see :func:`kb.words.terms.terms`.
    """
    builds = builder(text, languages)
    return [term for term in terms(text, tails=tails) if not builds(term)]


def builder(text: str, languages: Iterable[str]) -> Callable[[Term], bool]:
    """Return a function that says of a text's term whether it only builds sentences."""
    building = frozenset[str]().union(*(grammatical(each) for each in ("en", *languages)))
    between = [match.span() for match in _UNSPACED_WORDS.finditer(text)]
    capitals = not text.isupper()

    def builds(term: Term) -> bool:
        if _UNSPACED_CHARACTER.match(term.text):
            return any(start < term.end and term.start < end for start, end in between)
        length = term.end - term.start
        if token(term.text) in building:
            return not (capitals and length > 1 and text[term.start : term.end].isupper())
        return length <= _SHORT and _is_cut(text, term)

    return builds


def _is_cut(text: str, term: Term) -> bool:
    """Return whether an apostrophe has cut off a term from a word, or put it before one."""
    before, after = text[max(0, term.start - 1) : term.start], text[term.end : term.end + 1]
    return (before or " ") in _APOSTROPHES or (after or " ") in _APOSTROPHES


@cache
def known_languages() -> frozenset[str]:
    """Return the languages with known words, as in :mod:`kb.words.stems`."""
    return frozenset(_words())


@cache
def grammatical(language: str) -> frozenset[str]:
    """Return the words that only build sentences in a language, in the spelling of the index.

    For an empty or unknown language, return those that are such words in any text.
    """
    own = _words().get(_ALSO.get(language, language), [])
    return function_tokens() | frozenset(token(fold(word)) for word in own)


@cache
def _words() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        language, *words = line.split()
        found.setdefault(language, []).extend(words)
    return found
