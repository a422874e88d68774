"""What is found first: by meaning in any language, by words, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.records import SearchMode
from kb.search.reasons import RELEVANT, anything_relevant

MODES = pytest.mark.parametrize("mode", ["hybrid", "dense", "keyword"])

ENGLISH = {
    "bread": "Rye bread. Mix flour, water and sourdough, let it rest for twelve hours and bake it.",
    "tax": "Income tax is due at the end of May. A late declaration costs a fee each month.",
    "bees": "Bees find their way back to the hive by the position of the sun.",
    "bridge": "The bridge was closed for repairs in spring and opened again in autumn.",
    "tea": "Green tea is brewed with water of eighty degrees for two minutes.",
}
CHINESE = {
    "图书馆": "图书馆周末上午九点开门，晚上八点关门。每人最多可以借十本书。",
    "番茄": "番茄炒鸡蛋要先炒鸡蛋，再放番茄，最后加一点盐和糖。",
    "会议": "会议决定下个月开始使用新的办公楼，搬家的费用由公司承担。",
    "合同": "租赁合同到期前一个月，房东应当书面通知租客。",
    "火车": "去北京的火车每天早上七点出发，大约需要五个小时。",
}


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder
) -> Iterator[KnowledgeBase]:
    """A collection of two languages that is refined."""
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("ranking"))
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        for name, text in (ENGLISH | CHINESE).items():
            base.add(text, name=name)
        base.refine()
        yield base


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("When do I have to pay income tax?", "tax"),
        ("什么时候要交所得税？", "tax"),
        ("泡绿茶用多少度的水？", "tea"),
        ("蜜蜂怎么找到回蜂巢的路？", "bees"),
        ("图书馆几点关门？", "图书馆"),
        ("How many books may I borrow from the library?", "图书馆"),
        ("How long is the train ride to Beijing?", "火车"),
        ("Comment faire cuire du pain de seigle ?", "bread"),
    ],
)
def test_a_question_finds_its_answer_in_either_language(
    library: KnowledgeBase, question: str, name: str
) -> None:
    assert library.search(question)[0].source == name


@MODES
def test_hits_stand_in_the_order_of_their_scores(library: KnowledgeBase, mode: SearchMode) -> None:
    scores = [hit.score for hit in library.search("When is income tax due?", mode=mode)]
    assert scores
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)


def test_a_question_that_is_answered_is_surer_than_one_that_is_not(library: KnowledgeBase) -> None:
    answered = library.search("When is income tax due?")[0].score
    unanswered = library.search("Who won the chess championship in Norway?")[0].score
    assert answered > 0.5 > unanswered


@pytest.mark.parametrize(
    "question",
    [
        "什么时候要交所得税？",
        "泡绿茶用多少度的水？",
        "How many books may I borrow from the library?",
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_an_answer_in_another_language_is_as_sure_as_one_in_the_questions(
    library: KnowledgeBase, question: str, mode: SearchMode
) -> None:
    first, *others = library.search(question, mode=mode)
    assert first.score > 0.9
    assert first.reasons == ("best", "meaning")
    assert all(hit.score < 0.5 for hit in others)


@pytest.mark.parametrize(
    "question",
    [
        "Who won the chess championship in Norway?",
        "谁赢得了挪威的国际象棋锦标赛？",
        "Wie heißt die Hauptstadt von Peru?",
        "E-1407",
    ],
)
def test_of_a_question_that_nothing_answers_no_hit_is_the_best_match(
    library: KnowledgeBase, question: str
) -> None:
    found = library.search(question)
    assert found
    assert not anything_relevant(found)
    assert all("best" not in hit.reasons for hit in found)
    assert library.search(question, min_score=RELEVANT) == []


def test_each_stage_says_what_it_gave(library: KnowledgeBase) -> None:
    first = library.search("When is income tax due?")[0]
    assert first.ranks == {"dense": 1, "keyword": 1, "fused": 1}
    assert first.scores["fused"] == first.score
    assert first.scores["dense"] < 1


def test_what_is_found_by_words_alone_is_scored_by_meaning_as_well(library: KnowledgeBase) -> None:
    for hit in library.search("hours of the bridge in spring"):
        assert "dense" in hit.scores


def test_a_collection_without_sentences_answers_with_what_it_has(base: KnowledgeBase) -> None:
    for name, text in (ENGLISH | CHINESE).items():
        base.add(text, name=name)
    before = base.search("什么时候要交所得税？")
    assert before[0].source == "tax"
    assert 0 < before[0].score < 1
    base.refine()
    after = base.search("什么时候要交所得税？")
    assert after[0].source == "tax"
    assert {hit.source for hit in after} == {hit.source for hit in before}


def test_documents_that_are_not_refined_yet_are_found_beside_those_that_are(
    base: KnowledgeBase,
) -> None:
    for name, text in ENGLISH.items():
        base.add(text, name=name)
    base.refine()
    for name, text in CHINESE.items():
        base.add(text, name=name)
    assert base.search("图书馆几点关门？")[0].source == "图书馆"
    assert base.search("When is income tax due?")[0].source == "tax"


def test_a_sentence_in_a_long_passage_is_found_by_what_it_says(base: KnowledgeBase) -> None:
    filling = [text for text in ENGLISH.values() if "tax" not in text]
    long = " ".join([*filling[:2], ENGLISH["tax"], *filling[2:]])
    base.add(long, name="mixture")
    base.add("A tax adviser in the village plays the violin on Sundays.", name="violin")
    rough = base.search("What does a late declaration cost?", mode="dense")
    base.refine()
    exact = base.search("What does a late declaration cost?", mode="dense")
    gain = {hit.source: hit.scores["dense"] for hit in exact}
    assert exact[0].source == "mixture"
    before = {hit.source: hit.scores["dense"] for hit in rough}
    assert gain["mixture"] - gain["violin"] > before["mixture"] - before["violin"]
