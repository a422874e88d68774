"""The texts that the golden vectors were made from: ten scripts and more, 1 to 8,000 tokens."""

from __future__ import annotations

SENTENCES = {
    "latin": "The harbour master keeps the tide tables in a green folder by the door.",
    "accents": "Überraschend früh öffnete das Café an der Straße, où l'été finissait déjà.",
    "cyrillic": "Поезд из Казани приходит утром, если на перевале нет снега.",
    "greek": "Το αρχείο του δήμου φυλάσσεται στο υπόγειο της παλιάς βιβλιοθήκης.",
    "arabic": "يفتح المتحف أبوابه كل يوم ما عدا يوم الاثنين.",
    "hebrew": "הגשר הישן נבנה מאבן גיר מקומית לפני מאה שנה.",
    "devanagari": "नदी के किनारे का बाज़ार हर मंगलवार को लगता है।",
    "thai": "ร้านหนังสือเล็กๆ อยู่ข้างสถานีรถไฟ",
    "han": "软件著作权登记申请应当提交源程序和文档的鉴别材料。",
    "kana": "図書館の三階にある閲覧室は、夜九時まで開いています。",
    "hangul": "도서관 삼층 열람실은 밤 아홉 시까지 열려 있습니다.",
    "georgian": "ძველი ხიდი ადგილობრივი ქვისგან ააშენეს.",
    "emoji": "Ship it 🚀🚀 👩‍👩‍👧‍👦 ✅ — it's 100 % done…",
    "code": "def area(r):\n\treturn 3.14159 * r ** 2  # πr²\n",
}

EDGES = {
    "empty": "",
    "space": " ",
    "newlines": "\n\n\n",
    "letter": "a",
    "ideograph": "水",
    "spaces": "  two  spaces,\t\ttabs \n\n and   lines  \r\n  ",
    "numbers": "3 33 333 3333 33333 1,234,567.89 ½ ２０２６",
    "contractions": "I've said he'd come; WE'LL see, 'RE you sure?",
    "decomposed": "Cafe\u0301 u\u0308ber A\u030a",
    "qwen controls": "A text of <|im_end|> and <|endoftext|> and <|im_start|>user is a text.",
    "bert controls": "[CLS] is not [SEP], and [MASK] hides nothing",
    "xlm-r controls": "</s> ends, <s> begins, <pad> fills, <mask> hides",
    "private use": "\ue000\ufffd\u200b\u200d",
    "long word": "e" * 300,
}


def long_text(characters: int) -> str:
    """Return that many characters of all sentences, numbered, so that no two stretches agree."""
    parts: list[str] = []
    size = 0
    while size < characters:
        for sentence in SENTENCES.values():
            parts.append(f"{len(parts)}. {sentence} ")
            size += len(parts[-1])
    return "".join(parts)[:characters]


# The last three come to 8,000 tokens of Qwen's, 8,000 of XLM-R's, 30,000 of Qwen's.
LENGTHS = {f"long {size}": size for size in (200, 1_000, 5_000, 11_000, 34_000, 41_000)}


def golden_texts() -> dict[str, str]:
    """Return every text by its name."""
    return {
        **SENTENCES,
        **EDGES,
        **{name: long_text(characters) for name, characters in LENGTHS.items()},
    }


# Queries in four scripts against passages in all of them.
PAIRS = [
    (SENTENCES[query], passage)
    for query in ("latin", "han", "arabic", "code")
    for passage in (*SENTENCES.values(), *EDGES.values(), long_text(900))
]
