"""Passages like one that was found, by its own vector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, SearchHit, Settings

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."
EGRET = "The white egret waits motionless in shallow water and strikes at small fish."
BREAD = "The dough of rye bread rests overnight before somebody bakes it."


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for name, text in {"heron": HERON, "egret": EGRET, "bread": BREAD}.items():
            opened.add(text, name=f"{name}.txt")
        yield opened


def hit(base: KnowledgeBase, query: str = "grey heron") -> SearchHit:
    return base.search(query, top_k=1, mode="keyword", highlights="none")[0]


def test_the_nearest_come_first_without_the_passage_itself(base: KnowledgeBase) -> None:
    found = base.likeness.like(hit(base))
    assert [each.source for each in found] == ["egret.txt", "bread.txt"]
    assert 1 > found[0].score > found[1].score >= 0
    assert [each.source for each in base.likeness.like(hit(base), most=1)] == ["egret.txt"]


def test_copies_of_the_passage_are_not_like_it_but_the_same(base: KnowledgeBase) -> None:
    for n in range(9):
        base.add(HERON + " " * n, name=f"copy-{n}.txt")
    assert [each.source for each in base.likeness.like(hit(base), most=2)] == [
        "egret.txt",
        "bread.txt",
    ]


def test_only_the_hits_own_collection_is_looked_through(base: KnowledgeBase) -> None:
    base.add(EGRET, name="elsewhere.txt", collection="other")
    assert "elsewhere.txt" not in {each.source for each in base.likeness.like(hit(base))}


def test_nothing_is_like_a_passage_that_is_gone(base: KnowledgeBase) -> None:
    known = hit(base)
    base.remove(known.document_id)
    assert base.likeness.like(known) == []


def test_a_passage_alone_has_none_like_it(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path / "alone")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as alone:
        alone.add(HERON, name="heron.txt")
        assert alone.likeness.like(hit(alone)) == []
