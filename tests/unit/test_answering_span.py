"""Which part of a passage is marked as what answers."""

from __future__ import annotations

import numpy as np

from kb.search.highlight import Passage, telling_terms
from kb.search.sentence import best_span


def marked(text: str, query: str) -> str:
    """Return what is marked of a passage that is one window."""
    span = best_span(
        Passage(text, "en"), [(0, len(text))], np.ones(1, np.float32), telling_terms(query)
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
