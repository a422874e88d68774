"""How often terms stand is counted anew after a change, but for common terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings
from kb.catalog.keywords import KeywordReads
from kb.search import term_frequencies
from kb.search.term_frequencies import TermFrequencies


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        for name in ("one", "two", "three", "four"):
            opened.add(f"The heron {name} waits.", name=name)
        yield opened


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose chunks are counted, one after another."""
    noted: list[str] = []
    counts = KeywordReads.term_frequencies

    def frequencies(
        self: KeywordReads, collection_id: str, tokens: Sequence[str]
    ) -> dict[str, int]:
        noted.extend(tokens)
        return counts(self, collection_id, tokens)

    monkeypatch.setattr(KeywordReads, "term_frequencies", frequencies)
    monkeypatch.setattr(term_frequencies, "COMMON", 3)
    return noted


def asked(base: KnowledgeBase, known: TermFrequencies) -> dict[str, int]:
    with base._store.catalog.reading() as state:
        return known.frequencies(state, base.collection(), ["heron", "two"])


def test_a_common_term_keeps_its_frequency_when_others_write(
    base: KnowledgeBase, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(term_frequencies, "_CHANGED", 0.5)
    known = TermFrequencies()
    assert asked(base, known) == {"heron": 4, "two": 1}
    base.add("Two terns, and a heron.", name="five")
    assert asked(base, known) == {"heron": 4, "two": 2}
    assert counted == ["heron", "two", "two"]


def test_a_common_term_is_counted_anew_once_the_collection_has_changed(
    base: KnowledgeBase, counted: list[str]
) -> None:
    known = TermFrequencies()
    asked(base, known)
    assert asked(base, known) == {"heron": 4, "two": 1}
    base.add("Two terns, and a heron.", name="five")
    assert asked(base, known) == {"heron": 5, "two": 2}
    assert counted == ["heron", "two"] * 2
