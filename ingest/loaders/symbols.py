"""The signs that symbol fonts draw for letters, as Unicode characters.

The tables of Symbol and Zapf Dingbats follow these fonts' standard encodings; those of Wingdings 1
to 3 and Webdings follow the characters that Unicode 7 took from them. If many signs differ only in
weight or ornament, the table has the plain one, because people search for it: arrows, ticks,
crosses, boxes of forms, digits in circles.
"""

from __future__ import annotations

CHECKED, UNCHECKED = "☒", "☐"
"""A box of a form, in Word's default drawing."""

MARKS = frozenset("☐☑☒✓✔✗✘✖❑❒")
"""Boxes, ticks and crosses: they have a meaning even as bullets."""

_FIRST = 0x20  # the code of a table's first character
_PRIVATE = 0xF000  # symbol fonts keep code 0x20 at U+F020, and so on
_LARGEST = 0xFF


def _dingbats() -> str:
    """Return the signs of Zapf Dingbats, whose codes are Unicode's except for a few."""
    others = dict(zip(b"%*+Hlnstuw", "☎☛☞★●■▲▼◆◗", strict=True))
    others |= dict(zip(b"\xa8\xa9\xaa\xab\xd5\xd6\xd7", "♣♦♥♠→↔↕", strict=True))
    others |= {0xAC + at: chr(0x2460 + at) for at in range(10)}
    lower = "".join(others.get(code, chr(0x2700 + code - 0x20)) for code in range(0x21, 0x7F))
    upper = "".join(others.get(code, chr(0x2700 + code - 0x40)) for code in range(0xA1, 0xFF))
    return f" {lower}{' ' * 34}{upper}".replace("\u27b0", " ")


# A space marks a code without a sign.
_SIGNS = {
    "symbol": (
        " !∀#∃%&∋()*+,−./0123456789:;<=>?"
        "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
        "‾αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}~ "
        "                                "
        "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵"
        "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"
        "◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ ⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
    ),
    "wingdings": (
        " 🖉✂✁👓🕭🕮🕯🕿✆🖂🖃📪📫📬📭🗀🗁🗎🗏🗐🗄⌛🖮🖰🖲🖳🖴🖫🖬✇✍"
        "🖎✌🖏👍👎☜☞☝☟🖐☺😐☹💣🕱🏳🏱✈☼🌢❄🕆✞🕈✠✡☪☯🕉☸♈♉"
        "♊♋♌♍♎♏♐♑♒♓🙰🙵●🔾■☐☐❑❒🞟⧫◆❖⬩☒⮹⌘🏵🏶🙶🙷▯"
        "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿🙢🙠🙡🙣🙞🙜🙝🙟∙•"
        "⬝⭘🞆🞈🞊🞋🔿▪☐🟁🟅★🟋🟏🟓🟑⯐⌖⯎⯏⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘"
        "🕙🕚🕛⮰⮱⮲⮳⮴⮵⮶⮷🙪🙫🙕🙔🙗🙖🙐🙑🙒🙓⌫⌦⮘➢⮙⮛⮈⮊⮉⮋←"
        "→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⬄⇳⬁⬀⬃⬂🢬🢭✗✓☒☑"
    ),
    "wingdings 2": (
        " 🖊🖋🖌🖍✄✀🕾🕽🗅🗆🗇🗈🗉🗊🗋🗌🗍📋🗑🗔🖵🖶🖷🖸🖭🖯🖱🖒🖓🖘🖙"
        "🖚🖛👈👉🖜🖝🖞🖟🖠🖡👆👇🖢🖣🖑✗✓☒☑☒☒⮾⮿🛇⦸🙱🙴🙲🙳‽🙹🙺"
        "🙻🙦🙤🙥🙧🙚🙘🙙🙛⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿ "
        "☉🌕☽☾⸿✝🕇🕜🕝🕞🕟🕠🕡🕢🕣🕤🕥🕦🕧🙨🙩⋅🞄⦁●○🞅🞇🞉⊙⦿🞌"
        "🞍◾■☐🞑🞒🞓🞔▣🞕🞖🞗🞘⬩⬥◇🞚◈🞛🞜🞝🞞⬪⬧◊🞠◖◗⯊⯋⯀⯁"
        "⬟⯂⬣⬢⯃⯄🞡🞢🞣🞤🞥🞦🞧🞨🞩🞪🞫🞬🞭🞮🞯🞰🞱🞲🞳🞴🞵🞶🞷🞸🞹🞺"
        "🞻🞼🞽🞾🞿🟀🟂🟄🟆🟉🟊✶🟌🟎🟐🟒✹🟃🟇✯🟍🟔⯌⯍※⁂"
    ),
    "wingdings 3": (
        " ←→↑↓↖↗↙↘⭰⭲⭱⭳⭶⭸⭻⭽⭤⭥⭪⭬⭫⭭⭍⮠⮡⮢⮣⮤⮥⮦⮧"
        "⮐⮑⮒⮓⮀⮃⭾⭿⮄⮆⮅⮇⮏⮍⮎⮌⭮⭯⎋⌤⌃⌥␣⍽⇪⮸🢠🢡🢢🢣🢤🢥"
        "🢦🢧🢨🢩🢪🢫←→↑↓↖↗↙↘🡘🡙▲▼△▽◀▶◁▷◣◢◤◥🞀🞂🞁 "
        "🞃⯅⯆⯇⯈⮜⮞⮝⮟🠐🠒🠑🠓🠔🠖🠕🠗🠘🠚🠙🠛🠜🠞🠝🠟🠀🠂🠁🠃🠄🠆🠅"
        "🠇🠈🠊🠉🠋🠠🠢🠤🠦🠨🠪🠬🢜🢝🢞🢟🠮🠰🠲🠴🠶🠸🠺🠹🠻🢘🢚🢙🢛🠼🠾🠽"
        "🠿🡀🡂🡁🡃🡄🡆🡅🡇⮨⮩⮪⮫⮬⮭⮮⮯🡠🡢🡡🡣🡤🡥🡧🡦🡰🡲🡱🡳🡴🡵🡷"
        "🡶🢀🢂🢁🢃🢄🢅🢇🢆🢐🢒🢑🢓🢔🢖🢕🢗"
    ),
    "webdings": (
        " 🕷🕸🕲🕶🏆🎖🖇🗨🗩🗰🗱🌶🎗🙾🙼🗕🗖🗗⏴⏵⏶⏷⏪⏩⏮⏭⏸⏹⏺🗚🗳"
        "🛠🏗🏘🏙🏚🏜🏭🏛🏠🏖🏝🛣🔍🏔👁👂🏞🏕🛤🏟🛳🕬🕫🕨🔈🎔🎕🗬🙽🗭🗪🗫"
        "⮔✔🚲☐🛡📦🛱⬛🚑🛈🛩🛰🟈🕴⬤🛥🚔🗘✖❓🛲🚇🚍⛳⦸⊖🚭🗮⏐🗯🗲 "
        "🚹🚺🛉🛊🚼👽🏋⛷🏂🏌🏊🏄🏍🏎🚘🗠🛢💰🏷💳👪🗡🗢🗣✯🖄🖅🖃🖆🖹🖺🖻"
        "🕵🕰🖽🖾📋🗒🗓🕮📚🗞🗟🗃🗂🖼🎭🎜🎘🎙🎧💿🎞📷🎟🎬📽📹📾📻🎚🎛📺💻"
        "🖥🖦🖧🕹🎮🕻🕼📟🖁🖀🖨🖩🖿🖪🗜🔒🔓🗝📥📤🕳🌣🌤🌥🌦☁🌨🌧🌩🌪🌬🌫"
        "🌜🌡🛋🛏🍽🍸🛎🛍Ⓟ♿🛆🖈🎓🗤🗥🗦🗧🛪🐿🐦🐟🐕🐈🙬🙮🙭🙯🗺🌍🌏🌎🕊"
    ),
    "zapfdingbats": _dingbats(),
}
_OTHER_NAMES = {
    **dict.fromkeys(
        (
            "symbolmt",
            "symbol mt",
            "symbolps",
            "symbolstd",
            "symbolneu",
            "symbolset",
            "symbol set",
            "standardsyml",
            "standardsymbols",
            "standard symbols ps",
            "standard symbols l",
            "euclidsymbol",
            "euclid symbol",
        ),
        "symbol",
    ),
    **dict.fromkeys(
        (
            "zapf dingbats",
            "itc zapf dingbats",
            "itczapfdingbats",
            "zapfdingbatsitc",
            "dingbats",
            "monotype sorts",
            "monotypesorts",
            "d050000l",
            "zapfdingbatsstd",
        ),
        "zapfdingbats",
    ),
    "wingdings-regular": "wingdings",
    "wingdings2": "wingdings 2",
    "wingdings3": "wingdings 3",
}


def symbol_font(name: str | None) -> str:
    """Return the name of a symbol font in the tables, "" for any other font."""
    plain = (name or "").strip().casefold()
    plain = _OTHER_NAMES.get(plain, plain)
    return plain if plain in _SIGNS else ""


def sign(font: str, code: int) -> str:
    """Return a symbol font's sign for a code, in its own range or in the private one.

    "" if Unicode lacks the sign, or the font is not a symbol font.
    """
    place = (code - _PRIVATE if code >= _PRIVATE else code) - _FIRST
    signs = _SIGNS.get(font, "")
    found = signs[place] if 0 <= place < len(signs) else ""
    return found if place == 0 else found.strip()


def signs(text: str, font: str, upper_font: str) -> str:
    """Return the visible text of a run in symbol fonts.

    Args:
        text: the run's stored letters.
        font: the symbol font of ASCII letters, "" for an ordinary font.
        upper_font: that of all others.
    """
    return "".join(_drawn(char, font, upper_font) for char in text)


def _drawn(char: str, font: str, upper_font: str) -> str:
    code = ord(char)
    if _PRIVATE + _FIRST <= code <= _PRIVATE + _LARGEST:
        return sign(upper_font or font, code) or char
    if code < _FIRST or code > _LARGEST:
        return char
    return sign(upper_font if code > 0x7F else font, code) or char  # noqa: PLR2004 - ASCII's end
