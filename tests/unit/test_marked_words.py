"""Words that only build sentences are never marked, whatever the language."""

from __future__ import annotations

import pytest

from kb.search.highlight import telling_terms, term_spans
from kb.words.grammar import grammatical, known_languages
from kb.words.stems import _ALGORITHMS, languages_of

# A question and a passage that shares its function words and one word of content.
ASKED = {
    "ar": ("ما هي مدة الضمان في هذا البلد", "هذا هو الضمان في ما", ["الضمان"]),
    "ca": ("quina és la garantia del motor", "la garantia és del fabricant", ["garantia"]),
    "cs": ("jaká je záruka na stroj", "záruka je na dva roky", ["záruka"]),
    "da": ("hvad er garantien på maskinen", "der er en garantien på det", ["garantien"]),
    "de": ("Wie lange ist die Garantie auf das Gerät", "die Garantie ist auf das", ["Garantie"]),
    "el": ("ποια είναι η εγγύηση του μηχανήματος", "η εγγύηση είναι του", ["εγγύηση"]),
    "en": ("How long is the warranty of the machine", "the warranty is of the", ["warranty"]),
    "eo": ("kiom da garantio estas por la maŝino", "la garantio estas por", ["garantio"]),
    "es": ("cuál es la garantía de la máquina", "la garantía es de la", ["garantía"]),
    "et": ("mis on masina garantii ja hind", "garantii on ja see", ["garantii"]),
    "eu": ("zein da makinaren bermea eta zer", "bermea da eta hau", ["bermea"]),
    "fa": ("مدت ضمانت این دستگاه چه است", "این ضمانت است", ["ضمانت"]),
    "fi": ("mikä on koneen takuu ja kuinka", "takuu on ja se", ["takuu"]),
    "fr": ("quelle est la garantie de la machine", "la garantie est de la", ["garantie"]),
    "ga": ("cad é an baránta ar an meaisín", "tá an baránta ar an", ["baránta"]),
    "hi": ("मशीन की वारंटी कितनी है", "की वारंटी है", ["वारंटी"]),
    "hu": ("mennyi a gép garancia ideje és mi", "a garancia és az", ["garancia"]),
    "hy": ("ինչ է երաշխիք այս մեքենայի համար", "երաշխիք է այս համար", ["երաշխիք"]),
    "id": ("berapa lama garansi untuk mesin ini", "garansi untuk ini", ["garansi"]),
    "it": ("qual è la garanzia della macchina", "la garanzia della è", ["garanzia"]),
    "lt": ("kokia yra mašinos garantija ir kas", "garantija yra ir tai", ["garantija"]),
    "ne": ("यो मेसिनको वारेन्टी कति छ", "यो वारेन्टी छ", ["वारेन्टी"]),
    "nl": ("hoe lang is de garantie op het apparaat", "de garantie is op het", ["garantie"]),
    "no": ("hva er garantien på maskinen", "det er en garantien på", ["garantien"]),
    "pl": ("jaka jest gwarancja na urządzenie", "gwarancja jest na to", ["gwarancja"]),
    "pt": ("qual é a garantia da máquina", "a garantia é da", ["garantia"]),
    "ro": ("care este garanția pentru aparat", "garanția este pentru", ["garanția"]),
    "ru": ("какая гарантия на этот прибор", "гарантия на этот", ["гарантия"]),
    "sr": ("која је гаранција за овај апарат", "гаранција је за овај", ["гаранција"]),
    "st": ("waranti ya mochine ke efe", "waranti ya ke", ["waranti"]),
    "sv": ("vad är garantin på maskinen", "det är garantin på", ["garantin"]),
    "ta": ("இந்த இயந்திரத்தின் உத்தரவாதம் என்ன", "இந்த உத்தரவாதம் என்ன", ["உத்தரவாதம்"]),
    "tr": ("bu makinenin garanti süresi ne kadar", "bu garanti ne kadar", ["garanti"]),
    "yi": ("וואס איז די גאראנטיע פון דער מאשין", "די גאראנטיע איז פון", ["גאראנטיע"]),
    "zh": ("这台机器的保修期是多久？", "保修期是两年，这是多久的？", ["保修期"]),
    "zh-Hant": ("這台機器的保固期是多久？", "保固期是兩年，這是多久的？", ["保固期"]),
    "ja": ("この機械の保証期間はどのくらいですか", "この保証期間はどの", ["保証期間"]),
    "ko": ("이 기계의 보증은 언제까지 입니까", "보증은 언제 입니까", ["보증"]),
}  # fmt: skip


def marked(query: str, text: str, language: str) -> list[str]:
    return [text[a:b] for a, b in term_spans(telling_terms(query), text, language)]


def test_every_language_with_stems_has_its_function_words() -> None:
    assert set(_ALGORITHMS) <= known_languages()
    assert all(len(grammatical(each)) > len(grammatical("")) + 10 for each in known_languages())


@pytest.mark.parametrize("language", ASKED)
def test_words_of_content_are_marked_and_no_others(language: str) -> None:
    query, text, expected = ASKED[language]
    assert marked(query, text, language) == expected


def test_every_language_with_stems_is_asked() -> None:
    assert {languages_of(each)[0] for each in ASKED} >= set(_ALGORITHMS)


def test_an_article_of_one_language_is_a_verb_of_another() -> None:
    assert marked("where do salmon die", "Salmon die in rivers.", "en") == ["Salmon", "die"]
    assert marked("Wo sterben die Lachse", "die Lachse sterben", "de") == ["Lachse", "sterben"]


def test_a_name_in_capitals_is_no_function_word() -> None:
    assert marked("who runs the IT department", "It is the IT department.", "en") == [
        "IT",
        "department",
    ]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("the espresso machine's warranty", "the machine's warranty", ["machine's", "warranty"]),
        ("who's there", "it's Peter's", []),
        ("où est l'eau", "l'or et l'eau", ["l'eau"]),
        ("vitamin D", "it’d take vitamin D", ["vitamin", "D"]),
    ],
)
def test_what_an_apostrophe_cuts_off_is_no_word(query: str, text: str, expected: list[str]) -> None:
    assert marked(query, text, "") == expected


def test_chinese_words_that_hold_a_common_character_are_marked() -> None:
    assert marked("有效期和对象", "合同的有效期和对象", "zh") == ["有效期和对象"]
