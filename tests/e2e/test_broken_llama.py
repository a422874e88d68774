"""A llama.cpp whose library cannot be loaded costs what needs a model, and says what to do."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.install.machine import cpp_compiler

MISSING = "libcublas.so.13"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def compiled(target: Path, source: str, *options: str) -> None:
    """Compile a shared library."""
    compiler = shutil.which("cc") or cpp_compiler(os.environ).split()[0]
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(target), "-x", "none", *options],
        input=source,
        text=True,
        check=True,
        timeout=60,
    )


def needs_a_missing_library(libraries: Path) -> None:
    """As a CUDA build whose libraries are not on the loader's path."""
    compiled(libraries / MISSING, "int cublas(void) { return 1; }\n", f"-Wl,-soname,{MISSING}")
    source = "int cublas(void);\nint llama_max_devices(void) { return cublas(); }\n"
    compiled(libraries / "libllama.so", source, str(libraries / MISSING))
    (libraries / MISSING).unlink()


def lacks_a_function(libraries: Path) -> None:
    """As a library of another version than the package."""
    compiled(libraries / "libllama.so", "int llama(void) { return 1; }\n")


def is_not_there(libraries: Path) -> None:
    """As an installation that lost its files."""


def is_cut_short(libraries: Path) -> None:
    """As a download or a disk that failed."""
    (libraries / "libllama.so").write_bytes(b"\x7fELF")


def slow(arguments: list[str], shown: str) -> object:
    """A command that `make test` leaves out: each takes a process."""
    return pytest.param(arguments, shown, marks=pytest.mark.slow)


Breakage = Callable[[Path], None]


@pytest.fixture
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the package llama_cpp over a library broken as the test says."""
    breakage: Breakage = getattr(request, "param", needs_a_missing_library)
    found = importlib.util.find_spec("llama_cpp")
    assert found is not None
    assert found.origin is not None
    code = tmp_path / "code"
    ignored = shutil.ignore_patterns("lib", "__pycache__", "server")
    shutil.copytree(Path(found.origin).parent, code / "llama_cpp", ignore=ignored)
    (code / "llama_cpp" / "lib").mkdir()
    breakage(code / "llama_cpp" / "lib")
    return code


@pytest.fixture
def command(settings: Settings, embedder: Embedder, broken: Path) -> Command:
    """Run a module's command over a library with one document, with the broken llama.cpp."""
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add("Kestrels hover above meadows.", name="kestrel.txt")

    def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env={
                **os.environ,
                "KB_DATA_DIR": str(settings.data_dir),
                "KB_WORKERS": "1",
                "PYTHONPATH": str(broken),
            },
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    return run


BROKEN = [
    pytest.param(
        needs_a_missing_library,
        [f"{MISSING} is missing", "LD_LIBRARY_PATH", "-DGGML_CUDA=OFF", "the package"],
        id="another library is missing",
    ),
    pytest.param(
        lacks_a_function,
        ["lacks the function llama_", "different versions", "make setup"],
        id="a function is missing",
    ),
    pytest.param(is_not_there, ["lacks its library libllama", "make setup"], id="no library"),
    pytest.param(is_cut_short, ["file too short", "make setup"], id="cut short"),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN, indirect=["broken"])
def test_what_needs_a_model_ends_in_one_error_that_names_the_cause_and_the_mends(
    command: Command, said: list[str]
) -> None:
    done = command("kb", "search", "which bird hovers?")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    for words in said:
        assert words in done.stderr


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        BROKEN[0],
        *(pytest.param(*each.values, id=each.id, marks=pytest.mark.slow) for each in BROKEN[1:]),
    ],
    indirect=["broken"],
)
def test_doctor_names_it_and_reports_the_rest(command: Command, said: list[str]) -> None:
    done = command("kb", "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    for words in said:
        assert words in found["machine"]["problem"]
        assert words in found["model"]["problem"]
    assert found["machine"]["cores"] >= 1
    assert found["store"]["collection default"] == "1 documents, 1 chunks, 0 of them refined"
    assert found["check"]["catalog, vectors and full-text index agree"] is True


def test_doctor_prints_the_problem_on_a_terminal_too(command: Command) -> None:
    done = command("kb", "doctor")
    assert done.returncode == 1
    assert MISSING in done.stdout
    assert "collection default" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        slow(["documents"], "kestrel.txt"),
        (["search", "kestrels", "--mode", "keyword"], "Kestrels hover"),
        slow(["collections"], "default"),
        slow(["runs"], ""),
        slow(["tag", "1", "--add", "birds"], "birds"),
        slow(["models", "list"], "multilingual-e5-small"),
        slow(["compact"], "compacted"),
        (["export", "{folder}/saved.kb"], "exported default"),
        (["remove", "1"], "removed 1"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_what_needs_no_model_works(
    command: Command, tmp_path: Path, arguments: list[str], shown: str
) -> None:
    done = command("kb", *(each.format(folder=tmp_path) for each in arguments))
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout


def test_a_run_of_ingestion_ends_with_the_one_error_and_not_one_for_each_file(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(f"{name} speaks of tea.\n", "utf-8")
    done = command("ingest", str(folder))
    assert done.returncode == 1
    assert done.stderr.count(MISSING + " is missing") == 1


def test_the_chat_model_of_this_process_says_it_in_the_same_words(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chat.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("KB_CHAT_MODEL", str(tmp_path / "chat.gguf"))
    done = command("kb", "ask", "which bird hovers?", "--mode", "keyword")
    assert done.returncode == 1
    assert f"{MISSING} is missing" in done.stderr
