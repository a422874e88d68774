"""How much a text looks like one language of the Latin alphabet, and its signs.

The same bytes are letters in each code page of Europe, so that a single letter says little. The
letters of one language say more: "ß" and "ä" are German, "ß" and "ő" belong to no language. So a
reading's score is that of the language that fits it best. Common words show possible languages.
Signs count by their places: "m²" is usual, "¶nieg" is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache

JUDGED_CHARACTERS = 12_288
# Letters that ASCII lacks, and common words, in ASCII alone if possible.
LANGUAGES: dict[str, tuple[str, str]] = {
    "de": ("äöüß", "der die das und ist nicht von mit den im ein eine zu auf für dem des sich"),
    "fr": ("éèàçêôîûùâëïœü", "le la les et est des un une dans que pour pas sur du au qui en ce"),
    "es": ("áéíóúñüªº", "el la los las de que y en un una por con para del no se su al es lo"),
    "pt": ("áâãàçéêíóôõúªº", "o a os as de que e em um uma por com para do da não se no na ao"),
    "it": ("àèéìòù", "il la di che e un una per con del della non si in le i è sono dei al"),
    "ca": ("àèéíòóúïüç", "el la els les de que i en un una per amb del no es al dels ha són"),
    "nl": ("ëéïöüè", "de het een en van is niet dat met op te voor zijn in aan er om ook"),
    "sv": ("åäöé", "och att det som en av den till med har inte för om ett var på är"),
    "fi": ("äöå", "ja on ei se oli joka että kun mutta myös hän tai ovat niin kuin"),
    "da": ("æøåé", "og at det er en af den til med har ikke for om et var som på der jeg"),
    "is": ("áðéíóúýþæö", "og að er ekki sem en var hann það með til um frá fyrir við af"),
    "et": ("äöõüšž", "ja on ei see et ta oma kui mis aga oli ka ning või seda"),
    "pl": ("ąćęłńóśźż", "i w na z do nie jest o od za po jak ale przez dla się to co oraz lub"),
    "cs": ("áčďéěíňóřšťúůýž", "a v na z do je se si to ale o pro od za by jako nebo jsou po"),
    "sk": ("áäčďéíľĺňóôŕšťúýž", "a v na z do je sa si to ale o pre od za by ako alebo po"),
    "hu": ("áéíóöőúüű", "a az egy hogy nem is ha van meg volt csak mint vagy ez el fel ki"),
    "hr": ("čćđšž", "i u na je da se za od su o s ne kao ili do iz koji biti po će"),
    "ro": ("ăâîșțşţ", "de la cu pe nu este din care un o sau mai pentru ce se prin fost sunt"),
    "tr": ("çğıöşüâİ", "ve bir bu ile da de olarak olan gibi daha ne o en kadar sonra her"),
    "lt": ("ąčęėįšųūž", "ir yra kad su kaip iš bet tai buvo apie arba nuo per jo"),
    "lv": ("āčēģīķļņšūž", "un ir no ar par kas ka bet vai lai tas kā uz pie nav"),
    "en": ("éèïç", "the of and to in is that for it as was with on be are by at this from or"),
}
_WESTERN = "éèáíóúüöäçñàâêôîßåøæëïìòùûõã"
_OWN, _MIXED, _GUEST, _STRANGE = 0.8, 0.4, 0.0, -0.4
_CAPITAL = 0.15
"""Deduction for a capital compared with the small letter: wrong readings have many."""
_FOREIGN_WORDS = 0.4
"""Largest deduction for a language with fewer common words than another."""
_USUAL, _ODD, _BROKEN = 0.35, -0.3, -3.0
_CLASH = 0.8

_SIGNS = "“”‘’–—…•«»„‚‹›€£©®°§·¡¿\xa0\xad™²³½¼¾±µ×ªº"
# Signs that may come right after a letter, before one, between two.
_BEHIND = "”“’‘»›…–—²³°™®©·\xa0\xad•"
_BEFORE = "“”„‚‘’«»‹›¿¡–—§©•·…£€\xa0\xad°µ"
_BETWEEN = "’‘·–—…\xa0\xad"
_LETTER = r"[^\W\d_ªºµˇˆ˛]"
_NO_LETTER = r"(?:[^\w\x00-\x7f]|[ªºµˇˆ˛])"
_CLASHES = re.compile(
    rf"(?<={_LETTER})(?![{_BEHIND}]){_NO_LETTER}|(?![{_BEFORE}]){_NO_LETTER}(?={_LETTER})"
    rf"|(?<={_LETTER})(?![{_BETWEEN}]){_NO_LETTER}(?={_LETTER})"
    r"|(?<=[a-zà-öø-ÿąćęłńśźżčďěňřšťůžőűăşţğı])(?=[À-ÖØ-ÞĄĆĘŁŃŚŹŻČĎĚŇŘŠŤŮŽŐŰĂŞŢĞİ])"
    r"|(?<=[à-öø-ÿ])(?=[A-Z])"
    r"|(?<=[À-ÖØ-öø-ſ]{2})[À-ÖØ-öø-ſ]"
    # "Ł12", "37í": a sign beside a number, in the wrong code page.
    r"|(?<!\w)[À-ÖØ-öø-ſ](?=\d)|(?<=\d)[À-ÖØ-öø-ſ](?!\w)"
    # A letter that is not a word of any language: a sign in the wrong code page.
    r"|(?<![\w'’])(?![àáéèíóúåæøöüÀÁÉÈÍÓÚÅÆØÖÜ])[À-ÖØ-öø-ſ](?![\w'’])"
)
_WORD = re.compile(r"[^\W\d_]+")


def latin_score(text: str) -> float:
    """Return how plausible ``text`` is as running text of one language, as ``score`` does."""
    text = text[:JUDGED_CHARACTERS]
    counts = Counter(char for char in text if char > "\x7f")
    total = sum(counts.values())
    if not total:
        return 0.0
    signs = {char: worth for char in counts if (worth := _sign(char)) is not None}
    worth = sum(counts[char] * each for char, each in signs.items())
    letters = {char: number for char, number in counts.items() if char not in signs}
    worth += _best_language(letters, text) if letters else 0.0
    worth -= _CLASH * sum(1 for _ in _CLASHES.finditer(text))
    return worth / total


def _best_language(letters: dict[str, int], text: str) -> float:
    words = Counter(word.lower() for word in _WORD.findall(text))
    spoken = sum(words.values())
    known = {
        name: sum(words[word] for word in common) / spoken for name, common in _words().items()
    }
    most = max(known.values())
    total = sum(letters.values())
    best = sum(number * _letter(char, _WESTERN, _MIXED) for char, number in letters.items())
    for name, (alphabet, _) in LANGUAGES.items():
        worth = sum(number * _letter(char, alphabet, _OWN) for char, number in letters.items())
        worth -= total * min(_FOREIGN_WORDS, 2 * (most - known[name]))
        best = max(best, worth)
    return best


def _letter(char: str, alphabet: str, worth: float) -> float:
    small = char.lower()
    capital = _CAPITAL if char != small else 0.0
    if char in alphabet or small in alphabet:
        return worth - capital
    return (_GUEST if small in _WESTERN else _STRANGE) - capital


@cache
def _words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, (_, words) in LANGUAGES.items()}


@cache
def _sign(char: str) -> float | None:
    """Return the value of a sign; None for a letter."""
    if char in _SIGNS:
        return _USUAL
    category = unicodedata.category(char)
    if category in ("Cc", "Cn", "Co", "Cs") or char == "\ufffd":
        return _BROKEN
    if "\u2500" <= char <= "\u259f":
        return 0.0  # the frames that programs of DOS draw
    return None if category in ("Lu", "Ll") else _ODD
