"""Function words: words that build sentences and do not name their subject.

In a large collection they count for nothing by themselves, because nearly every passage contains
them (inverse document frequency). Among twenty passages "how" is as rare as "warranty". German
articles are left out, because some are English words as well ("die").
"""

from __future__ import annotations

from functools import cache

from kb.words.folding import fold, token

FUNCTION_WORDS = frozenset(
    (  # noqa: SIM905 - many quoted words are harder to read
        "a about an and any are as at be been but by can could did do does for from had has have "
        "how i if in into is it its long many me much my of on or our shall should so than that "
        "the their them then there these they this those to was we were what when where which "
        "who whom whose why will with would you your "
        "auf bei das dem den der des ein eine einem einen einer eines für hat ist mit oder sich "
        "sind und von was welche welcher welches wer wie wird wo wurde zu zum zur "
        "什么 怎么 如何 哪些 哪个 多少 为什 怎样 是否 可以 请问 哪里 多久 什麼 怎麼 為什 哪個"
    ).split()
)


@cache
def function_tokens() -> frozenset[str]:
    """Return the function words in the spelling of the index."""
    return frozenset(token(fold(word)) for word in FUNCTION_WORDS)
