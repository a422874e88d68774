"""Means of languages for a model that has none: made in the background, tried, used or not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from language_embedder import LanguageEmbedder

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.errors import EmbeddingError
from kb.languages.neutral import Means
from kb.languages.trial import Trials
from kb.search import means as means_module

LOUD, QUIET = 4.0, 0.0
ENGLISH = "The warranty of the pump lasts for twenty-four months from the day it was bought."
CHINESE = "水泵的保修期是二十四个月，从购买之日算起。请保留收据。"
RUSSIAN = "Гарантия на насос длится двадцать четыре месяца со дня покупки."


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(means_module, "_PAUSE_S", 0.01)


@contextmanager
def opened(tmp_path: Path, embedder: Embedder, **settings: bool) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings(data_dir=tmp_path, **settings), embedder=embedder) as base:
        yield base


def means(base: KnowledgeBase, text: str = "") -> Means:
    """Return the means as a search of the collection takes them."""
    info = base.collection()
    with base._store.catalog.reading() as state:
        return base._means.of(state, base.embedder.identity, [info.id], text)


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_they_are_used_where_vectors_say_their_language_loudly() -> None:
    figures = Trials(LanguageEmbedder(LOUD)).of("zh").figures
    assert figures.helps
    assert figures.across_before < 0.1
    assert figures.across_after > 0.9


def test_they_are_not_used_where_there_is_nothing_to_gain() -> None:
    figures = Trials(LanguageEmbedder(QUIET)).of("zh").figures
    assert figures.across_before == 1.0
    assert not figures.helps


def test_searches_go_on_without_them_until_they_are_made(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(LOUD)) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        query = base.embedder.embed_query("保修期多长？")
        first = means(base)
        assert first.shifted(query, "保修期多长？") is query
        assert first.chunk_mean(base.collection().id, "zh") is None
        wait(lambda: set(means(base).model.queries) == {"en", "zh"})
        assert first.chunk_mean(base.collection().id, "zh") is None  # one state for a search
        later = means(base)
        assert later.shifted(query, "保修期多长？") is not query
        assert later.chunk_mean(base.collection().id, "zh") is not None
        known = base.language_means()
        assert known.used == {"en", "zh"}
        assert known.figures["zh"].across_after > 0.9
        assert not known.shipped


def test_what_was_made_is_there_after_a_restart_and_is_not_made_again(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(LOUD)) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        assert base.make_language_means() == ["en", "zh"]
        assert base.make_language_means() == []
    again = LanguageEmbedder(LOUD)
    with opened(tmp_path, again) as base:
        assert set(means(base).model.queries) == {"en", "zh"}
        assert base.make_language_means() == []
        assert again.embedded == []
        base.add(RUSSIAN, name="russian")
        assert base.make_language_means() == ["ru"]


def test_one_language_alone_needs_none(tmp_path: Path) -> None:
    embedder = LanguageEmbedder(LOUD)
    with opened(tmp_path, embedder) as base:
        base.add(ENGLISH, name="english")
        embedder.embedded.clear()
        means(base, "How long is the warranty?")
        time.sleep(0.1)
        assert base.make_language_means() == []
        assert embedder.embedded == []


def test_a_query_in_a_second_language_has_them_made(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(LOUD)) as base:
        base.add(ENGLISH, name="english")
        wait(lambda: set(means(base, "保修期多长？").model.queries) == {"en", "zh"})


def test_those_that_do_not_help_are_kept_with_their_figures_and_not_used(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(QUIET)) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        assert base.make_language_means() == ["en", "zh"]
        assert means(base).model.queries == {}
        known = base.language_means()
        assert set(known.figures) == {"en", "zh"}
        assert known.used == frozenset()


def test_nothing_is_made_or_used_where_the_setting_says_so(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(LOUD)) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        base.make_language_means()
    embedder = LanguageEmbedder(LOUD)
    with opened(tmp_path, embedder, language_means=False) as base:
        base.add(RUSSIAN, name="russian")
        assert means(base).model.queries == {}
        assert means(base).chunk_mean(base.collection().id, "zh") is None
        assert base.make_language_means() == []
        assert base.language_means().used == frozenset()


def test_closing_ends_what_is_being_made(tmp_path: Path) -> None:
    begun = threading.Event()

    class SlowEmbedder(LanguageEmbedder):
        slow = False

        def embed_query(self, text: str, *, task: str = "") -> np.ndarray:
            if self.slow:
                begun.set()
                time.sleep(0.2)
            return super().embed_query(text, task=task)

    embedder = SlowEmbedder(LOUD)
    with opened(tmp_path, embedder) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        embedder.slow = True
        means(base)
        assert begun.wait(30)
        asked = len(embedder.embedded)
    assert len(embedder.embedded) - asked <= 2  # of eighty queries


def test_a_model_that_fails_is_let_be_and_the_reason_is_told(tmp_path: Path) -> None:
    class FailingEmbedder(LanguageEmbedder):
        broken = False

        def embed_query(self, text: str, *, task: str = "") -> np.ndarray:
            if self.broken:
                msg = "the model is out of order"
                raise EmbeddingError(msg)
            return super().embed_query(text, task=task)

    embedder = FailingEmbedder(LOUD)
    with opened(tmp_path, embedder) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        embedder.broken = True
        means(base)
        wait(lambda: bool(base.language_means().failed))
        assert base.language_means().failed == "the model is out of order"
        tried = len(embedder.embedded)
        means(base)
        time.sleep(0.1)
        assert len(embedder.embedded) == tried
        with pytest.raises(EmbeddingError, match="out of order"):
            base.make_language_means()


def test_the_second_half_of_an_ingestion_makes_them(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(LOUD)) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        base.refine()
        assert base.language_means().used == {"en", "zh"}


def test_a_collection_embedded_again_has_the_means_of_its_new_model(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(LOUD)) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        base.refine()
    with opened(tmp_path, LanguageEmbedder(2.0)) as base:
        base.reembed()
        assert base.language_means().used == frozenset()
        base.refine()
        assert base.language_means().used == {"en", "zh"}
        assert means(base).chunk_languages(base.collection().id) == {"en": 1, "zh": 1}


def test_vectors_of_an_older_catalog_are_counted_by_searching(tmp_path: Path) -> None:
    with opened(tmp_path, LanguageEmbedder(LOUD)) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        collection_id = base.collection().id
        with base._store.change_catalog() as change:
            for table in ("document_means", "language_sums"):
                change._db.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        assert means(base).chunk_languages(collection_id) == {}
        wait(lambda: means(base).chunk_languages(collection_id) == {"en": 1, "zh": 1})
        assert base.chunk_languages() == {"en": 1, "zh": 1}
