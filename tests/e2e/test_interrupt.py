"""Ctrl-C and SIGTERM end a command at any moment: a partial report, nothing lost, nothing left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest import ingest
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.evaluation.scratch import scratch_folder

RUN = Path(__file__).parent / "interrupt_run.py"
FILES = 4
FINISHED, INTERRUPTED = 0, 130
PATIENCE_S = 90
NOISE = ("Traceback", "Exception", "Error", "Aborted")

# As a shell starts a job in the background, and `nohup` a program.
IN_BACKGROUND = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

HANGING = """
import time
from pathlib import Path
from ingest.loaders.text import loader as text

def load(self, path, options, on_progress=None):
    Path({mark!r}).touch()
    time.sleep(600)

text.TextLoader.load = load
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(FILES):
        text = f"Report {number}, 第 {number} 号报告。" + "The pump was serviced and runs. " * 6
        (folder / f"report-{number}.txt").write_text(text, "utf-8")
    return folder


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    status: int
    out: str
    err: str


class Started:
    """A command under way. Every process that it starts carries its mark in its environment.

    The mark is a folder that is not there, on the path of modules: workers inherit that.
    """

    def __init__(
        self,
        settings: Settings,
        *arguments: str | Path,
        moment: str = "",
        number: signal.Signals = signal.SIGINT,
        times: int = 1,
        environment: dict[str, str] | None = None,
        code: Path | None = None,
        in_background: bool = False,
    ) -> None:
        self._mark = f"/{uuid.uuid4().hex}"
        self.process = subprocess.Popen(
            [
                *(IN_BACKGROUND if in_background else ()),
                *(sys.executable, str(RUN), moment, number.name, str(times)),
                *map(str, arguments),
            ],
            env={
                **os.environ,
                "KB_DATA_DIR": str(settings.data_dir),
                "KB_WORKERS": "2",
                "KB_THREADS": "1",
                "PYTHONPATH": os.pathsep.join([*([str(code)] if code else []), self._mark]),
                **(environment or {}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> Ended:
        """Wait for the end, which must be quiet and leave no process behind."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        assert not [word for word in NOISE if word in out + err], err
        deadline = time.monotonic() + 60  # the kernel ends the workers of a process that is gone
        while (left := self._alive()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left, "processes were left behind"
        return Ended(self.process.returncode, out, err)

    def _alive(self) -> list[str]:
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self._mark.encode() in environ.read_bytes():
                    found.append(environ.parent.name)
            except OSError:  # gone meanwhile, or another's
                continue
        return found


def assert_sound(settings: Settings, embedder: Embedder) -> None:
    """What is stored is whole."""
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert base.check().ok, base.check()
        assert "running" not in {run.status for run in base.runs()}


def assert_goes_on(settings: Settings, embedder: Embedder, folder: Path) -> None:
    """What is stored is whole, and the next run does the rest."""
    assert_sound(settings, embedder)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        report = ingest(base, [folder])
        assert report.ok
        assert not report.interrupted
        assert len(base.documents()) == FILES
        assert base.check().ok
        texts = {info.sources[0].path: base.document_text(info.id) for info in base.documents()}
        assert texts == {file.name: file.read_text("utf-8") for file in folder.iterdir()}


def slow(moment: str) -> object:
    return pytest.param(moment, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "moment",
    [
        slow("ingest.finding.discovery:discover"),
        "kb.vectors.chroma.folder:ChromaFolder.upsert",  # in the middle of a commit
        slow("kb.store.store:Store.__init__"),
        slow("kb.embedding:open_embedder"),
        slow("kb.store.runs:begin"),
        slow("ingest.pipeline.planning:Planner.decide"),
        slow("ingest.reading.sandbox:Sandbox.submit"),
        slow("ingest.reading.worker_process:Worker.load"),
        slow("kb.indexing.steps:Indexing.split"),
        slow("kb.embedding.llama:LlamaEmbedder.embed_documents"),
        slow("kb.catalog.versions:VersionChanges.attach_source"),
        slow("ingest.display:print_report"),
    ],
)
def test_ctrl_c_ends_a_run_with_a_partial_report(
    settings: Settings, folder: Path, embedder: Embedder, moment: str
) -> None:
    ended = Started(settings, "ingest", folder, moment=moment).end()

    # Who interrupts the printing of the report has interrupted nothing else.
    whole = moment.endswith("print_report")
    assert ended.status == (FINISHED if whole else INTERRUPTED)
    assert "default: " in ended.out
    if ended.status:
        assert "interrupted; run the same command again to go on" in ended.out
    assert_goes_on(settings, embedder, folder)


def test_sigterm_in_the_midst_of_reading_ends_workers_and_reports_as_json(
    settings: Settings, folder: Path, embedder: Embedder, tmp_path: Path
) -> None:
    code, mark = tmp_path / "code", tmp_path / "hanging"
    code.mkdir()
    # Python's own hook for code at start.
    (code / "sitecustomize.py").write_text(HANGING.format(mark=str(mark)))
    started = Started(
        settings,
        "ingest",
        folder,
        "--json",
        code=code,
    )
    deadline = time.monotonic() + PATIENCE_S
    while not mark.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert len(started._alive()) > 1, "workers do not carry the mark"
    started.process.send_signal(signal.SIGTERM)
    ended = started.end()

    assert ended.status == 143
    assert json.loads(ended.out)["interrupted"] is True
    assert_goes_on(settings, embedder, folder)


def test_a_command_in_the_background_is_not_ended_by_the_ctrl_c_of_another(
    settings: Settings, folder: Path, embedder: Embedder
) -> None:
    ended = Started(
        settings, "ingest", folder, moment="ingest.finding.discovery:discover", in_background=True
    ).end()

    assert ended.status == FINISHED
    assert "interrupted" not in ended.out + ended.err
    assert_goes_on(settings, embedder, folder)


def test_sigterm_ends_a_command_in_the_background(
    settings: Settings, folder: Path, embedder: Embedder
) -> None:
    ended = Started(
        settings,
        "ingest",
        folder,
        moment="ingest.finding.discovery:discover",
        number=signal.SIGTERM,
        in_background=True,
    ).end()

    assert ended.status == 143
    assert_goes_on(settings, embedder, folder)


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once_and_harms_nothing(
    settings: Settings, folder: Path, embedder: Embedder
) -> None:
    ended = Started(
        settings,
        "ingest",
        folder,
        moment="kb.catalog.versions:VersionChanges.attach_source",
        times=2,
    ).end()

    assert ended.status == 130
    assert ended.out == ""
    assert "run the same command again to go on" in ended.err
    assert_goes_on(settings, embedder, folder)


@pytest.mark.parametrize(
    "command",
    [["ingest", "--watch"], pytest.param(["ingest"], marks=pytest.mark.slow), ["kb", "compact"]],
    ids=" ".join,
)
def test_ctrl_c_ends_waiting_for_another_process(
    settings: Settings, folder: Path, embedder: Embedder, command: list[str]
) -> None:
    program, *options = command
    arguments = [folder, *options] if program == "ingest" else options
    with (
        KnowledgeBase.open(settings, embedder=embedder) as base,
        base._store.lock.hold(),  # as another process does while it commits
    ):
        ended = Started(settings, program, *arguments, moment="kb.store.lock:WriteLock.hold").end()

    assert ended.status == 130
    assert_sound(settings, embedder)


@pytest.mark.parametrize(
    ("command", "moment"),
    [
        (["search", "pump"], "kb.search.searcher:Searcher.search"),
        pytest.param(
            # So few passages are scored without the index; hits that differ are chosen by vectors.
            ["search", "pump", "--diversity", "0.5"],
            "kb.vectors.chroma.folder:ChromaFolder.vectors",
            marks=pytest.mark.slow,
        ),
        pytest.param(["compact"], "kb.vectors.chroma.files:purge", marks=pytest.mark.slow),
        pytest.param(["compact"], "kb.catalog.catalog:Catalog.compact", marks=pytest.mark.slow),
        pytest.param(["doctor"], "kb.store.check:check", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_ends_kb_commands_silently(
    settings: Settings, folder: Path, embedder: Embedder, command: list[str], moment: str
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        ingest(base, [folder])
    ended = Started(settings, "kb", *command, moment=moment).end()

    assert (ended.status, ended.out, ended.err) == (130, "", "")
    assert_goes_on(settings, embedder, folder)


@pytest.mark.slow
def test_ctrl_c_during_an_export_leaves_no_half_file(
    settings: Settings, folder: Path, embedder: Embedder, tmp_path: Path
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        ingest(base, [folder])
    target = tmp_path / "out"
    target.mkdir()
    ended = Started(
        settings,
        "kb",
        "export",
        target / "all.kbz",
        moment="kb.archive.file:ArchiveWriter.finish",
    ).end()

    assert (ended.status, ended.out, ended.err) == (130, "", "")
    assert list(target.iterdir()) == []


@pytest.mark.slow
def test_fifteen_ctrl_cs_at_random_moments_lose_nothing(
    settings: Settings, folder: Path, embedder: Embedder
) -> None:
    moments = random.Random(15)  # noqa: S311 - moments, no secret
    interrupted = 0
    for _ in range(15):
        started = Started(settings, "ingest", folder)
        try:
            started.process.wait(moments.uniform(0.0, 8.0))
        except subprocess.TimeoutExpired:
            for _ in range(moments.choice((1, 1, 3))):
                started.process.send_signal(signal.SIGINT)
                time.sleep(moments.uniform(0.0, 0.8))
        ended = started.end()
        assert ended.status in {FINISHED, INTERRUPTED}
        interrupted += ended.status == INTERRUPTED
        assert_sound(settings, embedder)
        with KnowledgeBase.open(settings, embedder=embedder) as base:
            if base.collections() and len(base.documents()) == FILES:
                for info in base.documents()[: FILES // 2]:  # begin again with half of it
                    base.remove(info.id)
    assert interrupted >= 4, "the runs were over before they could be interrupted"
    assert_goes_on(settings, embedder, folder)


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A set with one query, whose documents take a while to embed."""
    judged = tmp_path / "set"
    judged.mkdir()
    documents = [{"id": str(n), "text": f"Report {n} on pumps. " * 40} for n in range(200)]
    for name, rows in (("corpus", documents), ("queries", [{"id": "q", "text": "pumps"}])):
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (judged / f"{name}.jsonl").write_text(lines, "utf-8")
    (judged / "qrels.tsv").write_text("q\t1\t1\n", "utf-8")
    return judged


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_ctrl_c_during_an_evaluation_leaves_no_temporary_folder(
    settings: Settings, judged: Path, tmp_path: Path, times: int
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    started = Started(
        settings,
        *("kb", "eval", judged),
        moment="kb.embedding.llama:LlamaEmbedder.embed_documents",
        times=times,
        environment={"TMPDIR": str(temporary)},
    )
    assert started.end().status == 130
    assert list(temporary.iterdir()) == []


def test_what_a_killed_evaluation_left_is_removed_by_the_next_and_nothing_else(
    settings: Settings, judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    (temporary / "kb-eval-of-mine").mkdir(parents=True)
    killed = Started(settings, "kb", "eval", judged, environment={"TMPDIR": str(temporary)})
    deadline = time.monotonic() + PATIENCE_S
    while not list(temporary.glob("kb-eval-*/in-use.lock")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (left,) = (lock.parent for lock in temporary.glob("kb-eval-*/in-use.lock"))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with scratch_folder():
        assert left.is_dir(), "it is in use"
    killed.process.kill()
    killed.process.communicate()
    with scratch_folder() as folder:
        assert set(temporary.iterdir()) == {folder, temporary / "kb-eval-of-mine"}
    assert list(temporary.iterdir()) == [temporary / "kb-eval-of-mine"]
