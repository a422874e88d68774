"""Every text that a person reads in the browser, in English and 简体中文.

One JSON file for each language, with the same keys; ``{name}`` marks a value. Texts that count
something have a second form under ``key.one``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal, cast

Language = Literal["en", "zh"]

LANGUAGES: dict[Language, str] = {"en": "English", "zh": "简体中文"}
"""Languages and their own names."""


@cache
def texts(language: Language) -> dict[str, str]:
    """Return all texts of a language by key."""
    path = Path(__file__).with_name(f"{language}.json")
    return cast("dict[str, str]", json.loads(path.read_text(encoding="utf-8")))


def translate(language: Language, key: str, **values: object) -> str:
    """Return a text with its values filled in.

    With a value ``n`` equal to 1, it uses the form ``key.one`` if there is one.
    """
    found = texts(language)
    if values.get("n") == 1 and f"{key}.one" in found:
        key = f"{key}.one"
    return found[key].format(**values) if values else found[key]


def has(key: str) -> bool:
    """Return whether a text has this key."""
    return key in texts("en")


def preferred(tags: str) -> Language:
    """Return the language for a browser's ``Accept-Language`` or locale, best first.

    Any Chinese counts as 简体中文; English is the default.
    """
    ranked = []
    for part in tags.split(","):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        ranked.append((-weight, tag.strip().lower()))
    for _, tag in sorted(ranked, key=lambda pair: pair[0]):
        if tag.split("-")[0] == "zh":
            return "zh"
        if tag.split("-")[0] == "en":
            return "en"
    return "en"
