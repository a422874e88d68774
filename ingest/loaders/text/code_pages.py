"""The undeclared encodings of older systems, and their everyday names."""

from __future__ import annotations

import re

from ingest.loaders.text.plausibility import Script

LEGACY: tuple[tuple[str, Script], ...] = (
    # supersets of the standards in their everyday names; ties go to the earlier one
    ("gb18030", "hans"),
    ("cp950", "hant"),
    ("big5hkscs", "hant"),
    ("euc_tw", "hant"),
    ("cp932", "ja"),
    ("euc_jp", "ja"),
    ("euc_jisx0213", "ja"),
    ("cp949", "ko"),
    ("johab", "ko"),
    ("utf-16-le", "hans"),
    ("utf-16-be", "hans"),
    ("utf-16-le", "ja"),
    ("utf-16-be", "ja"),
    ("cp1252", "latin"),
    ("cp1250", "latin"),
    ("cp1254", "latin"),
    ("iso8859_15", "latin"),
    ("iso8859_2", "latin"),
    ("cp1257", "latin"),
    ("iso8859_13", "latin"),
    ("mac_roman", "latin"),
    ("cp850", "latin"),
    ("cp852", "latin"),
    ("cp857", "latin"),
    ("cp437", "latin"),
    ("cp775", "latin"),
    ("cp860", "latin"),
    ("cp861", "latin"),
    ("cp865", "latin"),
    ("mac_iceland", "latin"),
    ("mac_latin2", "latin"),
    ("mac_croatian", "latin"),
    ("mac_turkish", "latin"),
    ("cp1251", "cyrillic"),
    ("koi8_u", "cyrillic"),
    ("cp866", "cyrillic"),
    ("cp1125", "cyrillic"),
    ("mac_cyrillic", "cyrillic"),
    ("iso8859_5", "cyrillic"),
    ("cp855", "cyrillic"),
    ("cp1256", "arabic"),
    ("cp1255", "hebrew"),
    ("cp1253", "greek"),
    ("iso8859_7", "greek"),
    ("cp737", "greek"),
    ("cp869", "greek"),
    ("mac_greek", "greek"),
    ("cp874", "thai"),
)
# Codes of quotes and dashes in windows-1252 are letters in these encodings: read as such they would
# make "don’t" seem a better word than it is.
QUOTES_AS_LETTERS = frozenset(
    name
    for name, script in LEGACY
    if script == "latin" and name.startswith(("mac_", "cp4", "cp7", "cp8"))
)
NAMES = {
    "mac_roman": "macroman",
    "mac_cyrillic": "maccyrillic",
    "mac_latin2": "maccentraleurope",
    "mac_croatian": "maccroatian",
    "mac_turkish": "macturkish",
    "mac_iceland": "maciceland",
    "mac_greek": "macgreek",
    **{f"iso8859_{part}": f"iso-8859-{part}" for part in (2, 5, 7, 13, 15)},
    "euc_tw": "euc-tw",
    "cp950": "big5",
    "big5hkscs": "big5-hkscs",
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "euc_jisx0213": "euc-jp",
    "cp949": "euc-kr",
    "iso2022_jp_ext": "iso-2022-jp",
    "iso2022_kr": "iso-2022-kr",
    "koi8_u": "koi8-r",
    **{f"cp{number}": f"windows-{number}" for number in range(1250, 1259)},
}
_DECLARED = re.compile(
    rb"""(?:charset|encoding|coding)\s*[=:]\s*["']?([A-Za-z0-9_.-]{2,20})""", re.IGNORECASE
)
_DECLARED_WITHIN = 1024


def declared(data: bytes) -> str | None:
    """Return the codec that the text itself names (``charset=…``), in the table's spelling."""
    found = _DECLARED.search(data[:_DECLARED_WITHIN])
    if not found:
        return None
    name = found[1].decode("ascii").lower()
    alias = {
        "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "cp950",
        "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "euc-jp": "euc_jp",
        "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "koi8-r": "koi8_u", "koi8-u": "koi8_u",
        "iso-8859-1": "cp1252", "iso-8859-2": "cp1250", "iso-8859-9": "cp1254",
    }  # fmt: skip
    return alias.get(name, name.replace("windows-", "cp"))
