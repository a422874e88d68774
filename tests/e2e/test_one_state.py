"""What is read in one block agrees; what is changed in one block is seen whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, SearchFilter, SearchHit, Settings
from kb.catalog.state import State
from kb.languages.neutral import Means
from kb.search.answers import VectorAnswers
from kb.search.attempt import Attempt
from kb.search.kept import Kept
from kb.search.query import parse
from kb.search.resolved import Resolved, Sought

TEXT = "\n\n".join(f"Passage {n} tells of herons, reeds and water. " * 6 for n in range(9))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path, chunk_size=256, chunk_overlap=0)


@pytest.fixture
def base(settings: Settings) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add(TEXT, name="birds")
        yield opened


@pytest.fixture
def other(settings: Settings, base: KnowledgeBase) -> Iterator[KnowledgeBase]:
    assert base.documents()
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def attempt(base: KnowledgeBase, state: State) -> list[SearchHit]:
    """Find hits by words in one state."""
    asked = Resolved(
        collections=[base.collection()],
        queries=[Sought(query=parse("passage 4"), vectors=[None], means=Means(), mode="keyword")],
        top_k=3,
        where=SearchFilter(),
        context=0,
        diversity=0.0,
        rerank=None,
        task="",
    )
    return Attempt(VectorAnswers(base._store), state, Kept(), asked).hits()


def test_hits_are_found_in_one_state_from_the_first_read_to_the_last(
    base: KnowledgeBase, other: KnowledgeBase
) -> None:
    with base._store.catalog.reading() as state:
        before = attempt(base, state)
        other.remove(other.documents()[0].id)
        assert attempt(base, state) == before
        assert before
    with base._store.catalog.reading() as state:
        assert attempt(base, state) == []


def test_no_other_state_is_opened_while_hits_are_found(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[int] = []
    opened = 0
    reading = base._store.catalog.reading

    def counting() -> object:
        nonlocal opened
        opened += 1
        return reading()

    def first(self: Attempt) -> list[SearchHit]:
        inside.append(opened)
        hits = find(self)
        inside.append(opened)
        return hits

    find = Attempt.hits
    monkeypatch.setattr(base._store.catalog, "reading", counting)
    monkeypatch.setattr(Attempt, "hits", first)
    assert base.search("herons", mode="keyword", context=1, highlights="words")
    assert inside[0] == inside[-1]


def test_a_change_is_seen_whole_at_its_end(base: KnowledgeBase, other: KnowledgeBase) -> None:
    seen: list[tuple[str, str]] = []

    def look() -> None:
        info = other.collections()[0]
        seen.append((info.name, info.description))

    info = base.collection()
    with base._store.change_catalog() as change:
        change.describe_collection(info.id, "of birds")
        look_from = threading.Thread(target=look)
        look_from.start()
        look_from.join()
        change.rename_collection(info.id, "birds")
    look()
    assert seen == [("default", ""), ("birds", "of birds")]


def test_a_change_that_fails_leaves_nothing(base: KnowledgeBase) -> None:
    info = base.collection()

    def fail_in_the_middle() -> None:
        with base._store.change_catalog() as change:
            change.rename_collection(info.id, "birds")
            change.remove_document(base.documents()[0].id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_the_middle()
    assert [each.name for each in base.collections()] == ["default"]
    assert [each.name for each in base.documents()] == ["birds"]
    assert base.search("herons", mode="keyword", highlights="none")
