"""What is written as it was typed comes before what only means the same characters or digits."""

from __future__ import annotations

import pytest

from kb import KnowledgeBase

TRADITIONAL = {
    "leave": "員工請假須於三日前提出申請，並經主管核准。",
    "hair": "她剪短了頭髮，看起來年輕許多。",
    "island": "臺灣的夏天有許多颱風，冬天溫暖。",
    "behind": "後面的座位視野比較好，票價也便宜。",
}
SIMPLIFIED = {
    "leave": "员工请假须于三日前提出申请，并经主管核准。",
    "hair": "她剪短了头发，看起来年轻许多。",
    "island": "台湾的夏天有许多台风，冬天温暖。",
    "behind": "后面的座位视野比较好，票价也便宜。",
}
QUERIES = [("員工請假", "员工请假"), ("頭髮", "头发"), ("臺灣", "台湾"), ("後面", "后面")]


@pytest.fixture
def both(base: KnowledgeBase) -> KnowledgeBase:
    # Longer texts count a little less for each word: one more sentence in either writing.
    for name, text in TRADITIONAL.items():
        base.add(text + ("其他規定另行公告。" if name in "hair leave" else ""), name=f"t-{name}")
    for name, text in SIMPLIFIED.items():
        base.add(text + ("其他规定另行公告。" if name in "island behind" else ""), name=f"s-{name}")
    return base


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_chinese_comes_first_in_the_writing_that_was_typed(
    both: KnowledgeBase, number: int
) -> None:
    traditional, simplified = QUERIES[number]
    for query, first, second in ((traditional, "t-", "s-"), (simplified, "s-", "t-")):
        hits = [hit.source for hit in both.search(query, mode="keyword")]
        assert [hits[0][:2], hits[1][:2]] == [first, second]
        assert hits[0][2:] == hits[1][2:]


def test_a_text_of_one_writing_ranks_as_before(both: KnowledgeBase) -> None:
    first = both.search("三日前提出", mode="keyword")
    assert {hit.source for hit in first[:2]} == {"t-leave", "s-leave"}


def test_letters_before_a_long_number_find_nothing_alone(base: KnowledgeBase) -> None:
    base.add("Pay to IBAN DE12 3456 7890 1234 5678 90 by Friday.", name="iban")
    base.add("The VAT number is DE123456789.", name="vat")
    base.add("VAT DE 123456789 applies.", name="parted")
    found = [hit.source for hit in base.search("DE123456789", mode="keyword")]
    assert found == ["vat", "parted"]


def test_letters_of_a_short_name_still_find_it(base: KnowledgeBase) -> None:
    base.add("An H2 tank stands behind the house.", name="tank")
    assert [hit.source for hit in base.search("H2 tank", mode="keyword")] == ["tank"]


def test_a_radical_is_the_character_that_it_looks_like_in_its_writing(base: KnowledgeBase) -> None:
    base.add("⾧度为三米，宽度为二米。", name="radical")
    base.add("长度为三米，宽度为二米。", name="simplified")
    for query, order in (("长度", ["simplified", "radical"]), ("長度", ["radical", "simplified"])):
        found = base.search(query, mode="keyword")
        assert [hit.source for hit in found] == order
        assert found[1].scores["keyword"] == pytest.approx(0.7 * found[0].scores["keyword"])
