"""Characters that are not seen, and those that only look like others."""

from __future__ import annotations

import re

import pytest

from kb.characters import RADICALS, plain
from kb.text import normalise
from kb.words.terms import index_text, terms

UNSEEN = {
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "left-to-right embedding": "\u202a",
    "pop directional formatting": "\u202c",
    "word joiner": "\u2060",
    "invisible separator": "\u2063",
    "left-to-right isolate": "\u2066",
    "pop directional isolate": "\u2069",
    "combining grapheme joiner": "\u034f",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "Mongolian vowel separator": "\u180e",
    "variation selector": "\ufe0f",
    "variation selector 17": "\U000e0100",
    "tag": "\U000e0061",
    "Hangul filler": "\u3164",
}


@pytest.mark.parametrize("name", UNSEEN)
@pytest.mark.parametrize("word", ["clusterctl", "维护窗口", "KX-4471-B", "v2.3.10", "1,250,000"])
def test_what_is_not_seen_does_not_split_words(name: str, word: str) -> None:
    for at in range(1, len(word)):
        assert index_text(word[:at] + UNSEEN[name] + word[at:]) == index_text(word)


@pytest.mark.parametrize("word", ["สวัสดี", "ສະບາຍດີ", "សួស្តី", "မင်္ဂလာပါ"])
def test_a_zero_width_space_parts_words_of_scripts_without_spaces(word: str) -> None:
    parted = f"{word}\u200b{word}"
    assert normalise(parted) == parted
    assert index_text(parted).terms == f"{index_text(word).terms} {index_text(word).terms}"
    assert normalise(f"{word}\u200b\u200b{word}") == parted


def test_what_is_layout_is_not_stored_and_what_shapes_letters_is() -> None:
    assert normalise("cluster\u200bctl wj\u2060x 维\u200b护") == "clusterctl wjx 维护"
    assert normalise("می\u200cخواهم \u2066a\u2069") == "می\u200cخواهم \u2066a\u2069"


def test_spans_are_those_of_the_text_with_what_is_not_seen() -> None:
    text = "Run clus\u200bter\u2060ctl on 维\u200b护 ｶﾞｲﾄﾞ"
    spans = {text[term.start : term.end] for term in terms(text)}
    assert {"Run", "clus\u200bter\u2060ctl", "on", "维\u200b护", "ｶﾞｲ"} <= spans


def test_radicals_are_the_characters_they_stand_for() -> None:
    assert normalise("⽤⽔⼿册 阀⻔⻢⻝") == "用水手册 阀门马食"
    assert index_text("⽤⽔⼿册 阀⻔") == index_text("用水手册 阀门")
    assert len(RADICALS) == 214 + 113 + 1
    for character in RADICALS.values():
        assert re.fullmatch("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]", character)


def test_half_width_kana_are_full() -> None:
    assert index_text("ｶﾞｲﾄﾞ ﾊﾟﾝ") == index_text("ガイド パン")


def test_letters_that_look_alike_in_persian_and_arabic_are_one() -> None:
    assert index_text("کتاب یک").terms == index_text("كتاب يك").terms
    assert index_text("كتـــاب").terms == index_text("كتاب").terms


def test_a_text_of_visible_characters_stays_as_it_is() -> None:
    assert plain("Größe 知识 v2") == ("Größe 知识 v2", None)


@pytest.mark.parametrize(
    "text", ["a\u200b\u200bb", "ก\u200b\u200bข", "⺠\u2060⻔", "ก\u200b\u2060\u200bข", "⼀\u0301"]
)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
