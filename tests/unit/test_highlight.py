"""Marking in a passage why it was found."""

from __future__ import annotations

from kb.search.highlight import coverage, sentences, telling_terms, term_spans


def _marked(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in term_spans(telling_terms(query), text)]


def test_words_are_marked_in_any_case_and_form() -> None:
    assert _marked("muller file", "Herr Müller: parseFile, FILE") == ["Müller", "File", "FILE"]


def test_neighbouring_pairs_merge_into_one_mark() -> None:
    assert _marked("知识库", "这个知识库很好") == ["知识库"]


def test_a_single_character_is_marked_inside_a_run() -> None:
    assert _marked("猫", "大猫跑，猫叫") == ["猫", "猫"]


def test_common_words_are_not_marked() -> None:
    assert _marked("what is the cat", "what is the cat") == ["cat"]


def test_coverage_is_the_share_of_telling_terms() -> None:
    assert coverage(telling_terms("red cat"), "a red house") == 0.5
    assert coverage(telling_terms("the"), "the") == 0.0


def test_sentences_end_at_full_stops_of_both_scripts_but_not_inside_numbers() -> None:
    text = "Version 1.5 works. 这是第一句。第二句！\nLast line"
    assert [text[a:b] for a, b in sentences(text)] == [
        "Version 1.5 works.",
        "这是第一句。",
        "第二句！",
        "Last line",
    ]


def test_other_forms_of_a_word_are_marked_in_the_documents_language() -> None:
    wanted = telling_terms("copy of a contract")
    text = "Two copies of both contracts."
    assert [text[a:b] for a, b in term_spans(wanted, text, "en")] == ["copies", "contracts"]
    assert term_spans(wanted, text, "sw") == ()
    assert coverage(wanted, text, "en") == 1.0


def test_a_version_and_a_number_are_marked_as_a_whole() -> None:
    assert _marked("1.2.3", "see v1.2.3 and v3.2.1") == ["1.2.3"]
    assert _marked("1250000", "a deposit of 1,250,000 yen") == ["1,250,000"]
    assert _marked("1,250,000", "a deposit of 1250000 yen") == ["1250000"]


def test_a_mark_of_a_vowel_alone_is_no_word_and_breaks_nothing() -> None:
    assert _marked("الضمان", "الضمان \u064b سنتان") == ["الضمان"]
    assert coverage(telling_terms("الضمان"), "الضمان \u064b سنتان", "ar") == 1.0


def test_both_ways_of_writing_chinese_are_marked() -> None:
    assert _marked("员工请假", "員工請假須於三日前") == ["員工請假"]
    assert _marked("髮", "剪头发") == ["发"]


def test_a_part_of_a_name_is_covered_by_the_whole_and_the_whole_by_its_parts() -> None:
    assert coverage(telling_terms("1,250,000"), "a deposit of 1250000 yen") == 1.0
    assert coverage(telling_terms("KX-4471-B"), "fuse KX4471B") == 1.0
    assert 0 < coverage(telling_terms("parseXMLFile"), "parse the file") < 1
