"""Runs of ingestion: everything can be found first, then sentences follow, whatever happens."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from rich.console import Console

from ingest import IngestOptions, IngestReport, ingest
from ingest.display import print_report
from ingest.pipeline.sentences import Refining
from ingest.watch import Watcher
from kb import EmbedderIdentity, EmbeddingError, KnowledgeBase, Settings
from kb.embedding.base import Vectors

RUN = Path(__file__).with_name("refined_run.py")
TEXT = "\n\n".join(
    f"Valve {n} is opened by turning wheel {n * 7} twice, and then the lever." for n in range(900)
)


class Watched(HashingEmbedder):
    """Calls ``before`` when it is to embed anything."""

    before: Callable[[Sequence[str]], None] = staticmethod(lambda _: None)

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.before(texts)
        return super().embed_documents(texts, on_progress)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "folder"
    place.mkdir()
    (place / "valves.txt").write_text(TEXT, "utf-8")
    return place


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path / "data", workers=1)


@pytest.fixture
def embedder() -> Watched:
    return Watched()


@pytest.fixture
def base(settings: Settings, embedder: Watched) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=embedder) as opened:
        yield opened


def whole(base: KnowledgeBase) -> bool:
    info = base.collection()
    return info.chunks > 0 and info.refined == info.chunks


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def printed(report: IngestReport) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_report(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_everything_can_be_found_before_the_first_sentence(
    base: KnowledgeBase, folder: Path
) -> None:
    found: list[tuple[int, int]] = []
    told: list[tuple[int, int]] = []
    refining = Refining(
        on_searchable=lambda report: found.append(
            (report.chunks, len(base.search("wheel of valve 7", mode="dense")))
        ),
        on_progress=lambda *each: told.append(each),
    )
    report = ingest(base, [folder], refining=refining)
    assert found == [(report.chunks, 8)]
    assert told[0] == (0, report.chunks)
    assert told[-1] == (report.chunks, report.chunks)
    assert whole(base)
    assert (report.refined, report.unrefined, report.ok) == (report.chunks, 0, True)
    assert report.refined_s is not None
    assert report.refined_s > report.seconds
    (run,) = base.runs()
    assert run.refined_s is not None
    assert "searchable after" in printed(report)
    assert "refined after" in printed(report)
    assert report.to_json()["refined"] == report.chunks


def test_a_second_run_has_nothing_to_do(
    base: KnowledgeBase, folder: Path, embedder: Watched
) -> None:
    ingest(base, [folder])
    calls: list[Sequence[str]] = []
    embedder.before = calls.append
    report = ingest(base, [folder])
    assert calls == []
    assert (report.refined, report.refined_s, report.unrefined) == (0, None, 0)
    assert "refined" not in printed(report)


def test_a_setting_turns_sentences_off(tmp_path: Path, folder: Path, embedder: Watched) -> None:
    settings = Settings.load(data_dir=tmp_path / "data", workers=1, sentences=False)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        report = ingest(base, [folder])
        assert report.ok
        assert base.collection().refined == 0
        assert base.search("wheel of valve 7")
    with KnowledgeBase.open(
        settings.model_copy(update={"sentences": True}), embedder=embedder
    ) as base:
        assert ingest(base, [folder]).refined == base.collection().chunks


def test_a_run_killed_between_its_halves_is_gone_on_with_by_the_next(
    settings: Settings, folder: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, str(RUN), str(settings.data_dir), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith(("searchable", "0 ")):
                process.kill()
                break
    embedded: list[str] = []
    embedder = Watched()
    embedder.before = embedded.extend
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        before = base.collection()
        assert 0 < before.refined < before.chunks
        assert base.search("wheel of valve 7")
        report = ingest(base, [folder])
        assert report.count("unchanged") == 1
        assert report.refined == before.chunks - before.refined
        assert not set(embedded) & {chunk.text for chunk in base.chunks(base.documents()[0].id)}
        assert whole(base)
        assert base.check().ok


def test_a_run_cancelled_in_its_second_half_says_so_and_keeps_what_is_done(
    base: KnowledgeBase, folder: Path
) -> None:
    cancel = threading.Event()

    def on_progress(done: int, _: int) -> None:
        if done:
            cancel.set()

    report = ingest(base, [folder], cancel=cancel, refining=Refining(on_progress=on_progress))
    assert report.interrupted
    assert 0 < report.refined < report.chunks
    assert report.unrefined == report.chunks - report.refined
    assert "without their sentences yet" in printed(report)
    assert [run.status for run in base.runs()] == ["finished"]
    assert ingest(base, [folder]).unrefined == 0


def test_a_model_that_fails_at_sentences_costs_no_document(
    base: KnowledgeBase, folder: Path, embedder: Watched
) -> None:
    msg = "the model is gone"

    def fail(_: Sequence[str]) -> None:
        raise EmbeddingError(msg)

    def on_searchable(_: IngestReport) -> None:
        embedder.before = fail

    report = ingest(base, [folder], refining=Refining(on_searchable=on_searchable))
    assert report.count("added") == 1
    assert (report.unrefined_reason, report.unrefined) == (msg, report.chunks)
    assert not report.ok
    assert msg in printed(report)
    embedder.before = lambda _: None
    assert ingest(base, [folder]).ok
    assert whole(base)


def test_a_dry_run_embeds_no_sentence(base: KnowledgeBase, folder: Path) -> None:
    base.add(TEXT, name="valves")
    ingest(base, [folder], options=IngestOptions(dry_run=True))
    assert base.collection().refined == 0


def test_sentences_make_way_for_a_change_of_a_watched_folder(
    base: KnowledgeBase, folder: Path, embedder: Watched
) -> None:
    free = threading.Event()
    waiting = threading.Event()
    stop = threading.Event()
    remarks: list[str] = []
    reports: list[IngestReport] = []

    def before(_: Sequence[str]) -> None:
        if threading.current_thread().name == "sentences":
            waiting.set()
            assert free.wait(60)

    embedder.before = before
    watcher = Watcher(
        base,
        [folder],
        options=IngestOptions(),
        on_report=reports.append,
        on_error=lambda error: remarks.append(str(error)),
        on_remark=remarks.append,
        stop=stop,
    )
    thread = threading.Thread(target=watcher.run)
    thread.start()
    try:
        assert waiting.wait(60)
        assert [report.count("added") for report in reports] == [1]
        assert not whole(base)
        (folder / "pumps.txt").write_text("Pumps are oiled daily.", "utf-8")
        threading.Timer(1.0, free.set).start()
        until(lambda: len(reports) == 2)
        assert reports[1].count("added") == 1
        until(lambda: whole(base))
        until(lambda: any(remark.startswith("refined:") for remark in remarks))
    finally:
        free.set()
        stop.set()
        thread.join()


def test_another_model_has_sentences_of_its_own(
    settings: Settings, base: KnowledgeBase, folder: Path
) -> None:
    ingest(base, [folder])

    class Other(HashingEmbedder):
        identity = EmbedderIdentity(model_id="other", fingerprint="other", dim=HashingEmbedder.dim)

    with KnowledgeBase.open(settings, embedder=Other()) as other:
        other.reembed()
        assert other.collection().refined == 0
        assert other.check().ok
        other.refine()
        assert whole(other)
        assert other.check().ok


def test_a_collection_moves_to_another_store_while_its_sentences_are_embedded(
    base: KnowledgeBase, folder: Path, embedder: Watched
) -> None:
    ingest(base, [folder], refining=Refining(wanted=False))
    moved: list[str] = []

    def move(_: Sequence[str]) -> None:
        if not moved:
            moved.append("begun")
            thread = threading.Thread(target=lambda: moved.append(base.migrate("exact").after))
            thread.start()
            thread.join()

    embedder.before = move
    done = base.refine()
    assert moved == ["begun", "exact"]
    assert done.left == 0
    assert whole(base)
    assert base.check().ok
