"""Searching a real store with the real default model."""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings
from kb.catalog.filters import SearchFilter
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.errors import (
    CollectionError,
    EmbedderMismatchError,
    InputTooLongError,
    SettingsError,
)
from kb.evaluation import runs, spans
from kb.evaluation.judged import read_set
from kb.evaluation.making import make_set
from kb.records import SearchMode
from kb.search.request import SearchRequest

FOX = "The quick brown fox jumps over the lazy dog. It sleeps in its den at noon."
HEAT = "The heating of the building is regulated by a thermostat; turn it down at night."
ERROR = "When the server answers ERR_CONN_RESET, restart parseXMLFile with version 2.31.4."
CAT = "大猫在花园里跑。知识库系统可以找到它。"
TEXTS = {"fox": FOX, "heat": HEAT, "error": ERROR, "cat": CAT}
MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")


@pytest.fixture
def filled(base: KnowledgeBase) -> KnowledgeBase:
    for name, text in TEXTS.items():
        base.add(text, name=name, metadata={"language": "zh" if name == "cat" else "en"})
    return base


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("ERR_CONN_RESET", "error"),
        ("conn", "error"),
        ("xml file", "error"),
        ("2.31.4", "error"),
        ("猫", "cat"),
        ("知识库", "cat"),
        ("Fox!", "fox"),
    ],
)
def test_names_codes_and_characters_are_found_by_words(
    filled: KnowledgeBase, query: str, source: str, mode: SearchMode
) -> None:
    assert filled.search(query, mode=mode)[0].source == source


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_meaning_finds_what_shares_no_word_and_no_language(
    filled: KnowledgeBase, mode: SearchMode
) -> None:
    assert filled.search("怎样在晚上节省暖气费用", mode=mode)[0].source == "heat"


@pytest.mark.parametrize("mode", MODES)
def test_quoted_words_stand_in_every_hit_and_excluded_ones_in_none(
    filled: KnowledgeBase, mode: SearchMode
) -> None:
    assert {hit.source for hit in filled.search('the "brown fox"', mode=mode)} == {"fox"}
    without = {hit.source for hit in filled.search("building jumps -fox -server 知识", mode=mode)}
    assert "heat" in without
    assert not without & {"fox", "error"}


@pytest.mark.parametrize("mode", MODES)
def test_a_filter_never_costs_hits_that_match(filled: KnowledgeBase, mode: SearchMode) -> None:
    hits = filled.search("大猫 the", mode=mode, where=SearchFilter(languages=("en",)), top_k=3)
    assert {hit.source for hit in hits} <= {"fox", "heat", "error"}
    if mode != "keyword":
        assert len(hits) == 3


def test_hits_carry_the_score_of_each_stage(filled: KnowledgeBase) -> None:
    best, *others = filled.search("lazy dog")
    assert set(best.scores) == {"dense", "keyword", "fused"}
    assert 1 >= best.score == best.scores["fused"] > others[0].score
    assert all("keyword" not in hit.scores for hit in others)
    by_meaning = filled.search("lazy dog", mode="dense")[0]
    by_words = filled.search("lazy dog", mode="keyword")[0]
    assert by_meaning.scores == {"dense": best.scores["dense"]}
    assert by_words.scores == {"keyword": best.scores["keyword"]}
    assert 0 < by_meaning.score < 1
    assert 0 < by_words.score < 1


def test_a_hit_says_its_place_in_each_stage(filled: KnowledgeBase) -> None:
    hits = filled.search("lazy dog")
    assert [hit.ranks["fused"] for hit in hits] == [1, 2, 3, 4]
    assert sorted(hit.ranks["dense"] for hit in hits) == [1, 2, 3, 4]
    assert hits[0].ranks == {"dense": 1, "keyword": 1, "fused": 1}
    assert hits[0].scores["dense"] == max(hit.scores["dense"] for hit in hits)


def test_the_matching_words_are_marked(filled: KnowledgeBase) -> None:
    hit = filled.search("lazy dog", highlights="words")[0]
    assert [hit.text[start:end] for start, end in hit.highlights] == ["lazy", "dog"]
    assert (hit.words, hit.sentence) == (hit.highlights, None)


def test_the_words_are_marked_beside_the_sentence_that_answers(filled: KnowledgeBase) -> None:
    hit = filled.search("lazy dog")[0]
    assert [hit.text[start:end] for start, end in hit.words] == ["lazy", "dog"]
    assert hit.sentence is not None
    assert hit.text[slice(*hit.sentence)] == "The quick brown fox jumps over the lazy dog."


def test_without_words_in_common_the_nearest_sentence_is_marked(filled: KnowledgeBase) -> None:
    (hit,) = filled.search("狐狸在哪里睡觉", where=SearchFilter(path="fox"))
    assert [hit.text[start:end] for start, end in hit.highlights] == [
        "It sleeps in its den at noon."
    ]


def test_marks_can_follow_the_hits_or_be_left_out(filled: KnowledgeBase) -> None:
    query, where = "狐狸在哪里睡觉", SearchFilter(path="fox")
    (bare,) = filled.search(query, where=where, highlights="none")
    (words,) = filled.search(query, where=where, highlights="words")
    assert bare.highlights == words.highlights == ()
    assert filled.highlight(query, [words]) == filled.search(query, where=where)

    (said,) = filled.search("lazy dog", top_k=1, highlights="words")
    assert [said.text[start:end] for start, end in said.highlights] == ["lazy", "dog"]
    (marked,) = filled.highlight("lazy dog", [said])
    assert [marked] == filled.search("lazy dog", top_k=1)
    assert marked.words == said.highlights
    assert filled.highlight(query, []) == []


def test_hits_by_words_of_a_question_too_long_for_the_model_keep_their_marks(
    filled: KnowledgeBase,
) -> None:
    query = "lazy dog " * 600
    hits = filled.search(query, mode="keyword", highlights="words")
    assert hits
    assert hits[0].highlights
    assert filled.highlight(query, hits) == hits


def test_a_code_that_many_chunks_hold_comes_before_chunks_without_it(base: KnowledgeBase) -> None:
    for n in range(12):
        base.add(f"Part {n} of the plan: call frob_nicate and then wait.", name=f"with-{n}")
        base.add(f"Part {n} of the plan: nicely frobbing things, then wait.", name=f"without-{n}")
    hits = base.search("frob_nicate", top_k=10)
    assert sum(hit.source.startswith("with-") for hit in hits) >= 9


def test_the_same_passage_in_two_documents_is_one_hit_with_both_sources(
    base: KnowledgeBase,
) -> None:
    long = "\n\n".join(f"Paragraph {n} about cooking rice. " + "Stir it well. " * 60 for n in "ab")
    base.add(long, name="one")
    base.add(long + "\n\nThe end.", name="two")
    base.add(FOX, name="fox")
    hits = base.search("cooking rice", top_k=8)
    assert set(map(str, hits[0].sources)) == {"one", "two"}
    assert len({hit.text for hit in hits}) == len(hits)


def test_changed_and_removed_text_is_not_found_any_more(filled: KnowledgeBase) -> None:
    filled.add("Entirely different words.", name="fox")
    assert filled.search("fox", mode="keyword") == []
    for info in filled.documents():
        filled.remove(info.id)
    assert filled.search("different") == []


def test_collections_of_two_models_are_not_searched_at_once(
    filled: KnowledgeBase,
) -> None:
    with KnowledgeBase.open(filled.settings, embedder=HashingEmbedder()) as other:
        other.add("A fox of another model.", name="other", collection="second")
    with pytest.raises(EmbedderMismatchError, match=r"'second' was made with .*hashed-words"):
        filled.search("fox", collection=["default", "second"])


def test_collections_count_what_is_visible_in_them(filled: KnowledgeBase) -> None:
    filled.add("Entirely different words.", name="fox")
    filled.remove(filled.documents()[0].id)
    listed = filled.documents()
    info = filled.collection()
    assert (info.documents, info.chunks) == (len(listed), sum(each.chunks for each in listed))
    assert info.documents == len(TEXTS) - 1


def test_several_collections_are_searched_at_once_and_judged_apart(filled: KnowledgeBase) -> None:
    filled.add("A fox in another collection.", name="other", collection="second")
    found = filled.search("fox", collection=["default", "second"], mode="keyword")
    assert {hit.collection for hit in found} == {"default", "second"}
    assert {hit.source for hit in filled.search("fox", collection="second")} == {"other"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [["vacation", "cooking"], ["cooking", "vacation"]])
def test_a_collection_that_knows_nothing_of_it_does_not_come_between(
    base: KnowledgeBase, order: list[str], mode: SearchMode
) -> None:
    about = {
        "vacation": (
            "Every employee has thirty days of vacation a year.",
            "Unused vacation days lapse at the end of March.",
            "A vacation is asked for two weeks before it begins.",
        ),
        "cooking": (
            "Peel the potatoes and boil them for twenty minutes.",
            "Whisk the eggs with a pinch of salt.",
            "Let the dough rest overnight in a cool place.",
        ),
    }
    for collection, lines in about.items():
        for line in lines:
            base.add(line, collection=collection)
    found = base.search("Wie viel vacation bekomme ich?", collection=order, mode=mode, top_k=3)
    assert [hit.collection for hit in found] == ["vacation"] * 3


@pytest.mark.parametrize(
    ("query", "exact", "scattered"),
    [
        ("E-1407", "The pump stops with E-1407 {}.", "Valve E, room 1407."),
        ("push_back", "Call push_back on it {}.", "Push the chair back."),
    ],
)
def test_an_identifier_is_found_before_its_scattered_parts(
    base: KnowledgeBase, query: str, exact: str, scattered: str
) -> None:
    base.add(exact.format("whenever the pressure falls below what the manual asks for" * 2))
    base.add(scattered)
    for number in range(12):
        base.add(f"Another passage about the garden, number {number}.")
    for mode in ("keyword", "hybrid"):
        first = base.search(query, mode=mode)[0]  # type: ignore[arg-type] # modes, by name
        assert query in first.text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"query": "fox", "mode": "fuzzy"}, "no mode 'fuzzy'"),
        ({"query": "fox", "top_k": 0}, "top_k is 0"),
        ({"query": "-fox -dog"}, "only excludes passages"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    filled: KnowledgeBase, asked: dict[str, Any], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        filled.search(**asked)


@pytest.mark.parametrize("mode", MODES)
def test_a_query_longer_than_is_looked_up_is_refused_in_every_mode(
    filled: KnowledgeBase, mode: SearchMode
) -> None:
    words = " ".join(map("".join, islice(product(ascii_lowercase, repeat=3), 2100)))
    for query, says in (("x" * 20_000, "at most 16,384"), (words, "at most 2,048")):
        with pytest.raises(InputTooLongError, match=says):
            filled.search(query, mode=mode)
        with pytest.raises(InputTooLongError, match=says):
            filled.highlight(query, [])


def test_an_evaluation_scores_a_set_without_touching_the_store(
    filled: KnowledgeBase, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    assert make_set(filled, folder, collection=None, count=3) == 3
    queries = folder / "queries.jsonl"
    words = {FOX: "lazy dog", HEAT: "thermostat", ERROR: "ERR_CONN_RESET", CAT: "知识库"}
    text = queries.read_text()
    for passage, words_of_it in words.items():
        lines = [
            line.replace('"text": ""', f'"text": "{words_of_it}"') if passage in line else line
            for line in text.split("\n")
        ]
        text = "\n".join(lines)
    queries.write_text(text)
    judged = read_set(folder, spans=True)
    before = filled.documents()
    with runs.ingested(judged, filled.settings, filled.embedder) as scratch:
        done = [runs.run(scratch, judged, mode=mode) for mode in MODES]
        by_span = spans.run(scratch, judged, mode="keyword", top_k=1)
    assert done[0].means()["ndcg@10"][0] == pytest.approx(1.0)
    assert by_span.means["recall"][0] == pytest.approx(1.0)
    runs.save(done, tmp_path / "run.json")
    again = runs.load(tmp_path / "run.json")
    assert runs.compare(again[0], done[0], "ndcg@10")[0] == 0.0
    assert filled.documents() == before


ASKED = SearchRequest(query="fox", top_k=8)


def test_a_search_that_began_before_a_commit_of_another_process_is_answered(
    filled: KnowledgeBase,
) -> None:
    before = filled.collection()
    for number in range(5):
        filled.add(f"A fox of number {number} runs.", name=f"new{number}")
    hits = filled._searcher._search(ASKED, [before], [filled.embedder.identity])
    assert any(hit.source == "new0" for hit in hits)


def test_a_search_that_began_before_its_collection_was_deleted_says_so(
    filled: KnowledgeBase,
) -> None:
    before = filled.collection()
    filled.delete_collection("default")
    with pytest.raises(CollectionError, match="deleted"):
        filled._searcher._search(ASKED, [before], [filled.embedder.identity])


def test_a_question_longer_than_the_model_reads_is_refused_but_not_by_words(
    filled: KnowledgeBase,
) -> None:
    question = "lazy dog " * 400
    with pytest.raises(InputTooLongError, match=r"question is too long.*search by words"):
        filled.search(question)
    assert filled.search(question, mode="keyword")[0].source == "fox"


def test_a_name_that_a_terminal_would_obey_is_shown_on_one_line(
    settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add("A heron.", name="na\x1b[2Jme\nnew.txt")
    monkeypatch.setenv("KB_DATA_DIR", str(settings.data_dir))
    for command in (["search", "heron"], ["documents"]):
        shown = CliRunner().invoke(app, command).stdout
        assert "\x1b" not in shown
        assert "na\ufffd[2Jme\ufffdnew.txt" in shown
