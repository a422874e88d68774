"""How much a decoded text looks like a real language: the judge between candidate encodings.

Bytes read in the wrong legacy encoding still decode; they just become rare characters. So each
candidate's text is scored by the characters of running text: a few hundred very common Han
characters and Hangul syllables cover about half of any page, kana most of a Japanese one, and a
dozen letters most of a Cyrillic or Arabic one. The wider classes (a standard's own "level 1" of
everyday characters) are taken from Python's codecs, not from tables of ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Literal, get_args

Script = Literal[
    "hans", "hant", "ja", "ko", "latin", "cyrillic", "arabic", "hebrew", "greek", "thai"
]

SCRIPTS: tuple[Script, ...] = get_args(Script)

HANS = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年"
    "过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心"
    "本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由"
    "问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世"
    "位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四"
    "神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便"
    "空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边"
    "死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笑飞风步改收根干造言联持组每济车"
    "网页请软件字版证登录权申著"
)
HANT = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年"
    "過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心"
    "本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由"
    "問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世"
    "位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四"
    "神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便"
    "空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊"
    "死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運笑飛風步改收根幹造言聯持組每濟車"
    "網頁請軟體字版證登錄申灣臺台妳吧啊嗎呢"
)
KANJI = (
    "日一人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午"
    "百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨国会事者自社的方地業場員"
    "立開手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売"
    "知道集別物使品計死特私始朝運終台広住真有口少町料工建空急止送切転研足究楽起着店病質待試族銀"
    "早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服夕借曜"
    "部分発表示全内定関現要性新対成実最法化経当所合同可設法次回数必情報機能入力処理変更場"
)
HANGUL = (
    "이다는을의에가고지하로기사한은도서를어인대자리정나시아일그수전부해있라보주조제과스들장여안상비"
    "만원구동경성우성공적유무화게거니오선국세신교면문방미소관연계마모물개려학중진되할등된와년민회발내"
    "행것실위으며없생용명었습했음말불입분재않요각까저터북남단당통체러심간달집트타프드르호드워두후식"
    "운치산감결품종영였던같때많더또본김박역외노반토업"
)
LETTERS: dict[str, tuple[str, str]] = {
    # script: (the letters that make up most of a page, the rest of the alphabet)
    "cyrillic": ("оеаинтсрвлкмдпуяыьзбгчйхжі", "шюцщэфъёїєўґђјљњћџѓќѕ"),
    "arabic": ("اليمونترهبعدسفقكحةجأىش", "صطخضذزثغءظئؤإآپچژگی،؛؟ًٌٍَُِّْـ"),
    "hebrew": ("יוהאלרתבמשנםדח", "עקפכסטגזןךץףצ"),
    "greek": ("αοιετσνηυρπκμλςίόάέήώθύδγχωφ", "βξζψϊϋΐΰ"),
    "thai": ("านรอกเงมยลวดทสตะปบคหแจพชขใไ่้ัิีุู์", "ธณถโภศซญผฝฟฉษฮฎฏฐฑฒฆฌฬฤๆฯำืึ็๊๋๐๑๒๓๔๕๖๗๘๙"),
    "latin": (
        "éèàçüöäßñóíáãõêâôîûøåæœùëïúìò",
        "ğışčřěžšýůłąężśćńźőűțșăđµªº",
    ),
}
_TURKISH_OR_ICELANDIC = {
    "ı": 0.8,
    "ý": 0.4,
    "ğ": 0.5,
    "ð": 0.6,
    "ş": 0.65,
    "þ": 0.3,
    "İ": 0.4,
    "Ý": 0.1,
}
"""The same bytes in windows-1254 and windows-1252: distinguished by each language's commonest."""
_CASED = ("cyrillic", "greek", "latin")
_TYPOGRAPHY = "“”‘’–—…•«»„‚€£©®°§·¡¿\xa0™№"
_WIDE_PUNCTUATION = "，。、；：？！「」『』（）《》〈〉【】“”‘’…—　·～ー々〇％／"

_COMMON, _EVERYDAY, _NEUTRAL, _RARE, _BROKEN = 1.0, 0.35, 0.0, -0.3, -3.0
_JAMMED = 0.8
"""Deduction for an impossible neighbourhood, such as a capital after a small letter."""

_CLASHES: dict[str, re.Pattern[str]] = {
    # No word has a soft sign or "ы" after a vowel, or begins with a soft sign.
    "cyrillic": re.compile(
        r"[а-яё](?=[А-ЯЁ])|[A-Za-z](?=[Ѐ-ӿ])|[Ѐ-ӿ](?=[A-Za-z])"
        r"|[аеёиоуыэюя](?=[ьы])|(?<!\w)[ьЬ](?=\w)"
    ),
    # Words end in vowels, in nu, rho, xi, psi, or in the final sigma.
    "greek": re.compile(
        r"[α-ω](?=[Α-Ω])|[A-Za-z](?=[Ͱ-Ͽ])|[Ͱ-Ͽ](?=[A-Za-z])|(?<=\w)[βγδζθκλμπστφχ](?!\w)|ς(?=\w)"
    ),
    "arabic": re.compile("[A-Za-z](?=[\u0600-\u06ff])|[\u0600-\u06ff](?=[A-Za-zÀ-ÿ])"),
    "hebrew": re.compile("[A-Za-z](?=[\u0590-\u05ff])|[\u0590-\u05ff](?=[A-Za-z])"),
    "thai": re.compile("[A-Za-z](?=[\u0e00-\u0e7f])|[\u0e00-\u0e7f](?=[A-Za-z])"),
    "latin": re.compile("[a-zà-öø-ÿ](?=[À-ÖØ-Þ])|[À-ÖØ-öø-ſ]{3}|[A-Za-z](?=[¡-©«-¶¸¹»-¿×÷])"),
}


def score(text: str, script: Script) -> float:
    """Return how plausible ``text`` is as running text of ``script``.

    The mean over the characters beyond ASCII: near 0.7 for real text, near 0 or below for bytes
    read in a wrong encoding, 0 for text without such characters.
    """
    counts = Counter(char for char in text if char > "\x7f")
    total = sum(counts.values())
    if not total:
        return 0.0
    values = _values(script)
    worth = sum(number * _value(char, values) for char, number in counts.items())
    clash = _CLASHES.get(script)
    if clash is not None:
        worth -= _JAMMED * sum(1 for _ in clash.finditer(text))
    return worth / total


def ordinary_share(text: str) -> float:
    """Return the share of characters that are ASCII or common in some script, in [0, 1]."""
    if not text:
        return 0.0
    counts = Counter(text)
    common = _common_anywhere()
    good = sum(
        number
        for char, number in counts.items()
        if " " <= char <= "~" or char in "\t\r\n" or char in common
    )
    return good / len(text)


def broken_share(text: str) -> float:
    """Return the share of characters that no text contains: controls, private use, unassigned."""
    if not text:
        return 0.0
    counts = Counter(text)
    bad = sum(
        number
        for char, number in counts.items()
        if char not in "\t\r\n\f\x1a\x1b\x08"
        and unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs")
    )
    return bad / len(text)


@cache
def _values(script: Script) -> Mapping[str, float]:
    """Return the value of each known character of a script."""
    if script in LETTERS:
        return _letter_values(script)
    values = dict.fromkeys(_WIDE_PUNCTUATION, 0.6)
    if script == "hans":
        values |= dict.fromkeys(_rows("gb2312", 0xB0, 0xD7), _EVERYDAY) | dict.fromkeys(
            HANS, _COMMON
        )
    elif script == "hant":
        values |= dict.fromkeys(_big5_everyday(), _EVERYDAY) | dict.fromkeys(HANT, _COMMON)
    elif script == "ja":
        values |= dict.fromkeys(_rows("euc_jp", 0xB0, 0xCF), _EVERYDAY) | dict.fromkeys(
            KANJI, _COMMON
        )
        values |= dict.fromkeys(map(chr, range(0x3041, 0x3097)), 0.9)
        values |= dict.fromkeys(map(chr, range(0x30A1, 0x30FB)), 0.8)
    else:
        values |= dict.fromkeys(_rows("euc_kr", 0xB0, 0xC8), 0.2) | dict.fromkeys(HANGUL, _COMMON)
    return values


def _letter_values(script: str) -> dict[str, float]:
    common, others = LETTERS[script]
    values = dict.fromkeys(_TYPOGRAPHY, _EVERYDAY)
    # Latin's others are the everyday letters of Central Europe and Turkey, only less likely
    values |= dict.fromkeys(others, 0.65 if script == "latin" else 0.15)
    values |= dict.fromkeys(common, 0.8)
    if script == "latin":
        values |= _TURKISH_OR_ICELANDIC
    if script in _CASED:
        capitals = {char.upper() for char in common + others if len(char.upper()) == 1}
        values |= {char: 0.4 for char in capitals if char not in values}
    return values


def _value(char: str, values: Mapping[str, float]) -> float:
    known = values.get(char)
    if known is not None:
        return known
    if unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs") or char == "\ufffd":
        return _BROKEN
    if unicodedata.category(char)[0] in "LM":
        return _RARE
    return _NEUTRAL


@cache
def _common_anywhere() -> frozenset[str]:
    kana = "".join(map(chr, range(0x3041, 0x30FB)))
    letters = "".join(common + others for common, others in LETTERS.values())
    return frozenset(
        HANS
        + HANT
        + KANJI
        + HANGUL
        + kana
        + letters
        + letters.upper()
        + _WIDE_PUNCTUATION
        + _TYPOGRAPHY
    )


def _rows(codec: str, first: int, last: int) -> str:
    """Return the characters of a 94 x 94 standard whose lead byte is in first..last."""
    return "".join(
        bytes((lead, trail)).decode(codec, "ignore")
        for lead in range(first, last + 1)
        for trail in range(0xA1, 0xFF)
    )


def _big5_everyday() -> str:
    """Return Big5's first level: 5,401 characters of everyday use."""
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    return "".join(
        bytes((lead, trail)).decode("cp950", "ignore")
        for lead in range(0xA4, 0xC7)
        for trail in trails
    )
