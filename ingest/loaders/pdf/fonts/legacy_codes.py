"""Text in an encoding from before Unicode whose bytes a file shows as Western letters.

GBK's ``中文`` appears as ``ÖÐÎÄ``, and Cyrillic as ``Ïðèâåò``. A language has few accented letters,
but such text has little else. The decoded text must consist of common characters of its encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 4
"""Characters beyond ASCII from which a text is checked."""

_DENSE = 0.5  # share of letters beyond ASCII
_USUAL = 0.85  # share of decoded letters that are common ones
_KANA, _HANGUL = 0.25, 0.95
_ASCII_END = 0x80
_FEW_VOWELS, _MANY_VOWELS = 0.28, 0.6
_ALPHABETS = {
    "cp1251": frozenset("аеиоуыэюяёАЕИОУЫЭЮЯЁіїєІЇЄ"),
    "cp1253": frozenset("αεηιουωάέήίόύώΑΕΗΙΟΥΩΆΈΉΊΌΎΏ"),
}
_WESTERN = ("cp1252", "mac_roman")
_MARKS = (0xA1, 0xA2, 0xA3)  # first bytes of punctuation and full-width signs
_COMMON = {
    "euc_kr": range(0xB0, 0xC9),
    "euc_jp": range(0xB0, 0xD0),
    "gbk": range(0xB0, 0xD8),
    "big5": range(0xA4, 0xC7),
    "cp932": range(0x88, 0xA0),
}
_KANA_AT = {"euc_jp": (0xA4, 0xA5), "cp932": (0x82, 0x83)}


@dataclass(frozen=True, slots=True)
class Encoding:
    """The bytes that a file shows as text, and their real encoding.

    ``hyphens`` means that its hyphens are the byte that files call a soft hyphen.
    """

    western: str
    name: str
    hyphens: bool = False

    def read(self, word: str) -> list[tuple[str, int]] | None:
        """Return a word's characters, with the number of shown ones for each; None if it fails."""
        raw = _bytes(word.replace("-", "\u00ad") if self.hyphens else word, self.western)
        text = _decoded(raw, self.name) if raw is not None else None
        return None if text is None else [(c, len(c.encode(self.name))) for c in text]


def encoding_of(words: Sequence[str]) -> Encoding | None:
    """Return the encoding of words that show its bytes; None for ordinary text."""
    text = "".join(words)
    high = [c for c in text if c > "\u007f"]
    letters = sum(c.isalpha() and c.isascii() for c in text) + len(high)
    if len(high) < LEAST or len(high) < _DENSE * letters or len(set(high)) < LEAST - 1:
        return None
    for western in _WESTERN:
        found = [_wide(words, western, hyphens=hyphens) for hyphens in (False, True)]
        best = max(found, key=lambda pair: pair[0])[1] or _alphabet(words, western)
        if best is not None:
            return best
    return None


def _wide(words: Sequence[str], western: str, *, hyphens: bool) -> tuple[float, Encoding | None]:
    """Return the two-byte encoding that fits best, and the share of its common characters."""
    shares: dict[str, float] = {}
    for name, common in _COMMON.items():
        firsts = _first_bytes(words, Encoding(western, name, hyphens))
        if len(firsts) * 2 < LEAST:
            continue
        kana = sum(first in _KANA_AT.get(name, ()) for first in firsts)
        usual = sum(first in common for first in firsts)
        marks = sum(first in _MARKS for first in firsts) if name != "cp932" else 0
        if name in _KANA_AT and kana < _KANA * len(firsts):
            continue
        if name == "euc_kr" and usual < _HANGUL * (len(firsts) - marks):
            continue
        if usual + kana >= marks and usual + kana + marks >= _USUAL * len(firsts):
            shares[name] = (usual + kana + marks) / len(firsts)
    order = list(_COMMON)
    best = max(shares, key=lambda name: (round(shares[name], 2), -order.index(name)), default="")
    return shares.get(best, 0.0), Encoding(western, best, hyphens) if best else None


def _first_bytes(words: Sequence[str], encoding: Encoding) -> list[int]:
    """Return the first bytes of all characters of two bytes, none if a word cannot be decoded."""
    firsts: list[int] = []
    for word in words:
        if word.isascii():
            continue
        read = encoding.read(word)
        if read is None:
            return []
        firsts += [c.encode(encoding.name)[0] for c, count in read if count > 1]
        if any(count == 1 and ord(c) >= _ASCII_END for c, count in read):
            return []
    return firsts


def _alphabet(words: Sequence[str], western: str) -> Encoding | None:
    """Return the encoding of an alphabet: enough vowels, capitals only in front or alone."""
    for name, vowels in _ALPHABETS.items():
        read = [Encoding(western, name).read(word) for word in words]
        if any(word is None for word in read):
            continue
        plain = ["".join(c for c, _ in word if c.isalpha()) for word in read if word is not None]
        letters = [c for c in "".join(plain) if not c.isascii()]
        if len(letters) < 2 * LEAST:
            continue
        share = sum(c in vowels for c in letters) / len(letters)
        whole = sum(len(word) for word in plain if word[1:].islower() or word.isupper())
        whole += sum(len(word) == 1 for word in plain if not word.isupper())
        if _FEW_VOWELS <= share <= _MANY_VOWELS and whole >= _USUAL * sum(map(len, plain)):
            return Encoding(western, name)
    return None


def _bytes(shown: str, western: str) -> bytes | None:
    out = bytearray()
    for character in shown:
        code = ord(character)
        if code < _ASCII_END or (western == "cp1252" and code <= 0xFF):  # noqa: PLR2004 - Latin-1
            out.append(code)
            continue
        try:
            out += character.encode(western)
        except UnicodeEncodeError:
            return None
    return bytes(out)


def _decoded(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except UnicodeDecodeError:
        return None
