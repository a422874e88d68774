"""Decodes two encodings of seven bits: ISO-2022-CN, which Python lacks, and UTF-7.

ISO-2022-CN declares each set of characters before using it, and shifts to it and back.
"""

from __future__ import annotations

import re

from ingest.loaders.text import euc_tw

_CHINESE = re.compile(rb"\x1b\$(?:\)[AG]|\*H)")
# A change of sets; a shift; a character of the second plane; a character; all else.
_STEP = re.compile(
    rb"\x1b\$[)*](?P<set>[A-Z])|(?P<shift>[\x0e\x0f])|\x1bN(?P<second>[\x21-\x7e]{2})"
    rb"|(?P<pair>[\x21-\x7e]{2})|(?P<other>[\x00-\xff])"
)
_SHIFTED = re.compile(rb"\+[A-Za-z0-9/+]{2,}-?")
_TO_8_BITS = bytes(byte | 0x80 for byte in range(256))


def iso2022_cn(data: bytes) -> str | None:
    """Return the text of ISO-2022-CN, U+FFFD for unreadable bytes; None for other data."""
    if not data.isascii() or b"\x0e" not in data or not _CHINESE.search(data):
        return None
    text: list[str] = []
    charset, shifted, at = b"", False, 0
    while step := _STEP.match(data, at):
        at = step.end()
        if step["set"]:
            charset = step["set"] if step["set"] != b"H" else charset
        elif step["shift"]:
            shifted = step["shift"] == b"\x0e"
        elif step["second"]:
            text.append(euc_tw.decode(b"\x8e\xa2" + step["second"].translate(_TO_8_BITS)))
        elif step["pair"] and shifted:
            text.append(_character(step["pair"], charset))
        else:
            # Of two characters of ASCII the second may begin an escape sequence.
            text.append(step[0][:1].decode("ascii"))
            at = step.start() + 1
            shifted = shifted and step[0][:1] != b"\n"
    return "".join(text)


def _character(pair: bytes, charset: bytes) -> str:
    code = pair.translate(_TO_8_BITS)
    if charset == b"A":
        return code.decode("gb2312", "replace")
    return euc_tw.decode(code) if charset == b"G" else "\ufffd"


def utf7(data: bytes) -> str | None:
    """Return the text of UTF-7; None if it is invalid, or shifts to nothing."""
    if not data.isascii() or not _SHIFTED.search(data):
        return None
    try:
        text = data.decode("utf-7")
    except UnicodeDecodeError:
        return None
    return None if text.isascii() else text.removeprefix("\ufeff")
