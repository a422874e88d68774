"""A collection at a glance: counts, and a map on which what is alike lies near."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from ingest import ingest
from kb import Document, KnowledgeBase, Settings
from kb.overview import flat
from kb.records import Section

if TYPE_CHECKING:
    from conftest import UserInterface

BIRDS = [
    f"heron owl kestrel wings feathers nest {word}" for word in ("reed", "night", "sky", "egg")
]
TEA = [f"tea kettle water steep leaves cup {word}" for word in ("green", "black", "oolong", "hot")]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for number, text in enumerate([*BIRDS, *TEA]):
            kind = "pdf" if text in BIRDS else "text"
            document = Document(
                text=text, media_type=kind, sections=(Section(start=0, end=len(text)),)
            )
            opened.add(document, name=f"{number}.x")
        yield opened


def test_documents_and_chunks_are_counted(base: KnowledgeBase) -> None:
    found = base.overview()
    assert found.types == {"pdf": len(BIRDS), "text": len(TEA)}
    assert found.chunk_lengths == {0: len(BIRDS) + len(TEA)}
    assert list(found.added.values()) == [len(BIRDS) + len(TEA)]


def test_documents_of_one_theme_lie_near_each_other(base: KnowledgeBase) -> None:
    points = base.overview().points
    assert len(points) == len(BIRDS) + len(TEA)
    places = {
        kind: np.array([(p.x, p.y) for p in points if p.media_type == kind])
        for kind in ("pdf", "text")
    }
    middles = {kind: rows.mean(axis=0) for kind, rows in places.items()}
    for kind, other in (("pdf", "text"), ("text", "pdf")):
        own = np.linalg.norm(places[kind] - middles[kind], axis=1)
        far = np.linalg.norm(places[kind] - middles[other], axis=1)
        assert (own < far).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_map_stays_within_its_bounds(count: int) -> None:
    rows = list(np.random.default_rng(count).normal(size=(count, 8)).astype(np.float32))
    places = flat(rows)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert np.abs(places).max() <= 1


def test_the_map_of_nothing_is_empty() -> None:
    assert flat([]).shape == (0, 2)


def test_equal_documents_lie_on_one_place() -> None:
    assert (flat([np.ones(8, np.float32)] * 3) == 0).all()


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "Chunks by length"), ("zh-CN", "片段长度分布")]
)
def test_the_library_draws_pictures_when_asked(ui: UserInterface, locale: str, words: str) -> None:
    for number, text in enumerate(BIRDS):
        ui.shared.base.add(text, name=f"{number}.txt")
    page = ui.open("library", locale=locale)
    assert not page.get("vega_lite_chart")
    page.toggle(key="overview").set_value(True).run()
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 3
    assert any(words in caption.value for caption in page.caption)


def test_the_speed_of_several_runs_is_drawn(ui: UserInterface, tmp_path: Path) -> None:
    page = ui.open("library")
    for number, text in enumerate(BIRDS[:2]):
        (tmp_path / f"{number}.txt").write_text(text, "utf-8")
        ingest(ui.shared.base, [tmp_path])
    page = ui.open("library")
    page.toggle(key="overview").set_value(True).run()
    assert not page.exception
    assert any("Speed of ingestion" in caption.value for caption in page.caption)
