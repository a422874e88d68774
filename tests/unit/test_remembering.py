"""Searches and conversations that people keep: stored, listed, found again, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings, SettingsError
from kb.answering.answer import Answer
from kb.catalog.filters import SearchFilter
from kb.remembering import MOST_CHARACTERS, Scope, Turn

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add(HERON, name="birds/heron.txt")
        opened.add("Rye bread rests overnight. Herons do not eat it.", name="bread.txt")
        yield opened


def turn(base: KnowledgeBase, asked: str = "What do herons eat?") -> Turn:
    answer = Answer(
        question="What do grey herons eat?",
        text="Fish [1], no bread [2].",
        sources=tuple(base.search("herons eat", mode="keyword")),
        cited=(1, 2),
        thinking="Let me see.",
    )
    assert len(answer.sources) == 2
    return Turn(asked=asked, answer=answer)


def test_a_search_is_remembered_with_what_was_chosen_newest_first(base: KnowledgeBase) -> None:
    base.remembered.keep_search(" herons ", {"type": ["TXT", "PDF"], "path": []})
    base.remembered.keep_search("面包")
    kept = base.remembered.searches()
    assert [(each.query, dict(each.choices)) for each in kept] == [
        ("面包", {}),
        ("herons", {"type": ("TXT", "PDF")}),
    ]


def test_a_search_that_is_known_is_kept_once_and_becomes_the_newest(base: KnowledgeBase) -> None:
    for query in ("herons", "bread", "herons"):
        base.remembered.keep_search(query, {"tag": ["a"], "mode": ["dense"]})
    base.remembered.keep_search("bread", {"mode": ["dense"], "tag": ["a"]})
    assert [each.query for each in base.remembered.searches()] == ["bread", "herons"]


def test_a_search_is_forgotten_for_good(base: KnowledgeBase) -> None:
    base.remembered.keep_search("herons")
    (kept,) = base.remembered.searches()
    base.remembered.forget_search(kept.id)
    base.remembered.forget_search(kept.id)
    assert base.remembered.searches() == []


@pytest.mark.parametrize("query", ["", "  ", "x" * MOST_CHARACTERS])
def test_what_is_no_question_or_too_long_is_not_remembered(base: KnowledgeBase, query: str) -> None:
    with pytest.raises(SettingsError, match="cannot be remembered"):
        base.remembered.keep_search(query)
    assert base.remembered.searches() == []


def test_a_conversation_comes_back_as_it_was(base: KnowledgeBase) -> None:
    turns = [turn(base), turn(base, asked="And 面包?")]
    kept = base.remembered.keep_conversation(turns)
    assert base.remembered.conversation(kept) == turns
    (info,) = base.remembered.conversations()
    assert (info.id, info.title, info.turns) == (kept, "What do herons eat?", 2)


def test_a_turn_comes_back_with_its_collections_and_its_whole_filter(base: KnowledgeBase) -> None:
    where = SearchFilter(
        documents=(1, 2),
        media_types=("pdf", "text"),
        path="*birds*",
        languages=("zh",),
        tags=("a", "b"),
        page_first=3,
        page_last=7,
        date_from="2024",
        date_to="2024-05-01",
        metadata={"author": "Li", "year": 2024, "draft": True, "rate": 0.5},
    )
    asked = replace(turn(base), scope=Scope(collections=("default", "合同"), where=where))
    kept = base.remembered.keep_conversation([asked])
    (found,) = base.remembered.conversation(kept)
    assert found == asked
    assert found.scope.where.metadata["draft"] is True


def test_a_turn_of_a_release_that_stored_no_scope_opens_with_none(base: KnowledgeBase) -> None:
    answer = {"question": "What do herons eat?", "answer": "Fish.", "sources": [], "cited": []}
    stored = json.dumps({"asked": "Herons?", "answer": answer, "places": []})
    with base.remembered._catalog.change() as change:
        kept = change.keep_conversation(None, "Herons?", [stored], {})
    (found,) = base.remembered.conversation(kept)
    assert (found.asked, found.answer.text, found.scope) == ("Herons?", "Fish.", Scope())


def test_a_conversation_that_goes_on_stays_one_and_comes_first(base: KnowledgeBase) -> None:
    first = base.remembered.keep_conversation([turn(base)])
    second = base.remembered.keep_conversation([turn(base, asked="Second")])
    assert [each.id for each in base.remembered.conversations()] == [second, first]
    again = base.remembered.keep_conversation([turn(base), turn(base)], conversation_id=first)
    assert again == first
    assert [(each.id, each.turns) for each in base.remembered.conversations()] == [
        (first, 2),
        (second, 1),
    ]


def test_passages_go_with_their_documents_and_their_numbers_stay(base: KnowledgeBase) -> None:
    kept = base.remembered.keep_conversation([turn(base)])
    (before,) = base.remembered.conversation(kept)
    gone = next(n for n, hit in enumerate(before.answer.sources, 1) if "bread" in hit.source)
    base.remove(before.answer.sources[gone - 1].document_id)
    (after,) = base.remembered.conversation(kept)
    assert after.missing == (gone,)
    assert after.answer.cited == (1, 2)
    left = after.answer.sources[gone - 1]
    assert (left.text, left.source) == ("", "bread.txt")
    other = after.answer.sources[2 - gone]
    assert other == before.answer.sources[2 - gone]
    assert base.remembered.keep_conversation([after], conversation_id=kept) == kept
    assert base.remembered.conversation(kept) == [after]


def test_nothing_of_a_removed_document_stays_in_the_file(base: KnowledgeBase) -> None:
    kept = base.remembered.keep_conversation([turn(base)])
    for info in base.documents():
        base.remove(info.id)
    base.compact()
    (after,) = base.remembered.conversation(kept)
    assert after.missing == (1, 2)
    assert after.answer.text == "Fish [1], no bread [2]."


def test_a_conversation_is_deleted_with_all_of_it(base: KnowledgeBase) -> None:
    kept = base.remembered.keep_conversation([turn(base)])
    base.remembered.forget_conversation(kept)
    assert base.remembered.conversations() == []
    assert base.remembered.conversation(kept) == []
    again = base.remembered.keep_conversation([turn(base)], conversation_id=kept)
    assert again != kept


def test_remembering_is_no_change_of_what_can_be_found(base: KnowledgeBase) -> None:
    before = base.generation
    base.remembered.keep_search("herons")
    base.remembered.keep_conversation([turn(base)])
    assert base.generation == before
