"""Finds the encoding of a text file's bytes, and decodes them.

In this order, the surest first: byte order marks; escape sequences of the 7-bit encodings; the
pattern of NULs that UTF-16 and UTF-32 leave; strict UTF-8; nearly UTF-8 (cut in the middle of a
character, or a few bad bytes); then all legacy encodings at once, judged by ``plausibility``.
charset-normalizer decides only if that judge is unsure: alone it is wrong on short Chinese and
Japanese texts and takes seconds on long ones.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

import charset_normalizer

from ingest.loaders.text import ebcdic, euc_tw, seven_bit
from ingest.loaders.text.code_pages import LEGACY, NAMES, QUOTES_AS_LETTERS, declared
from ingest.loaders.text.latin import latin_score
from ingest.loaders.text.plausibility import SCRIPTS, Script, broken_share, ordinary_share, score

SAMPLE_BYTES = 65_536
OPINION_BYTES = 16_384
SURE = 0.3
"""A score that real text reaches; below it the encoding counts as uncertain."""
CLEAR = 0.08
"""Least lead of the best candidate over another reading of the same bytes."""
CLEAR_EACH = 0.3
"""Least lead for each character that the two readings decode differently."""
_DOUBTED = 0.6
DECLARED_BONUS = 0.4
MAX_BAD_SHARE = 0.05
GOOD_FOR_EACH_BAD = 2
"""Characters of UTF-8, counted in words, that outweigh an unreadable one."""
PLAUSIBLE = 0.2
"""A score below which bytes are not a language."""
FEW_CHARACTERS = 16
"""Characters beyond ASCII, or per hundred, that are too few for a decision."""

_BOMS: tuple[tuple[bytes, str], ...] = (
    # UTF-32's little-endian mark begins with UTF-16's: the longer one first
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_ESCAPED: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"\x1b(\$[@B]|\([JI]|\$\([DOPQ])"), "iso2022_jp_ext"),
    (re.compile(rb"~\{[\x21-\x77][\x21-\x7e]([\x21-\x77][\x21-\x7e])*~\}"), "hz"),
)
# Curly quotes, ellipses and dashes of windows-1252, at their possible places.
_QUOTES = re.compile(
    rb"[\x85\x92\x95\x97]|(?<![a-z])[\x80\x91\x93\x94\x96]|[\x80\x91\x93\x94\x96](?![a-z])"
)
_QUOTES_COST = 0.6
# A single letter of another alphabet between words of ASCII is a sign in the wrong code page.
_OTHER_ALPHABETS = frozenset({"cyrillic", "greek", "hebrew", "arabic", "thai"})
_WORD = re.compile(rb"[A-Za-z]{3,}")
_WRITTEN = re.compile(r"(?:(?![\x00-\x7f])\w){2}")
_IN_WORD = re.compile(r"(?![\x00-\x7f])\w(?=\w)|(?<=\w)(?![\x00-\x7f])\w")
_LONE = re.compile(r"(?![\x00-\x7f])\w")
_SEVERAL, _SIGNS_COST = 1, 0.6
# MacCyrillic has the small letters at windows-1251's places, all but the last. It has capitals
# where windows-1251 has few letters: those of Serbian, which lacks the letters of Russian.
_MAC_CAPITAL = re.compile(rb"[\x80-\x9f][\xdf-\xfe]")
_CAPITAL_IN_WORD = re.compile(r"[а-яё]Я|\b[ЂЃЉЊЌЋЏђѓљњќћџ][а-яё]*[йщъыьэюя]|[а-яґ]№")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Decoded text.

    ``encoding`` is the everyday name (``"utf-8"``, ``"gb18030"``, ``"shift_jis"``). ``confidence``
    is in [0, 1]. ``certain`` is False if another encoding would fit about as well. ``bad`` counts
    places whose unreadable bytes became U+FFFD. ``cut`` means that the file ends in the middle of a
    character (not counted in ``bad``). ``plausible`` is False if the bytes are not a language in
    any known encoding.
    """

    text: str
    encoding: str
    confidence: float = 1.0
    certain: bool = True
    bad: int = 0
    cut: bool = False
    plausible: bool = True


def decode(data: bytes) -> Decoded:
    """Decode ``data`` in the encoding that fits it best; never raises."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], codec)
    return (
        _decode_escaped(data)
        or _decode_wide(data)
        or _decode_utf8(data)
        or _decode_ebcdic(data)
        or _decode_legacy(data)
    )


def _decoded(data: bytes, codec: str, confidence: float = 1.0, *, certain: bool = True) -> Decoded:
    """Decode with U+FFFD for unreadable bytes; distinguish a cut end from bad bytes."""
    if codec == "euc_tw":
        text = euc_tw.decode(data)
        return Decoded(
            text=text,
            encoding=NAMES[codec],
            confidence=round(confidence, 3),
            certain=certain,
            bad=text.count("\ufffd"),
        )
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    text = decoder.decode(data)
    tail = decoder.decode(b"", final=True)
    legitimate = 0 if codec != "utf-8" else data.count(b"\xef\xbf\xbd")
    return Decoded(
        text=text,
        encoding=NAMES.get(codec, codec),
        confidence=round(confidence, 3),
        certain=certain,
        bad=max(0, text.count("\ufffd") - legitimate),
        cut="\ufffd" in tail,
    )


def _decode_escaped(data: bytes) -> Decoded | None:
    if not data.isascii():
        return None
    for pattern, codec in _ESCAPED:
        if pattern.search(data):
            decoded = _decoded(data, codec)
            # "~{" and "~}" also occur in program text: the result must be a language
            script: Script = "hans" if codec == "hz" else "ko" if codec == "iso2022_kr" else "ja"
            if decoded.bad == 0 and score(decoded.text, script) > SURE:
                return decoded
    chinese = seven_bit.iso2022_cn(data)
    if chinese is not None and _reads_as_language(chinese.replace("\ufffd", "")):
        return Decoded(text=chinese, encoding="iso-2022-cn", bad=chinese.count("\ufffd"))
    # "+" and letters occur in formulas and keys, too: the result must be a language
    text = seven_bit.utf7(data)
    if text is not None and _reads_as_language(text[:SAMPLE_BYTES]):
        return Decoded(text=text, encoding="utf-7")
    return None


def _decode_wide(data: bytes) -> Decoded | None:
    """Recognise UTF-16 and UTF-32 without a mark by the NULs among their bytes."""
    sample = data[:SAMPLE_BYTES]
    if sample.count(0) * 100 < len(sample):
        return None
    best: tuple[float, str] | None = None
    for codec, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        whole = sample[: len(sample) // width * width]
        text = whole.decode(codec, "replace")
        if not text or text.count("\ufffd") * 50 > len(text) or broken_share(text) > MAX_BAD_SHARE:
            continue
        share = ordinary_share(text)
        if share >= 0.4 and (best is None or share > best[0]):  # noqa: PLR2004 - wrong byte order: < 0.1
            best = (share, codec)
    return _decoded(data, best[1], 0.95) if best else None


def _decode_utf8(data: bytes) -> Decoded | None:
    try:
        return Decoded(text=data.decode("utf-8"), encoding="utf-8")
    except UnicodeDecodeError:
        decoded = _decoded(data, "utf-8")
    judged = decoded.text[: 4 * SAMPLE_BYTES].replace("\ufffd", "")
    good = sum(char > "\x7f" for char in judged)
    if decoded.bad <= good * MAX_BAD_SHARE and good >= 3:  # noqa: PLR2004 - by chance: under 1 in 1,000
        return decoded
    # Bytes of another encoding rarely make a character of UTF-8, and hardly ever words.
    if good and decoded.bad * GOOD_FOR_EACH_BAD <= good and _reads_as_language(judged):
        return decoded
    return None


def _decode_ebcdic(data: bytes) -> Decoded | None:
    codec = ebcdic.recognise(data[:SAMPLE_BYTES])
    if codec is None:
        return None
    decoded = _decoded(data, codec or "cp037", certain=bool(codec))
    if not codec:
        return replace(decoded, encoding="ebcdic", plausible=False)
    return replace(decoded, text=decoded.text.replace("\x85", "\n"))


def _read(sample: bytes, codec: str) -> str:
    if codec != "euc_tw":
        return sample.decode(codec, "replace")
    return euc_tw.decode(sample) if euc_tw.may_be(sample) else "\ufffd"


def _decode_legacy(data: bytes) -> Decoded:
    sample = _sample(data)
    beyond = max(1, sum(byte > 0x7F for byte in sample))  # noqa: PLR2004 - the last of ASCII
    quotes = len(_QUOTES.findall(sample)) / beyond
    words = len(_WORD.findall(sample))
    hint = declared(data)
    ranked: list[tuple[float, str, str]] = []
    for codec, script in LEGACY:
        text = _read(sample, codec)
        bonus = DECLARED_BONUS if hint == codec else 0.0
        bonus -= _QUOTES_COST * quotes if codec in QUOTES_AS_LETTERS else 0.0
        worth = _worth(text, script)
        if script in _OTHER_ALPHABETS and words >= _SEVERAL and not _WRITTEN.search(text):
            bonus -= _SIGNS_COST
        if codec == "mac_cyrillic":
            bonus += _mac_cyrillic(sample, worth)
        ranked.append((worth + bonus, codec, text))
    # max() keeps the first of equals: the order of the table decides
    best = max(ranked, key=lambda entry: entry[0])
    certain = best[0] >= SURE and all(_leads(best, rival, beyond) for rival in ranked)
    # Letters that are all single may be signs of a code page that was not chosen.
    certain = certain and bool(_IN_WORD.search(best[2]) or not _LONE.search(best[2]))
    codec = best[1]
    if not certain and (best[0] < SURE or (codec, "latin") not in LEGACY):
        codec = _second_opinion(sample, ranked, best)
    decoded = _decoded(data, codec, min(1.0, max(0.0, best[0])), certain=certain)
    few = beyond < FEW_CHARACTERS or beyond * 100 < FEW_CHARACTERS * len(sample)
    return decoded if certain or few else replace(decoded, plausible=_is_language(sample, codec))


def _leads(best: tuple[float, str, str], rival: tuple[float, str, str], beyond: int) -> bool:
    """Return whether a reading is clearly better than another where the two differ."""
    lead = best[0] - rival[0]
    if lead >= CLEAR or best[2] == rival[2]:
        return True
    if len(best[2]) != len(rival[2]):
        return False
    # Sister code pages differ in a few characters only: the value of each there decides.
    differing = sum(one != other for one, other in zip(best[2], rival[2], strict=True))
    return lead * beyond >= CLEAR_EACH * differing


def _mac_cyrillic(sample: bytes, worth: float) -> float:
    """Return evidence for MacCyrillic beside its letters: windows-1251 has most of them."""
    in_word = _CAPITAL_IN_WORD.search(sample.decode("cp1251", "replace"))
    if in_word is None or not _MAC_CAPITAL.search(sample):
        return -1.0
    return CLEAR if worth > _DOUBTED else 0.0


def _is_language(sample: bytes, codec: str) -> bool:
    return _reads_as_language(_read(sample, codec), PLAUSIBLE)


def _reads_as_language(text: str, least: float = SURE) -> bool:
    return any(_worth(text, script) >= least for script in SCRIPTS)


def _worth(text: str, script: Script) -> float:
    return latin_score(text) if script == "latin" else score(text, script)


def _second_opinion(
    sample: bytes,
    ranked: list[tuple[float, str, str]],
    best: tuple[float, str, str],
) -> str:
    """Return charset-normalizer's codec if it is as plausible as ours, or ours is not at all."""
    match = charset_normalizer.from_bytes(sample[:OPINION_BYTES]).best()
    if match is None:
        return best[1]
    known = [entry for entry in ranked if entry[1] == match.encoding]
    if best[0] > _DOUBTED and known:
        return best[1]  # of two good readings the order of the table chooses better
    if known and known[0][0] >= best[0] - CLEAR / 2:
        return match.encoding
    if best[0] <= 0 and not known:
        return match.encoding
    return best[1]


def _sample(data: bytes) -> bytes:
    """Return whole lines from the parts of ``data`` that are not plain ASCII."""
    if len(data) <= SAMPLE_BYTES:
        return data
    lines: list[bytes] = []
    size = 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            lines.append(line[:SAMPLE_BYTES])
            size += len(lines[-1])
            if size >= SAMPLE_BYTES:
                break
    return b"".join(lines)
