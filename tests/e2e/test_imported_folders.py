"""An imported collection whose folder lies on this machine, too: ingesting it says so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from foreign_archive import foreign_archive
from hashing_embedder import DIM, HashingEmbedder

from ingest import IngestOptions, ingest
from kb import ArchiveError, KnowledgeBase, Settings, Source
from kb.embedding.base import EmbedderIdentity


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "library" / "documents"
    (folder / "sub").mkdir(parents=True)
    for name in ("tea.txt", "rye.txt", "sub/lamp.txt"):
        (folder / name).write_text(f"All there is to say of {name}.\n")
    return folder


@pytest.fixture
def archive(tmp_path: Path, documents: Path) -> Path:
    settings = Settings.load(data_dir=tmp_path / "theirs", workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        ingest(base, [documents])
        base.tag([info.id for info in base.documents()], add=["kept"])
        base.export(tmp_path / "out.kbz")
    return tmp_path / "out.kbz"


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "ours", workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def files(base: KnowledgeBase) -> dict[str, Path | None]:
    """Where each source's file is on this machine, None where nobody has said."""
    return {state.source.path: base.files.file_of(state.source) for state in base.files.states()}


def test_nothing_is_known_of_its_files_until_then(base: KnowledgeBase, archive: Path) -> None:
    base.import_archive(archive)
    assert set(files(base).values()) == {None}


@pytest.mark.parametrize("above", [False, True])
def test_ingesting_the_folder_or_one_above_it_takes_its_files_over(
    base: KnowledgeBase, archive: Path, documents: Path, *, above: bool
) -> None:
    base.import_archive(archive)
    given = documents.parent if above else documents
    planned = ingest(base, [given], options=IngestOptions(dry_run=True))
    assert planned.summary() == {"unchanged": 3}
    assert set(files(base).values()) == {None}, "a dry run changes nothing"
    assert ingest(base, [given]).summary() == {"unchanged": 3}
    assert files(base) == {name: given / name for name in files(base)}
    assert len(files(base)) == 3
    assert all(path is not None and path.is_file() for path in files(base).values())


def test_a_folder_that_lies_elsewhere_now_is_known_by_its_files(
    base: KnowledgeBase, archive: Path, documents: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.move(documents, moved)
    (moved / "tea.txt").write_text("Tea is another matter now.\n")
    (moved / "new.txt").write_text("Something new.\n")
    base.import_archive(archive)
    planned = ingest(base, [moved], options=IngestOptions(dry_run=True))
    assert planned.summary() == {"unchanged": 2, "changed": 1, "added": 1}
    assert ingest(base, [moved]).summary() == {"unchanged": 2, "changed": 1, "added": 1}
    assert files(base) == {
        name: moved / name for name in ("tea.txt", "rye.txt", "sub/lamp.txt", "new.txt")
    }
    assert {info.tags for info in base.documents()} == {("kept",), ()}
    (moved / "rye.txt").unlink()
    assert ingest(base, [moved], options=IngestOptions(prune=True)).summary()["removed"] == 1


def test_another_folder_with_files_of_the_same_names_is_not_taken_for_it(
    base: KnowledgeBase, archive: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("tea.txt", "rye.txt"):
        (other / name).write_text(f"Quite another text of {name}.\n")
    base.import_archive(archive)
    assert ingest(base, [other]).summary() == {"added": 2}
    assert len(base.documents()) == 5
    assert sum(path is None for path in files(base).values()) == 1  # sub/lamp.txt has no namesake


def test_a_single_file_or_a_folder_below_says_nothing_of_the_rest(
    base: KnowledgeBase, archive: Path, documents: Path
) -> None:
    base.import_archive(archive)
    ingest(base, [documents / "tea.txt"])
    assert base.files.file_of(Source(root=str(documents), path="rye.txt")) is None
    ingest(base, [documents / "sub"])
    assert base.files.file_of(Source(root=str(documents), path="rye.txt")) is None


def test_a_copy_that_was_already_ingested_takes_the_place_of_what_was_imported(
    base: KnowledgeBase, archive: Path, documents: Path, tmp_path: Path
) -> None:
    base.import_archive(archive)
    copy = shutil.copytree(documents, tmp_path / "copy")
    ingest(base, [copy / "tea.txt"])
    ingest(base, [copy])
    assert files(base) == {name: copy / name for name in files(base)}
    assert len(files(base)) == len(base.documents()) == 3


def test_what_nobody_has_said_stays_unsaid_after_another_export(
    base: KnowledgeBase, archive: Path, tmp_path: Path
) -> None:
    base.import_archive(archive)
    base.export(tmp_path / "again.kbz")
    base.import_archive(tmp_path / "again.kbz", collection="again")
    state = base.files.states(collection="again")[0]
    assert base.files.file_of(state.source, collection="again") is None


class Another(HashingEmbedder):
    identity = EmbedderIdentity(model_id="another", fingerprint="another", dim=DIM)


def test_what_nobody_has_said_stays_unsaid_with_another_model(
    base: KnowledgeBase, archive: Path
) -> None:
    base.import_archive(archive)
    with KnowledgeBase.open(base.settings, embedder=Another()) as other:
        assert other.reembed().documents == 3
        assert set(files(other).values()) == {None}


@pytest.mark.parametrize("path", ["../private/secret.txt", "/etc/passwd", "a/../../b.txt", ".."])
def test_a_path_that_leads_out_of_its_folder_is_refused(
    base: KnowledgeBase, tmp_path: Path, path: str
) -> None:
    archive = foreign_archive(tmp_path, root=str(tmp_path / "documents"), path=path)
    with pytest.raises(ArchiveError, match="leads out of its folder"):
        base.import_archive(archive)
    assert base.collections() == []
