"""Whatever a worker that was taken over says costs the file it was reading, and no other one."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from hostile_worker import ENDLESS, MESSAGES, take_over

from ingest.errors import FileTooLargeError, LoaderCrashError, LoaderTimeoutError
from ingest.loaders.base import LoadOptions
from ingest.reading import wire, worker_clock, worker_process
from ingest.reading.framing import receive
from ingest.reading.sandbox import Sandbox

KEYS = {
    "KB_API_KEY": "sk-1",
    "KB_CHAT__API_KEY": "sk-2",
    "OPENAI_API_KEY": "sk-3",
    "HF_TOKEN": "hf-4",
    "AWS_SECRET_ACCESS_KEY": "aws-5",
    "AWS_SESSION_TOKEN": "aws-6",
    "GITHUB_TOKEN": "gh-7",
    "DATABASE_URL": "postgres://u:pw-8@h/d",
    "HTTPS_PROXY": "http://u:pw-9@proxy:1",
    "SSH_AUTH_SOCK": "/run/agent-10",
    "LC_SECRET": "lc-11",
    "PYTHON_KEYRING": "py-12",
}


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", take_over(tmp_path / "code"))


def bad(folder: Path, words: str) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.bad"
    path.write_text(words)
    return path


SOME = (
    "a list for a message",
    "no json",
    "another's name",
    "a number for a text",
    "NaN",
    "lists in lists",
    "a section behind the text",
    "page 10**30",
    "progress of text",
    "an error of text",
    "4 GiB of text",
    "a message cut short",
)
"""A selection: tests/attacks/test_readers.py sends them all."""


@pytest.mark.usefixtures("hostile")
def test_a_malformed_message_ends_its_file_and_the_next_one_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    with Sandbox(workers=2) as sandbox:
        failing = {name: sandbox.submit(bad(folder, name)) for name in SOME}
        fine = [sandbox.submit(bad(folder, f"fine {number}")) for number in range(4)]
        errors = {name: future.exception(300) for name, future in failing.items()}
        texts = [future.result(60).document.text for future in fine]

    assert {name: type(error) for name, error in errors.items()} == dict.fromkeys(
        SOME, LoaderCrashError
    )
    assert texts == [f"fine {number}" for number in range(4)]


@pytest.mark.usefixtures("hostile")
def test_the_reason_says_that_the_answer_was_malformed_and_how(tmp_path: Path) -> None:
    with Sandbox(workers=1) as sandbox:
        error = sandbox.submit(bad(tmp_path, "a section behind the text")).exception(60)

    assert "malformed answer (the end of a section is outside the text)" in str(error)
    assert ".bad could not be read" in str(error)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name == "pictures for ever" else name
        for name in ENDLESS
    ],
)
def test_a_worker_that_comes_to_no_end_is_given_up(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_clock, "PICTURE_TIMEOUT_S", 2.0)
    monkeypatch.setattr(worker_process, "PICTURE_TIMEOUT_S", 2.0)
    options = LoadOptions(ocr_max_seconds=0)
    with Sandbox(workers=1, timeout_s=2) as sandbox:
        error = sandbox.submit(bad(tmp_path, name), options).exception(120)
        assert sandbox.submit(bad(tmp_path, "fine")).result(60).document.text == "fine"

    assert isinstance(error, LoaderTimeoutError)


@pytest.mark.usefixtures("hostile")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_gets_no_keys_no_files_no_input_and_no_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "private").open("w") as private:
        os.set_inheritable(private.fileno(), True)  # noqa: FBT003 - its only argument
        with Sandbox(workers=1) as sandbox:
            told = sandbox.submit(bad(tmp_path, "environment")).result(60).document.text
    worker = json.loads(told)

    assert KEYS.keys() & worker["environment"].keys() == set()
    assert [value for value in KEYS.values() if value in told] == []
    assert worker["environment"]["LC_ALL"] == "C.UTF-8"
    assert worker["environment"]["PATH"] == os.environ["PATH"]
    assert (worker["folder"], worker["input"]) == ("/", "")
    assert str(tmp_path / "private") not in worker["files"].values()
    assert worker["files"]["0"] == "/dev/null"


@pytest.mark.parametrize("name", MESSAGES)
def test_every_malformed_message_is_refused_before_anything_is_made_of_it(name: str) -> None:
    data, after = MESSAGES[name]
    stream = io.BytesIO(data.replace(b"{ID}", b"0123456789abcdef"))

    if after == "exit":
        assert receive(stream) is None
        return
    with pytest.raises((ValueError, KeyError)):
        _understand(stream)


def _understand(stream: io.BytesIO) -> None:
    """Do what the sandbox does with an answer."""
    answer = receive(stream)
    assert answer is not None
    if "progress" in answer:
        wire.unpack_progress(answer["progress"])
    if answer["id"] != "0123456789abcdef":
        raise ValueError(answer["id"])
    if "error" in answer:
        wire.unpack_error(answer["error"])
    wire.unpack_file(answer["file"])


def test_more_sections_than_a_message_may_hold_are_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    # the bound itself would take a file of 100 MB to meet
    (code / "sitecustomize.py").write_text(
        "from ingest.reading import framing\nframing.MAX_VALUES = 500\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(code))
    path = tmp_path / "long.md"
    path.write_text("# a\n\nb\n\n" * 200)
    with Sandbox(workers=1) as sandbox, pytest.raises(FileTooLargeError, match=r"long\.md holds"):
        sandbox.submit(path).result(60)
