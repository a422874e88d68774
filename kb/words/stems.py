"""Word forms: the stems of a word, each with its language (Snowball's stemmers).

"copies" and "copy" share the English stem ``en·copi``. The index has stems beside the unchanged
words, so that the typed form ranks ahead of its stem. A stem includes its language, so that it does
not match words of another language.
"""

from __future__ import annotations

import re
import threading
from functools import cache, lru_cache
from importlib import metadata
from typing import TYPE_CHECKING

from kb.words.folding import fold, token
from kb.words.function_words import function_tokens

if TYPE_CHECKING:
    from Stemmer import Stemmer  # type: ignore[import-not-found] # ships no types

# ISO 639-1 codes, and other codes that language tags use instead.
_ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
_NAMES = {name: code for code, name in _ALGORITHMS.items()} | {
    "chinese": "zh",
    "japanese": "ja",
    "korean": "ko",
    "nb": "no",
    "nn": "no",
    "iw": "he",
    "arz": "ar",
    "pcm": "en",
    "eng": "en",
    "deu": "de",
    "ger": "de",
    "fra": "fr",
    "fre": "fr",
    "spa": "es",
    "ita": "it",
    "por": "pt",
    "nld": "nl",
    "dut": "nl",
    "rus": "ru",
    "zho": "zh",
    "chi": "zh",
    "jpn": "ja",
}
_NO_LANGUAGE = frozenset(("", "mul", "und", "x", "zxx"))

_SCRIPTS = {
    "latin": re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff\ufb00-\ufb06\uff21-\uff5a]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "arabic": re.compile("[\u0620-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"),
    "greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "armenian": re.compile("[\u0531-\u0587]"),
    "tamil": re.compile("[\u0b80-\u0bff]"),
    "hebrew": re.compile("[\u0591-\u05f4]"),
}
# Languages not written in Latin letters; Serbian has two alphabets.
_WRITTEN = {
    script: frozenset(codes.split())
    for script, codes in {
        "cyrillic": "ba be bg cv kk ky mk mn ru sr tg tt uk",
        "arabic": "ar ckb fa ps sd sdh ug ur uzs",
        "greek": "el grc",
        "devanagari": "bho gom hi mai mr ne sa",
        "armenian": "hy",
        "tamil": "ta",
        "hebrew": "hbo he yi",
        "others": "am as bn bo dv dz gu ja ka km kn ko lo ml my or pa si te th ti wuu yue zh",
    }.items()
}
_NOT_LATIN = frozenset().union(*_WRITTEN.values()) - {"sr"}
# For words in a script other than that of the document's language ("URLs" in a Chinese text), and
# for documents of unknown language.
_USUAL = {
    "latin": "en",
    "cyrillic": "ru",
    "arabic": "ar",
    "greek": "el grc",
    "devanagari": "hi",
    "armenian": "hy",
    "tamil": "ta",
}
_SHORTEST = 2
_REMEMBERED = 1 << 15


@lru_cache(maxsize=1024)
def languages_of(stated: str) -> tuple[str, ...]:
    """Return the ISO 639-1 codes in a document's stated languages, as in ``en-GB, de``."""
    parts = (part.split("-")[0] for part in re.split(r"[,;/\s]+", stated.lower().replace("_", "-")))
    found = dict.fromkeys(_NAMES.get(part, part) for part in parts)
    return tuple(code for code in found if code not in _NO_LANGUAGE)


def script_of(word: str) -> str:
    """Return the name of the script that a word begins in: latin, cyrillic …, or ``others``."""
    return next((name for name, letters in _SCRIPTS.items() if letters.match(word)), "others")


@lru_cache(maxsize=_REMEMBERED)
def stem_tokens(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the stems of a word for a text's languages, in the spelling of the index.

    ``word`` is in lower case with its accents, because some endings depend on them. Function words
    have no stems.
    """
    if len(word) < _SHORTEST or fold(word) in function_tokens():
        return ()
    script = script_of(word)
    own = [code for code in languages if _is_written_in(code, script)]
    if not own and script in _USUAL:
        own = [_USUAL[script]]
    return tuple(
        f"{code}·{token(fold(_stemmer(code).stemWord(word)))}"
        for code in own
        if code in _ALGORITHMS
    )


@cache
def fingerprint() -> str:
    """Return an identifier of these stems; another release of the stemmers has another one."""
    return metadata.version("pystemmer")


def _is_written_in(code: str, script: str) -> bool:
    return code not in _NOT_LATIN if script == "latin" else code in _WRITTEN.get(script, ())


class _Stemmers(threading.local):
    """Stemmers of one thread, because they are not thread-safe."""

    def __init__(self) -> None:
        self.by_language: dict[str, Stemmer] = {}


_stemmers = _Stemmers()


def _stemmer(code: str) -> Stemmer:
    known = _stemmers.by_language
    if code not in known:
        from Stemmer import Stemmer  # noqa: PLC0415 - only where words are read

        known[code] = Stemmer(_ALGORITHMS[code])
    return known[code]
