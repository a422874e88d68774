"""Which part of a passage is marked as what answers."""

from __future__ import annotations

import numpy as np
import pytest

from kb.search.highlight import Passage, telling_terms
from kb.search.sentence import best_span


def marked(text: str, query: str, language: str = "en") -> str:
    """Return what is marked of a passage that is one window."""
    span = best_span(
        Passage(text, language), [(0, len(text))], np.ones(1, np.float32), telling_terms(query)
    )
    assert span is not None
    return text[slice(*span)]


def test_a_heading_with_the_querys_words_is_not_what_answers() -> None:
    text = "Fees are due in May.\n\nExpense claims\n\nHand in receipts within thirty days."
    assert marked(text, "expense claims") == "Hand in receipts within thirty days."


def test_headings_before_and_after_are_left_out() -> None:
    text = "Growth\n\nSales rose by four percent in Austria.\n\nStaff\n"
    assert marked(text, "why did sales rise") == "Sales rose by four percent in Austria."


def test_of_several_paragraphs_the_one_with_the_words_is_marked() -> None:
    text = "The door is not closed.\n\nThe warranty lasts 36 months.\n\nCall us at any time."
    assert marked(text, "how long is the warranty") == "The warranty lasts 36 months."


@pytest.mark.parametrize(
    ("language", "text", "query", "expected"),
    [
        ("zh", "请妥善保管收据。保修期为二十四个月。除垢每月一次。", "保修期多久？", 1),
        ("zh", "請妥善保管收據。每月除垢一次。保固期為二十四個月。", "保固期多久？", 2),
        (
            "ja",
            "修理は無料です。電圧は百ボルトです。保証期間は二年です。",
            "保証期間は何年ですか",
            2,
        ),
        ("ko", "영수증을 보관하세요. 보증 기간은 2년입니다. 전압은 220V입니다.", "보증 기간은?", 1),
    ],
)
def test_of_several_sentences_in_a_dense_script_the_one_with_the_words_is_marked(
    language: str, text: str, query: str, expected: int
) -> None:
    parts = [part.strip() + end for part, end in _ended(text)]
    assert marked(text, query, language) == parts[expected]


def _ended(text: str) -> list[tuple[str, str]]:
    """Return the sentences of a text and the marks that end them."""
    end = "。" if "。" in text else "."
    return [(part, end) for part in text.split(end)[:-1]]


def test_sentences_that_have_nearly_as_many_of_the_words_are_marked_as_well() -> None:
    text = "保修期从购买之日起计算。保修期内维修免费。请每月除垢。"
    assert marked(text, "保修期内维修要多少钱", "zh") == "保修期内维修免费。"
    assert marked(text, "保修期", "zh") == "保修期从购买之日起计算。保修期内维修免费。"


def test_where_no_words_tell_sentences_apart_the_whole_window_is_marked() -> None:
    text = "请妥善保管收据。保修期为二十四个月。除垢每月一次。"
    assert marked(text, "how long is the warranty", "zh") == text


def test_two_short_sentences_of_one_paragraph_stay_together_in_other_scripts() -> None:
    text = "The warranty lasts 24 months. Keep the receipt."
    assert marked(text, "how long is the warranty") == text


LINES = {
    "a list": "Espresso 2 €\nLatte 3 €\nMocha 4 €",
    "bullets": "- Espresso 2 €\n- Latte 3 €\n- Mocha 4 €",
    "numbers": "1. Espresso 2 €\n2. Latte 3 €\n3. Mocha 4 €",
    "paragraphs": "Espresso 2 €\n\nLatte 3 €\n\nMocha 4 €",
    "paragraphs below a heading": "Drinks\n\nEspresso 2 €\n\nLatte 3 €\n\nMocha 4 €",
    "a table": "Drink | Price\nEspresso | 2 €\nLatte | 3 €\nMocha | 4 €",
    "a drawn table": "| Drink | Price |\n| --- | --- |\n| Espresso | 2 € |\n| Latte | 3 € |",
    "tabs": "Drink\tPrice\nEspresso\t2 €\nLatte\t3 €\nMocha\t4 €",
    "facts": "Espresso: 2 €\nLatte: 3 €\nMocha: 4 €",
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("drink", ["Espresso", "Latte"])
def test_where_one_line_answers_one_line_is_marked(name: str, drink: str) -> None:
    (line,) = [line for line in LINES[name].splitlines() if drink in line]
    assert marked(LINES[name], f"price of one {drink.lower()}") == line


def test_one_line_of_a_chinese_list_is_marked() -> None:
    text = "保修期：二十四个月\n电压：220伏\n重量：3公斤\n颜色：黑色"
    assert marked(text, "重量是多少", "zh") == "重量：3公斤"


def test_a_line_that_introduces_others_does_not_answer_for_them() -> None:
    text = "Opening hours:\nMonday 9 to 17\nSaturday 10 to 14"
    assert marked(text, "opening hours on saturday") == "Saturday 10 to 14"
    assert marked(text, "opening hours") == "Monday 9 to 17\nSaturday 10 to 14"


def test_of_several_sections_the_one_whose_heading_has_the_words_is_marked() -> None:
    text = "Fees are due in May.\n\nClaims\n\nHand in receipts.\n\nLeave\n\nAsk your team."
    assert marked(text, "what about claims") == "Hand in receipts."
    assert marked(text, "what about leave") == "Ask your team."


def test_a_table_whose_first_row_is_a_fact_has_no_row_of_names() -> None:
    text = "Owner | Ann\nDoctor | Li\nCity | Rome"
    assert marked(text, "who is the owner") == "Owner | Ann"


def test_a_question_in_the_text_introduces_its_answer() -> None:
    text = "How long is the warranty?\n\n24 months.\n\nWho pays shipping?\n\nYou do."
    assert marked(text, "how long is the warranty") == "24 months."
    assert marked(text, "who pays for shipping?") == "You do."
    assert marked("保修期多久？二十四个月。谁付运费？", "保修期多久", "zh") == "二十四个月。"


def test_of_several_questions_one_is_marked() -> None:
    text = "How old are you?\nWhere do you live?\nDo you smoke?"
    assert marked(text, "smoke") == "Do you smoke?"


def test_a_section_with_the_words_in_its_heading_comes_before_one_without() -> None:
    text = "Opening hours:\nMonday 9 to 17\n\nContact:\nPhone 555"
    assert marked(text, "opening hours") == "Monday 9 to 17"
    assert marked(text, "contact") == "Phone 555"


def test_a_line_without_digits_above_a_list_of_figures_names_it() -> None:
    text = "Price\nCoffee 50\nTea 40\nWater 10"
    assert marked(text, "price of tea") == "Tea 40"
    assert marked(text, "price") == "Coffee 50\nTea 40\nWater 10"


def test_a_line_of_a_program_that_ends_with_a_colon_is_marked() -> None:
    text = "def area(r):\n    return 3.14 * r * r\n\ndef length(r):\n    return 6.28 * r"
    assert marked(text, "area") == "def area(r):"
