"""A data folder that cannot be written is searched as ever, and says so of what would change it."""

from __future__ import annotations

import os
import shutil
import sqlite3  # noqa: TID251 - the file, past the catalog
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from hashing_embedder import HashingEmbedder
from own_server import serving
from read_only import read_only
from typer.testing import CliRunner, Result

from ingest import IngestOptions, ingest, ingest_uploads
from kb import KnowledgeBase, Settings, StoreError, StoreVersionError
from kb.cli.app import app
from kb.doctor import _check as findings
from kb.embedding.base import Embedder

LEFT_LOG_RUN = Path(__file__).parent / "left_log_run.py"
UPLOADED = b"The kiln is fired on Fridays.\n"


def fill(data_dir: Path, documents: Path) -> None:
    documents.mkdir()
    (documents / "harbour.txt").write_text("The harbour office opens at seven. 港务局七点开门。\n")
    settings = Settings.load(data_dir=data_dir, workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        ingest(base, [documents])
        ingest_uploads(base, [("kiln.txt", UPLOADED)])
        base.tag([info.id for info in base.documents()], add=["sea"])


def leave_log(data_dir: Path) -> None:
    subprocess.run([sys.executable, str(LEFT_LOG_RUN), str(data_dir)], check=True, timeout=60)
    assert (data_dir / "store" / "catalog.sqlite3-wal").stat().st_size > 0


@pytest.fixture(params=["closed", "killed"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder, left by a process that closed it or by one that was killed."""
    folder = tmp_path / "data"
    fill(folder, tmp_path / "documents")
    if request.param == "killed":
        leave_log(folder)
    return folder


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A data folder that was closed."""
    fill(tmp_path / "data", tmp_path / "documents")
    return tmp_path / "data"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, empty."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextmanager
def opened(data_dir: Path, tmp_path: Path) -> Iterator[KnowledgeBase]:
    with read_only(data_dir, tmp_path / "mounted") as mounted:
        settings = Settings.load(data_dir=mounted, workers=1)
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            yield base


def names(base: KnowledgeBase) -> set[str]:
    return {info.name for info in base.documents()}


def test_it_is_searched_listed_and_exported(library: Path, tmp_path: Path, temporary: Path) -> None:
    with KnowledgeBase.open(
        Settings.load(data_dir=shutil.copytree(library, tmp_path / "copy")),
        embedder=HashingEmbedder(),
    ) as writable:
        expected = names(writable)
        found = {
            (mode, query): [(hit.text, hit.score) for hit in writable.search(query, mode=mode)]
            for mode in ("dense", "keyword", "hybrid")
            for query in ("harbour office", "渡轮", "kiln")
        }
    with opened(library, tmp_path) as base:
        assert names(base) == expected
        for (mode, query), hits in found.items():
            assert [(hit.text, hit.score) for hit in base.search(query, mode=mode)] == hits
        ids = [info.id for info in base.documents()]
        assert all(base.document_text(each) and base.chunks(each) for each in ids)
        assert base.facets().tags
        assert base.overview().points
        assert base.runs()
        assert all(run.status != "running" for run in base.runs())
        assert base.export(tmp_path / "out.kbz").documents == len(expected)
        assert base.read_only
    assert list(temporary.iterdir()) == []


def test_doctor_reports_what_it_checked_and_what_not(library: Path, tmp_path: Path) -> None:
    with opened(library, tmp_path) as base:
        checked = base.check()
        assert checked.ok
        said = findings(checked)
        assert said["catalog integrity"] == "ok"
        (not_checked,) = said["not checked"]
        assert str(base.settings.store_dir) in not_checked
        with pytest.raises(StoreError, match="is read-only"):
            base.check(repair=True)


def test_damage_is_found_there_and_mended_where_it_can_be_written(
    closed: Path, tmp_path: Path
) -> None:
    settings = Settings.load(data_dir=closed)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        store, target = base._store, base.collection()
        with store.writing():
            store.vectors.delete(target.id, store.vectors.ids(target.id))
    with opened(closed, tmp_path) as base:
        said = findings(base.check())
        assert "2 chunks without vector" in said["collection default"]
        assert "writable" in said["advice"]


Change = Callable[[KnowledgeBase, Path], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda base, _: base.add("New.", name="new"),
        lambda base, _: base.add("New.", name="new", collection="another"),
        lambda base, _: base.create_collection("another"),
        lambda base, _: base.rename_collection("default", "other"),
        lambda base, _: base.delete_collection("default"),
        lambda base, _: base.remove(base.documents()[0].id),
        lambda base, _: base.tag([base.documents()[0].id], add=["x"]),
        lambda base, _: base.compact(),
        lambda base, _: base.reembed(),
        lambda base, folder: ingest(base, [folder]),
        lambda base, folder: ingest(base, [folder], options=IngestOptions(prune=True)),
        lambda base, _: ingest_uploads(base, [("other.txt", b"Another upload.")]),
        lambda base, folder: base.import_archive(folder.parent / "out.kbz", collection="b"),
        lambda base, _: base.files.forget([state.source for state in base.files.states()]),
    ],
)
def test_whatever_would_change_it_says_that_it_is_read_only(
    closed: Path, tmp_path: Path, change: Change
) -> None:
    (tmp_path / "documents" / "new.txt").write_text("Something new.\n")
    with opened(closed, tmp_path) as base:
        before = names(base)
        base.export(tmp_path / "out.kbz")
        with pytest.raises(StoreError, match="is read-only: its contents can be searched") as error:
            change(base, tmp_path / "documents")
        assert str(base.settings.store_dir) in str(error.value)
        assert names(base) == before
        assert base.check().ok


def test_a_catalog_that_was_closed_is_read_in_its_place_and_vectors_copied_when_needed(
    closed: Path, tmp_path: Path, temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(closed, tmp_path) as base:
        assert base.search("harbour", mode="keyword", highlights="none")
        assert not [file for file in temporary.rglob("*") if file.is_file() and file.stat().st_size]
        assert base.search("harbour", mode="dense")  # few passages are scored by the catalog alone
        assert not [file for file in temporary.rglob("*") if file.is_file() and file.stat().st_size]
        assert caplog.messages == []
        assert base.search("harbour", mode="dense", diversity=0.5)
        assert [file.name for file in temporary.rglob("chroma.sqlite3")] == ["chroma.sqlite3"]
        (said,) = caplog.messages
        assert "copying its vectors" in said
        assert "MiB" in said
        assert str(temporary) in said
    assert list(temporary.iterdir()) == []


def test_too_little_room_for_a_copy_is_said_before_anything_is_copied(
    closed: Path, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr("kb.store.snapshot.shutil.disk_usage", lambda _: usage)
    with opened(closed, tmp_path) as base:
        with pytest.raises(StoreError, match=r"MiB are free in .*; free some, or set TMPDIR"):
            base.search("harbour", mode="dense", diversity=0.5)
        assert not [file for file in temporary.rglob("*") if file.is_file() and file.stat().st_size]
        assert base.search("harbour", mode="keyword", highlights="none")
        said = findings(base.check())
        assert "set TMPDIR" in said["vectors of default"]


def test_an_older_catalog_is_brought_forward_in_the_copy_alone(
    closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb.catalog import migrations  # noqa: PLC0415 - only here
    from kb.catalog.migrations.script import run  # noqa: PLC0415

    catalog = closed / "store" / "catalog.sqlite3"
    before = catalog.read_bytes()
    step = partial(run, script="CREATE TABLE added (id INTEGER);\n")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, step))
    monkeypatch.setattr(migrations, "CURRENT_VERSION", migrations.CURRENT_VERSION + 1)
    with opened(closed, tmp_path) as base:
        assert base.search("harbour", mode="dense")
        with base._store.catalog.reading() as state:
            assert state._db.execute("SELECT count(*) FROM added").fetchone()[0] == 0
    assert catalog.read_bytes() == before


def test_a_newer_catalog_is_refused_by_its_name(closed: Path, tmp_path: Path) -> None:
    with sqlite3.connect(closed / "store" / "catalog.sqlite3") as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreVersionError, match="mounted/store/catalog"), opened(closed, tmp_path):
        pass


def test_a_folder_without_a_knowledge_base_is_named(tmp_path: Path) -> None:
    (tmp_path / "data" / "store").mkdir(parents=True)
    with (
        pytest.raises(StoreError, match=r"there is no knowledge base in .* read-only"),
        opened(tmp_path / "data", tmp_path),
    ):
        pass
    (tmp_path / "empty").mkdir()
    with (
        read_only(tmp_path / "empty", tmp_path / "mounted2") as mounted,
        pytest.raises(StoreError, match="set KB_DATA_DIR"),
    ):
        KnowledgeBase.open(Settings.load(data_dir=mounted), embedder=HashingEmbedder())


@pytest.fixture
def mounted(data_dir: Path, embedder: Embedder, tmp_path: Path) -> Iterator[Path]:
    """A read-only data folder, filled with the default model."""
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
        base.add("The grey heron waits in shallow water.", name="heron.txt")
    with read_only(data_dir, tmp_path / "mounted") as place:
        yield place


def command(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    return subprocess.run(
        [sys.executable, "-m", "kb", *arguments],
        env={**kept, "KB_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def command_here(data_dir: Path, *arguments: str) -> Result:
    """Run a command in this process, which has its modules loaded."""
    return CliRunner().invoke(app, list(arguments), env={"KB_DATA_DIR": str(data_dir)})


def test_a_process_that_searches_works_and_one_that_writes_says_why_not(mounted: Path) -> None:
    done = command(mounted, "search", "Which bird waits?")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "heron.txt" in done.stdout
    done = command(mounted, "remove", "1")
    assert done.returncode == 1
    assert "is read-only: its contents can be searched" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_commands_that_read_work_and_those_that_write_say_why_not(mounted: Path) -> None:
    for arguments in (("search", "Which bird waits?"), ("documents",), ("doctor",), ("runs",)):
        done = command_here(mounted, *arguments)
        assert done.exit_code == 0, done.stderr
        assert "Traceback" not in done.stderr
    assert "heron.txt" in command_here(mounted, "search", "Which bird waits?").stdout
    assert "not checked" in command_here(mounted, "doctor").stdout
    for arguments in (
        ("remove", "1"),
        ("compact",),
        ("doctor", "--repair"),
        ("reembed",),
        ("reembed", "--model", "multilingual-e5-small"),
    ):
        done = command_here(mounted, *arguments)
        assert done.exit_code == 1
        # The doctor's findings are its result; the others' refusal is an error.
        said = done.stdout if "doctor" in arguments else done.stderr
        assert "is read-only: its contents can be searched" in " ".join(said.split())
        assert isinstance(done.exception, SystemExit)  # no other, which would be a traceback
        assert "Traceback" not in done.stderr
        assert "now of the model" not in done.stdout


def test_the_server_answers(mounted: Path) -> None:
    with serving(mounted) as served:
        asked = {"query": "Which bird waits?"}
        answer = httpx.post(f"{served.url}/v1/search", json=asked, timeout=60)
        assert "grey heron" in answer.json()["data"][0]["text"]
