"""The language of a document, by its own statement, else by its text.

Without a statement, langid's classifier detects one of 97 languages in a few milliseconds (Lui and
Baldwin 2012, "langid.py: An Off-the-shelf Language Identification Tool").
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from kb.errors import StoreError
from kb.metadata import stated_language
from kb.records import Document

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped] # ships no types

# From the middle of a document: covers and tables of contents are often in another language.
_LOOKED_AT = 4_000
# Below this probability the classifier guesses: code and tables of numbers stay under 0.1, and a
# title of five Chinese characters is above 0.4.
_SURE = 0.35
# Above this probability the classifier is never wrong on a text of a few sentences.
_CLEAR = 0.95
_WRITTEN_BY_PROGRAMS = frozenset({"docx", "pdf"})
# Languages that the classifier confuses.
_ALIKE = (
    frozenset({"no", "nb", "nn", "da"}),
    frozenset({"hr", "bs", "sr", "sh", "sl"}),
    frozenset({"id", "ms", "jv"}),
    frozenset({"cs", "sk"}),
    frozenset({"es", "gl", "ca", "pt"}),
    frozenset({"af", "nl"}),
)
_LETTERS = re.compile(r"[^\W\d_]")
_FEWEST_LETTERS = 4
# Codes of the classifier that ISO 639-1 lacks, and their language for stems and filters.
_LANGUAGE_OF = {
    "ary": "ar",
    "arz": "ar",
    "fuv": "ff",
    "grc": "el",
    "gug": "gn",
    "hbo": "he",
    "kik": "ki",
    "ltg": "lv",
    "sdh": "ku",
    "uzs": "uz",
    "wuu": "zh",
    "yue": "zh",
    "zxx": "",
}


def language_of(document: Document) -> str:
    """Return the document's language, ISO 639-1 if detected; empty if unknown.

    A document's own statement (``zh-Hant``) is used unchanged. The exception is an office program's
    statement if the text is clearly in another language: these programs write the language of their
    own settings.
    """
    stated = stated_language(document.metadata)
    if stated and document.media_type not in _WRITTEN_BY_PROGRAMS:
        return stated
    told, probability = _told(document.text)
    if stated and not (probability >= _CLEAR and _differ(stated, told)):
        return stated
    return told if probability >= _SURE else ""


def told_by(text: str) -> str:
    """Return the ISO 639-1 code of a text's language; empty if unknown.

    Raises:
        StoreError: the disk has no room for the classifier's temporary file.
    """
    told, probability = _told(text)
    return told if probability >= _SURE else ""


def shares_told_by(text: str) -> dict[str, float]:
    """Return the probability of each language for a text, by ISO 639-1 code; they add up to 1.

    Raises:
        StoreError: the disk has no room for the classifier's temporary file.
    """
    found: dict[str, float] = {}
    for told, probability in _identifier().rank(text):
        language = _LANGUAGE_OF.get(str(told), str(told))
        found[language] = found.get(language, 0.0) + float(probability)
    return found


def _told(text: str) -> tuple[str, float]:
    """Return the most likely language of a text and its probability; empty for too few letters."""
    start = max(0, (len(text) - _LOOKED_AT) // 2)
    sample = text[start : start + _LOOKED_AT]
    if len(_LETTERS.findall(sample)) < _FEWEST_LETTERS:
        return "", 0.0
    language, probability = _identifier().classify(sample)
    return _LANGUAGE_OF.get(str(language), str(language)), float(probability)


def _differ(stated: str, told: str) -> bool:
    """Return whether two languages differ and are not easily confused."""
    primary = stated.replace("_", "-").split("-")[0].lower()
    both = {_LANGUAGE_OF.get(primary, primary), told}
    return len(both) > 1 and not any(both <= alike for alike in _ALIKE)


@cache
def _identifier() -> LanguageIdentifier:
    # Takes half a second and 5 MB: only for processes that add documents, or search for long.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # it unpacks itself into a temporary file
        msg = (
            f"the language of documents cannot be told: {error}. Free disk space, 5 MB where "
            "temporary files go (TMPDIR names another folder), and run again"
        )
        raise StoreError(msg) from error
