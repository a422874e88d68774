"""One bad file costs that file only: time, memory, crashes, cancellation, clean workers."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from ingest import loaders
from ingest.errors import (
    EmptyDocumentError,
    LoaderCrashError,
    LoaderMemoryError,
    LoaderTimeoutError,
    UnsupportedFormatError,
)
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.reading import framing, wire
from ingest.reading.sandbox import Sandbox
from kb.records import Document, Notice, Page, Section, TextBox

HOSTILE = '''
"""Loaders that do what hostile files make real ones do; found by the worker through PYTHONPATH."""
import os, signal, time
from ingest import loaders
from ingest.loaders.base import DocumentBuilder
from ingest.loaders.pictures.timing import reading_picture

class Hostile:
    extensions = (".bad",)
    version = 1

    def load(self, path, options, on_progress=None):
        deed = path.read_text()
        if deed == "hang":
            time.sleep(600)
        if deed == "loop":
            while True:
                pass
        if deed == "memory":
            held = [bytearray(64 * 2**20) for _ in range(100)]
        if deed == "abort":
            os.abort()
        if deed == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        if deed == "oom":
            os.kill(os.getpid(), signal.SIGKILL)
        if deed == "bug":
            raise ZeroDivisionError("secret words of the document")
        if deed == "print":
            print("noise on standard output", flush=True)
        if deed == "exit":
            raise SystemExit(3)
        if deed == "pictures":
            for number in range(4):
                with reading_picture():
                    time.sleep(1.2)
                on_progress(number + 1, 4)
        if deed == "swallow":
            hoard.append(bytearray(150 * 2**20))
        builder = DocumentBuilder(media_type="text")
        builder.add(f"survived {deed} in {os.getpid()}")
        return builder.build()

hoard = []
loaders._LOADERS[".bad"] = "hostile_loaders:Hostile"
'''


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the workers know a format whose files do harm; the parent knows nothing of it."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "hostile_loaders.py").write_text(HOSTILE)
    # usercustomize and sitecustomize are Python's own hooks for code at start.
    (code / "sitecustomize.py").write_text("import hostile_loaders\n")
    monkeypatch.setenv("PYTHONPATH", str(code))


def deed(folder: Path, what: str) -> Path:
    path = folder / f"{what}.bad"
    path.write_text(what)
    return path


def text_file(folder: Path, name: str = "plain.pdf") -> Path:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - few tests need it

    path = folder / name
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, "An ordinary page of an ordinary file.")
    canvas.save()
    return path


def test_a_file_comes_back_as_document_hash_and_size(tmp_path: Path) -> None:
    path = text_file(tmp_path)
    with Sandbox(workers=1) as sandbox:
        loaded = sandbox.submit(path).result(60)

    assert loaded.document.text == "An ordinary page of an ordinary file."
    assert loaded.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.size == path.stat().st_size
    assert loaded.mtime_ns == path.stat().st_mtime_ns
    assert loaded == loaders.load_file(path)


def test_a_loaders_own_error_keeps_its_class_and_message(tmp_path: Path) -> None:
    empty = tmp_path / "nothing.pdf"
    empty.touch()
    strange = tmp_path / "picture.xyz"
    strange.write_bytes(b"x")
    with Sandbox(workers=1) as sandbox:
        with pytest.raises(EmptyDocumentError, match=r"nothing\.pdf is empty"):
            sandbox.submit(empty).result(60)
        with pytest.raises(UnsupportedFormatError, match=r"picture\.xyz .* \.pdf"):
            sandbox.submit(strange).result(60)


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize("what", ["hang", "loop"])
def test_a_file_that_never_ends_is_given_up(tmp_path: Path, what: str) -> None:
    with Sandbox(workers=1, timeout_s=1) as sandbox:
        began = time.monotonic()
        with pytest.raises(LoaderTimeoutError, match=rf"{what}\.bad was given up.* 1 s"):
            sandbox.submit(deed(tmp_path, what)).result(60)
        assert time.monotonic() - began < 10
        assert sandbox.submit(deed(tmp_path, "fine")).result(60)


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("memory", LoaderMemoryError),
        ("oom", LoaderMemoryError),  # what the kernel does when the machine runs out
        ("abort", LoaderCrashError),
        ("segfault", LoaderCrashError),
        ("exit", LoaderCrashError),
    ],
)
def test_a_file_that_kills_its_loader_is_named_and_the_next_one_read(
    tmp_path: Path, what: str, error: type[Exception]
) -> None:
    with Sandbox(workers=1, memory_bytes=2**30) as sandbox:
        with pytest.raises(error, match=rf"{what}\.bad"):
            sandbox.submit(deed(tmp_path, what)).result(60)
        loaded = sandbox.submit(deed(tmp_path, "fine")).result(60)

    assert loaded.document.text.startswith("survived fine")


@pytest.mark.usefixtures("bad")
def test_a_bug_is_told_by_its_class_without_text_of_the_document(tmp_path: Path) -> None:
    with (
        Sandbox(workers=1) as sandbox,
        pytest.raises(LoaderCrashError, match="ZeroDivisionError") as caught,
    ):
        sandbox.submit(deed(tmp_path, "bug")).result(60)

    assert "secret words" not in str(caught.value)


@pytest.mark.usefixtures("bad")
def test_what_a_library_prints_does_not_disturb(tmp_path: Path) -> None:
    with Sandbox(workers=1) as sandbox:
        assert "survived print" in sandbox.submit(deed(tmp_path, "print")).result(60).document.text


@pytest.mark.usefixtures("bad")
def test_pages_read_by_ocr_have_a_clock_of_their_own(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with Sandbox(workers=1, timeout_s=4) as sandbox:
        path = deed(tmp_path, "pictures")  # 4.8 s in pictures, next to nothing besides
        sandbox.submit(path, on_progress=lambda done, all_: seen.append((done, all_))).result(60)

    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.usefixtures("bad")
def test_what_earlier_files_left_behind_does_not_fail_a_later_one(tmp_path: Path) -> None:
    with Sandbox(workers=1, memory_bytes=400 * 2**20) as sandbox:
        path = deed(tmp_path, "swallow")
        workers = {sandbox.submit(path).result(60).document.text for _ in range(5)}

    assert len(workers) > 1


def test_many_files_are_read_by_several_workers(tmp_path: Path) -> None:
    paths = [text_file(tmp_path, f"{number}.pdf") for number in range(12)]
    with Sandbox(workers=3) as sandbox:
        futures = [sandbox.submit(path) for path in paths]
        assert all("ordinary" in future.result(60).document.text for future in futures)


def test_closing_finishes_what_was_submitted(tmp_path: Path) -> None:
    sandbox = Sandbox(workers=1)
    futures = [sandbox.submit(text_file(tmp_path)) for _ in range(3)]
    sandbox.close()

    assert all(future.done() and not future.exception() for future in futures)
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.submit(tmp_path)


@pytest.mark.usefixtures("bad")
def test_cancelling_ends_running_and_waiting_files_at_once(tmp_path: Path) -> None:
    sandbox = Sandbox(workers=1)
    futures = [sandbox.submit(deed(tmp_path, "hang")) for _ in range(3)]
    time.sleep(0.5)
    began = time.monotonic()
    sandbox.close(cancel=True)

    assert time.monotonic() - began < 10
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(0)


@pytest.mark.usefixtures("bad")
def test_a_file_that_nobody_waits_for_is_given_up_and_the_next_one_read(tmp_path: Path) -> None:
    with Sandbox(workers=1, timeout_s=300) as sandbox:
        files = [deed(tmp_path, name) for name in ("hang", "never begun", "other")]
        hangs, waits, other = map(sandbox.submit, files)
        deadline = time.monotonic() + 60
        while not hangs.running():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        sandbox.give_up(waits)
        sandbox.give_up(hangs)
        assert other.result(60).document.text.startswith("survived other")
        assert waits.cancelled()
        with pytest.raises(CancelledError):
            hangs.result(60)
        sandbox.give_up(other)  # it is done
        assert sandbox.submit(files[2]).result(60).document.text.startswith("survived other")


def test_a_worker_loads_neither_llama_cpp_nor_chroma_nor_the_engines() -> None:
    worker = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "ingest.reading.worker",
            str(2**31),
            str(os.getpid()),
            "--list-modules",
        ],
        input=b"",
        capture_output=True,
        check=True,
        timeout=60,
    )
    modules = set(json.loads(worker.stdout[8:])["ready"])

    assert "ingest.loaders" in modules
    heavy = {"llama_cpp", "chromadb", "numpy", "pypdf", "pypdfium2", "rapidocr", "docx", "pydantic"}
    assert not modules & heavy


@pytest.mark.usefixtures("bad")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_die_with_a_killed_parent(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from ingest.reading.sandbox import Sandbox
        sandbox = Sandbox(workers=1)
        sandbox.submit(Path({str(deed(tmp_path, "loop"))!r}))
        while not sandbox._alive:
            time.sleep(0.01)
        print(next(iter(sandbox._alive)).pid, flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        try:
            worker = int(parent.stdout.readline())
            time.sleep(0.5)
            assert _alive(worker)
        finally:
            parent.kill()
    deadline = time.monotonic() + 60
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not _alive(worker)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.usefixtures("bad")
@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_ctrl_c_prints_nothing_from_workers(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from ingest.reading.sandbox import Sandbox
        if __name__ != "__main__":
            print("the main module ran twice", flush=True)
        try:
            with Sandbox(workers=2) as sandbox:
                futures = [sandbox.submit(Path({str(deed(tmp_path, "hang"))!r})) for _ in range(2)]
                print("ready", flush=True)
                futures[0].result()
        except KeyboardInterrupt:
            sys.exit(130)
    """)
    script = tmp_path / "program.py"
    script.write_text(program)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        try:
            assert parent.stdout.readline() == b"ready\n"
            time.sleep(1)
        finally:
            os.killpg(parent.pid, signal.SIGINT)
        out, err = parent.communicate(timeout=30)

    assert (parent.returncode, out, err) == (130, b"", b"")


def test_the_watchdog_ends_a_process_that_holds_too_much() -> None:
    program = textwrap.dedent("""
        import os, threading, time
        from ingest.reading import limits
        threading.Thread(target=limits.watch, args=(200 * 2**20, os.getppid()), daemon=True).start()
        held = bytearray(b"x") * (300 * 2**20)
        time.sleep(30)
    """)
    ended = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)

    from ingest.reading.limits import EXIT_MEMORY  # noqa: PLC0415 - beside its one use

    assert ended.returncode == EXIT_MEMORY


def test_every_part_of_a_document_survives_the_way_from_the_worker() -> None:
    loaded = LoadedFile(
        document=Document(
            text="标题\n正文 text",
            media_type="pdf",
            title="标题",
            sections=(Section(start=0, end=10, heading_path=("一", "二"), kind="table"),),
            pages=(
                Page(
                    number=1,
                    start=0,
                    end=10,
                    label="iv",
                    read_by="ocr",
                    confidence=0.93,
                    boxes=(TextBox(start=0, end=2, box=(0.1, 0.2, 0.3, 0.4)),),
                ),
            ),
            metadata={"author": "王", "pages": 1, "draft": True, "weight": 1.5},
            notices=(Notice(code="c", message="m", values={"pages": 1}),),
        ),
        content_hash="ab" * 32,
        size=3,
        mtime_ns=2**62,
    )

    assert wire.unpack_file(json.loads(json.dumps(wire.pack_file(loaded)))) == loaded


def test_options_survive_the_way_to_the_worker() -> None:
    options = LoadOptions(passwords=("秘密", "x"), ocr=False, ocr_max_pages=3)

    assert wire.unpack_options(json.loads(json.dumps(wire.pack_options(options)))) == options


def test_a_worker_that_was_taken_over_cannot_point_outside_the_text() -> None:
    message = wire.pack_file(
        LoadedFile(document=Document.from_text("short"), content_hash="0" * 64, size=5, mtime_ns=0)
    )
    message["sections"] = [[0, 6, [], "text", 1]]

    with pytest.raises(ValueError, match="outside"):
        wire.unpack_file(message)


def test_a_long_document_comes_back_quickly(tmp_path: Path) -> None:
    text = "一二三四五六七八九十" * 80_000
    packed = wire.pack_file(
        LoadedFile(document=Document.from_text(text), content_hash="0" * 64, size=0, mtime_ns=0)
    )
    began = time.monotonic()
    with (tmp_path / "message").open("w+b") as stream:
        framing.send(stream, packed)
        stream.seek(0)
        message = framing.receive(stream)
    assert message is not None
    assert wire.unpack_file(message).document.text == text
    assert time.monotonic() - began < 2
