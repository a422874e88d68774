"""The language of a query: a mix if unclear, none for codes, numbers and names.

The script comes first. If several languages share it, langid's classifier decides (see
:mod:`kb.languages.documents`), together with known words of these languages. A few words are weak
evidence, so the rest of the probability goes to the script as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from kb.languages.documents import shares_told_by
from kb.languages.questions import vocabulary
from kb.languages.scripts import LANGUAGES, letters, main_script, script_of

# Share of a query; a second language below it is a foreign word or a guess.
_LEAST_SHARE = 0.2
# People ask in some languages more often than in others; an unsure classifier ignores that.
_USUAL = {
    "en": 6.0,
    **dict.fromkeys(("ar", "hi", "ru", "zh"), 4.0),
    **dict.fromkeys(("de", "es", "fr", "it", "pt"), 2.0),
}
# Factor by which a known word makes its language more likely than one that lacks it.
_KNOWN_WORD = 6.0
# This many known words of a language, and twice as many as of any other, need no classifier, which
# takes 0.4 s to load.
_TELLING_WORDS, _TELLING_LEAD = 3, 2
# A letter of these scripts is a word, or half of one.
_DENSE = ("Hani", "Kana", "Hang")
_CASED = frozenset({"Latn", "Cyrl", "Grek", "Armn"})
_MOST_CHARACTERS = 2000  # of a query that are examined

_CODE = re.compile(r"\d|_|[^\W\d_]\.[^\W\d_]|[/\\@#=<>{}$|]|::|\(\)|(?-i:[a-z][A-Z])|^--?\w")
_ASCII = re.compile(r"[\x21-\x7e]+")
_EDGES = "\"'“”„«»‘’()[]{},;:!?.…¿¡*`"


def prepare() -> None:
    """Load the known words and the classifier, which takes half a second, before a query does.

    Raises:
        StoreError: the disk has no room for the classifier's temporary file.
    """
    vocabulary("")
    shares_told_by("")


@lru_cache(maxsize=1024)
def query_languages(text: str) -> Mapping[str, float]:
    """Return a query's languages, ISO 639-1, with shares that add up to 1.

    An uncertain share is under the name of a script (``Latn``), for all languages written in it.
    The result is empty for text without a language: codes, numbers, names.

    Raises:
        StoreError: the disk has no room for the classifier's temporary file.
    """
    text = text[:_MOST_CHARACTERS]
    words = _words(text.lower() if _is_shouted(text) else text)
    by_script: Counter[str] = Counter()
    found: dict[str, float] = {}
    for word in words:
        for script, count in letters(word).items():
            by_script[script] += count * (2 if script in _DENSE else 1)
    if by_script["Kana"] and by_script["Hani"]:
        by_script["Kana"] += by_script.pop("Hani")
    total = by_script.total()
    scripts = {name: n for name, n in by_script.items() if n and n >= _LEAST_SHARE * total}
    for script, letters_of in scripts.items():
        own, count = [word for word in words if script in letters(word)], letters_of
        if script == "Latn" and len(scripts) > 1:  # names, unless they are known words
            own = [word for word in own if vocabulary(word.casefold())]
            count = sum(letters(word)[script] for word in own)
            if count < _LEAST_SHARE * total:
                continue
        elif script in _CASED and _is_name(own):
            continue
        for language, share in _languages(script, own).items():
            found[language] = found.get(language, 0.0) + share * count
    weight = sum(found.values())
    ranked = sorted(found.items(), key=lambda each: -each[1])
    return MappingProxyType({name: share / weight for name, share in ranked})


def _words(text: str) -> list[str]:
    """Return the words of a text, without codes and numbers."""
    found = []
    for part in text.split():
        token = part.strip(_EDGES)
        if main_script(token) not in {"", "Latn"}:
            token = _ASCII.sub(" ", token).strip()
            if token:
                found.append(token)
        elif any(map(str.isalpha, token)) and not _is_code(token):
            found.append(token)
    return found


def _is_code(token: str) -> bool:
    if _CODE.search(token):
        return True
    return len(token) > 1 and token.isupper()


def _is_shouted(text: str) -> bool:
    """Return whether a text in capitals is a sentence, and not a list of abbreviations."""
    if not text.isupper():
        return False
    tokens = (part.strip(_EDGES).casefold() for part in text.split())
    return sum(bool(vocabulary(token)) for token in tokens) >= _TELLING_WORDS


def _is_name(words: list[str]) -> bool:
    """Return whether all words look like names: capitalised, and most of them unknown."""
    known = sum(bool(vocabulary(word.casefold())) for word in words)
    return all(word[0].isupper() for word in words) and 2 * known <= len(words)


def _languages(script: str, words: list[str]) -> dict[str, float]:
    """Return the languages of words in one script, with shares that add up to 1."""
    written = LANGUAGES.get(script)
    if written is not None and len(written) == 1:
        return {written[0]: 1.0}
    known = [found for word in words if (found := vocabulary(word.casefold()))]
    counts = Counter(each for found in known for each in found if script_of(each) == script)
    (best, most), (_, next_most) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    if most >= _TELLING_WORDS and most >= _TELLING_LEAD * next_most:
        return {best: 1.0}
    told = _told(script, " ".join(words))
    for language in told:
        told[language] *= _KNOWN_WORD ** counts[language]
    total = sum(told.values())
    if not total:
        return {script: 1.0}
    sure = {name: each / total for name, each in told.items() if each >= _LEAST_SHARE * total}
    rest = 1.0 - sum(sure.values())
    return {**sure, **({script: rest} if rest > 0.01 else {})}  # noqa: PLR2004 - rounding


def _told(script: str, text: str) -> dict[str, float]:
    """Return the classifier's probabilities of the script's languages, favouring common ones."""
    shares = shares_told_by(text)
    return {
        name: share * _USUAL.get(name, 1.0)
        for name, share in shares.items()
        if share > 0 and script_of(name) == script
    }
