"""What keyword search takes for a term, and how a typed query becomes FTS5."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
import string

import pytest

from kb.catalog.state import Change, State
from kb.search.query import parse
from kb.words.terms import index_text, terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("snake_case", {"snake_case", "snake", "case"}),
        ("parseXMLFile", {"parsexmlfile", "parse", "xml", "file"}),
        ("HTTPServer2", {"httpserver2", "http", "server", "2"}),
        ("v1.5.9", {"v1.5.9", "1", "5", "9", "v"}),
        ("ERR_CONN_RESET", {"err_conn_reset", "conn"}),
        ("0x80070005", {"0x80070005"}),
        ("C++", {"c++", "c"}),
        ("C#", {"c#", "c"}),
        ("state-of-the-art", {"state-of-the-art", "art"}),
        ("知识库", {"知识", "识库"}),
        ("用Python写", {"python"}),
        ("ＡＢＣ", {"abc"}),
        ("한국어", {"한국", "국어"}),
        ("สวัสดี", {"สว", "ดี"}),
    ],
)
def test_whole_words_and_their_parts_are_terms(text: str, found: set[str]) -> None:
    assert found <= {term.text for term in terms(text)}


@pytest.mark.parametrize("word", ["Müller", "naïve", "ÉCOLE", "Straße", "Ελλάδα", "Москва"])
def test_a_word_with_accents_is_one_term(word: str) -> None:
    assert len(list(terms(word))) == 1


def test_case_and_accents_do_not_matter() -> None:
    assert index_text("Müller STRASSE Ångström") == index_text("muller straße angstrom")


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("œuvre", "oeuvre"),
        ("CŒUR", "coeur"),
        ("Æsop", "Aesop"),
        ("encyclopædia", "encyclopaedia"),
        ("Łódź", "Lodz"),
        ("Ørsted", "Orsted"),
        ("Tromsø", "tromso"),
        ("Đặng", "Dang"),
        ("Đorđević", "Dordevic"),
        ("Ħamrun", "Hamrun"),
        ("Þingvellir", "Thingvellir"),
        ("Borgarfjörður", "Borgarfjordur"),
        ("Sørensen_Łąki", "Sorensen_Laki"),
    ],
)
def test_letters_that_keyboards_lack_are_typed_with_plain_ones(written: str, typed: str) -> None:
    assert index_text(written).terms == index_text(typed).terms
    assert _matching(typed, f"about {written} here", "other words") == {1}
    assert _matching(f'"{written}"', f"about {typed} here", "other words") == {1}


@pytest.mark.parametrize(
    ("written", "typed"),
    [("U.S.A.", "USA"), ("N.A.T.O.", "nato"), ("U.N.E.S.C.O.", "UNESCO"), ("С.С.С.Р.", "СССР")],
)
def test_initials_are_found_with_their_points_and_without(written: str, typed: str) -> None:
    assert _matching(typed, f"in the {written} today", "other words") == {1}
    assert _matching(written, f"in the {typed} today", "other words") == {1}
    assert _matching(f'"{typed}"', f"in the {written} today", "other words") == {1}
    assert _matching(f'"{written}"', f"in the {typed} today", "other words") == {1}


def test_names_with_points_that_are_no_initials_are_not_joined() -> None:
    for text in ("www.example.com", "a.b1.c", "e.g. this", "1.2.3"):
        assert not {"wwwexamplecom", "ab1c", "eg", "123"} & {term.text for term in terms(text)}


def test_spans_are_those_of_the_text() -> None:
    text = "Die Größe von parse_Datei: 知识库 v2.0"
    for term in terms(text):
        assert text[term.start : term.end].casefold()[0] == term.text[0]


def _index(*texts: str) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    change = Change(db)
    change.create_keyword_index("kb-test")
    change.index_words("kb-test", [(n, index_text(t), "") for n, t in enumerate(texts, start=1)])
    return db


def _matching(query: str, *texts: str) -> set[int]:
    db = _index(*texts)
    try:
        parsed = parse(query)
        found = State(db).chunks_with_words("kb-test", " OR ".join(parsed.tokens))
        if parsed.required:
            found &= State(db).chunks_with_words("kb-test", parsed.condition)
        if parsed.excluded:
            found -= State(db).chunks_with_words("kb-test", parsed.exclusion)
        return found
    finally:
        db.close()


@pytest.mark.parametrize("character", ["大", "猫", "跑"])
def test_one_character_is_found_wherever_it_stands_in_a_run(character: str) -> None:
    assert _matching(character, "大猫跑", "小狗叫") == {1}


@pytest.mark.parametrize("phrase", ["知识库", "识库系", "系统", "库系统的", "的"])
def test_a_quoted_phrase_is_found_inside_a_run(phrase: str) -> None:
    assert _matching(f'"{phrase}"', "知识库系统的设计", "识知库，统系") >= {1}
    assert 2 not in _matching(f'"{phrase}"', "知识库系统的设计", "识知库，统系")


def test_a_quoted_phrase_keeps_its_order() -> None:
    assert _matching('"red house"', "a red house", "a house, red") == {1}


def test_a_phrase_may_hold_identifiers_and_two_scripts() -> None:
    assert _matching('"call parse_file now"', "please call parse_file now", "call now") == {1}
    assert _matching('"使用Python 3"', "我们使用Python 3开发", "Python 3 使用") == {1}


def test_a_minus_excludes_words_and_phrases() -> None:
    assert _matching("house -red", "red house", "blue house") == {2}
    assert _matching('house -"very red"', "very red house", "red house") == {2}
    assert _matching("系统 -知识库", "知识库系统", "操作系统") == {2}


@pytest.mark.parametrize("query", ["well-known", "--verbose", "below -5 degrees", "a - b"])
def test_hyphens_options_and_signs_exclude_nothing(query: str) -> None:
    assert parse(query).excluded == ()


@pytest.mark.parametrize("name", ["E-1407", "user_id", "fetchOne", "v2.15.0", "F-16", "COVID-19"])
def test_a_name_of_several_parts_is_an_identifier(name: str) -> None:
    assert len(parse(f"what about {name} then").identifiers) == 1


@pytest.mark.parametrize("word", ["well-known", "10-year", "U.S.", "Li's", "1,024", "mid-1990s"])
def test_words_with_hyphens_and_points_are_none(word: str) -> None:
    assert parse(f"what about {word} then").identifiers == frozenset()


def test_inches_are_no_quotation_marks() -> None:
    assert parse('a 5" disk and a 3" disk').required == ()


def test_excluded_words_and_quotation_marks_are_not_embedded() -> None:
    assert parse('cheap "red house" -villa').text == "cheap red house"


@pytest.mark.parametrize("query", ["", "   ", "\n\t", "-only -exclusions", "\x00"])
def test_nothing_to_look_for_is_blank(query: str) -> None:
    assert parse(query).is_blank


@pytest.mark.parametrize(
    "query",
    [
        'a" OR "b',
        "terms:x",
        "NEAR(a b)",
        "a AND NOT b",
        "x*",
        "^x",
        "{a b}: c",
        "'; DROP TABLE chunks; --",
        '"""',
        '-"',
        '"猫',
        string.punctuation,
        "".join(map(chr, range(1, 0x250))),
    ],
)
def test_nothing_typed_is_syntax(query: str) -> None:
    db = _index("some text")
    parsed = parse(query)
    for expression in (*parsed.tokens, *parsed.required, *parsed.excluded):
        State(db).chunks_with_words("kb-test", expression)
    if parsed.required:
        State(db).chunks_with_words("kb-test", parsed.condition)
    assert db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] > 0
    db.close()


def test_rare_words_rank_before_common_ones() -> None:
    db = _index(*["common word"] * 20, "common rare")
    (best, score), (_, next_score), *_ = State(db).best_by_words("kb-test", '"rare" OR "common"', 5)
    db.close()
    assert best == 21
    assert score > next_score
