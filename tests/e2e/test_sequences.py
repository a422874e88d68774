"""Ordinary sequences: a folder is worked in, also while a run reads it, and stays in step.

Whatever people do between two runs or during one, no run ends with an error, and after the next
quiet run with ``prune`` the collection holds exactly the files that are to be read.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from ordinary_folder import OrdinaryFolder

from ingest import FileEvent, IngestOptions, IngestReport, ingest
from kb import KnowledgeBase, Settings

PRUNE = IngestOptions(prune=True, force_prune=True)
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def held(base: KnowledgeBase, collection: str) -> dict[str, str]:
    """Return the text that is found of every source, by path."""
    return {
        source.path: base.document_text(document.id)
        for document in base.documents(collection=collection)
        for source in document.sources
    }


def assert_in_step(
    base: KnowledgeBase, folder: OrdinaryFolder, report: IngestReport, collection: str
) -> None:
    assert report.ok, report.failures
    assert held(base, collection) == folder.visible(), folder.done
    assert base.check().ok
    info = base.collection(collection)
    assert info.refined == info.chunks
    for path, text in folder.visible().items():
        found = base.search(text.split()[0], mode="keyword", collection=collection)
        assert path in {source.path for hit in found for source in hit.sources}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_folder_worked_in_between_runs_is_in_step_after_each(
    base: KnowledgeBase, tmp_path: Path, seed: int
) -> None:
    folder = OrdinaryFolder(tmp_path / "folder", seed)
    for _ in range(6):
        report = ingest(base, [folder.root], options=PRUNE)
        assert_in_step(base, folder, report, "default")
        folder.change(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_folder_worked_in_during_runs_is_in_step_after_a_quiet_one(
    base: KnowledgeBase, tmp_path: Path, seed: int
) -> None:
    folder = OrdinaryFolder(tmp_path / "folder", seed)
    draw = random.Random(seed)  # noqa: S311 - test data
    collection = "default"

    def meddle(_: FileEvent) -> None:
        if draw.random() < 0.3:
            folder.change(1)
        if draw.random() < 0.1 and (documents := base.documents(collection=collection)):
            base.remove(draw.choice(documents).id, collection=collection)
        if draw.random() < 0.2:
            base.search("river 登记", collection=collection)

    for number in range(4):
        ingest(base, [folder.root], collection=collection, options=PRUNE, on_event=meddle)
        if number == 2:
            base.rename_collection(collection, "renamed")
            collection = "renamed"
        report = ingest(base, [folder.root], collection=collection, options=PRUNE)
        assert_in_step(base, folder, report, collection)
