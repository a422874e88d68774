"""Downloads of models: resumed, verified, whole or not there; every trouble says what to do."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import hub_server as server
import pytest
from hub_server import FakeHub
from typer.testing import CliRunner

from kb.cli.app import app
from kb.errors import ModelError, SettingsError
from kb.hashing import file_sha256
from kb.models import hub, transfer
from kb.models.files import installed, read_record, remove_model
from kb.models.references import Reference, parse_reference
from kb.models.transfer import Patience
from kb.retry import RetryPolicy
from kb.stopping import StoppedError, stoppable

DATA = bytes(range(256)) * 4096  # 1 MiB
HF = Reference(hub="hf", repository=server.REPOSITORY, file=server.FILE)
MS = Reference(hub="ms", repository=server.REPOSITORY, file=server.FILE)
QUICK = Patience(policy=RetryPolicy(attempts=3, base_s=0.01), stall_s=0.5)


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with server.running(DATA) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setenv("MODELSCOPE_DOMAIN", running.address)
        yield running


def place(folder: Path) -> Path:
    return folder / server.REPOSITORY / server.FILE


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in place(folder).parent.glob("*"))


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize("reference", [HF, MS], ids=str)
def test_a_file_arrives_whole_with_a_record_of_where_it_came_from(
    tmp_path: Path, reference: Reference
) -> None:
    told: list[tuple[int, int]] = []
    path = hub.pull(
        reference, tmp_path, patience=QUICK, on_progress=lambda *counts: told.append(counts)
    )
    assert path == place(tmp_path)
    assert path.read_bytes() == DATA
    assert told[-1] == (len(DATA), len(DATA))
    record = read_record(path)
    assert record is not None
    assert (record.source, record.sha256) == (str(reference), file_sha256(path))
    assert leftovers(tmp_path) == ["tiny.gguf", "tiny.gguf.json"]


def test_a_file_that_is_there_is_not_fetched_again(remote: FakeHub, tmp_path: Path) -> None:
    hub.pull(HF, tmp_path, patience=QUICK)
    before = len(remote.requests)
    hub.pull(HF, tmp_path, patience=QUICK)
    assert [method for method, _, _ in remote.requests[before:]] == ["HEAD"]


def test_a_connection_that_breaks_off_is_resumed_within_one_run(
    remote: FakeHub, tmp_path: Path
) -> None:
    remote.break_after = 300_000
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA
    ranges = [wanted for _, path, wanted in remote.requests if path.startswith("/cdn/")]
    assert ranges == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_run_that_gave_up_is_resumed_by_the_next(remote: FakeHub, tmp_path: Path) -> None:
    remote.break_after = 300_000
    with pytest.raises(ModelError, match="goes on from where it stopped"):
        hub.pull(HF, tmp_path, patience=Patience(policy=RetryPolicy(attempts=0, base_s=0.01)))
    assert not place(tmp_path).exists()
    assert installed(tmp_path) == []
    remote.break_after = None
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA
    assert remote.requests[-1][2] == "bytes=300000-"
    assert leftovers(tmp_path) == ["tiny.gguf", "tiny.gguf.json"]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("7", 7.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 60.0),
        ("Fri, 01 Jan 2010 00:00:00 GMT", 0.0),
        ("86400", 60.0),
        ("soon", 0.0),
    ],
)
def test_a_hub_is_left_in_peace_for_as_long_as_it_asks_within_reason(
    remote: FakeHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    waited: float,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(transfer, "rest", waits.append)
    remote.refusals = [(503, {"Retry-After": asked})]
    policy = RetryPolicy(attempts=2, base_s=0.01, cap_s=60.0)
    hub.pull(HF, tmp_path, patience=Patience(policy=policy))
    assert waits == [pytest.approx(waited, abs=0.01)]


def test_a_server_that_stalls_is_asked_again(remote: FakeHub, tmp_path: Path) -> None:
    remote.stall_after = 500_000
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA
    assert remote.requests[-1][2] == "bytes=500000-"


def test_a_server_that_cannot_resume_sends_the_whole_again(remote: FakeHub, tmp_path: Path) -> None:
    remote.resumes = False
    remote.stall_after = 500_000
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA


def test_wrong_contents_are_deleted_and_never_get_the_files_name(
    remote: FakeHub, tmp_path: Path
) -> None:
    remote.announced = "0" * 64
    with pytest.raises(ModelError, match=r"is not the announced file.*deleted"):
        hub.pull(HF, tmp_path, patience=QUICK)
    assert leftovers(tmp_path) == []


def test_a_spoilt_part_of_an_earlier_run_is_fetched_once_more_from_the_start(
    remote: FakeHub, tmp_path: Path
) -> None:
    assert remote.announced is not None
    place(tmp_path).parent.mkdir(parents=True)
    part = place(tmp_path).with_name(f"tiny.gguf.{remote.announced[:16]}.part")
    part.write_bytes(b"x" * 1000)
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA


def test_more_bytes_than_announced_are_refused(remote: FakeHub, tmp_path: Path) -> None:
    remote.announced_size = 1000
    with pytest.raises(ModelError, match="more than the 1000 bytes"):
        hub.pull(HF, tmp_path, patience=QUICK)
    assert not place(tmp_path).exists()


def test_without_a_checksum_in_the_headers_the_api_is_asked(
    remote: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced = remote.announced

    def plain(handler: object) -> None:
        remote.announced = None
        original(handler)
        remote.announced = announced

    original = server._Handler.do_HEAD
    monkeypatch.setattr(server._Handler, "do_HEAD", plain)
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA
    assert any(path.startswith("/api/models/") for _, path, _ in remote.requests)


@pytest.mark.parametrize("reference", [HF, MS], ids=str)
def test_without_any_checksum_nothing_is_downloaded(
    remote: FakeHub, tmp_path: Path, reference: Reference
) -> None:
    remote.announced = None
    with pytest.raises(ModelError, match="could not be verified"):
        hub.pull(reference, tmp_path, patience=QUICK)
    fetched = [path for method, path, _ in remote.requests if method == "GET"]
    assert not any("/cdn/" in path or "FilePath" in path for path in fetched)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "set HF_TOKEN"),
        (403, "accept the terms"),
        (404, "there is no tiny.gguf in owner/repo-GGUF"),
        (429, "wait some minutes"),
        (503, "run the same command again later"),
    ],
)
def test_a_refusal_says_what_to_do_and_where_to_put_the_file_by_hand(
    remote: FakeHub, tmp_path: Path, status: int, advice: str
) -> None:
    remote.refusals = [(status, {})] * 9
    with pytest.raises(ModelError, match=advice) as caught:
        hub.pull(HF, tmp_path, patience=QUICK)
    assert f"status {status}" in str(caught.value)
    assert str(place(tmp_path)) in str(caught.value)
    asked = 1 if status < 429 else QUICK.policy.attempts
    assert len(remote.requests) == asked


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_passing_trouble_is_waited_out(remote: FakeHub, tmp_path: Path, status: int) -> None:
    remote.refusals = [(status, {"Retry-After": "0"})] * 2
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA


def test_no_room_on_the_disk_is_told_before_anything_is_fetched(
    remote: FakeHub, tmp_path: Path
) -> None:
    remote.announced_size = 1 << 60
    with pytest.raises(ModelError, match=r"no room for the model: .* GB are needed"):
        hub.pull(HF, tmp_path, patience=QUICK)
    assert [method for method, _, _ in remote.requests] == ["HEAD"]


def test_a_disk_that_fills_up_keeps_the_part_for_the_next_run(
    remote: FakeHub, tmp_path: Path
) -> None:
    # A limit on the size of files stands in for a full disk: the write fails just so.
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from kb.errors import ModelError\n"
        "from kb.models import hub; from kb.models.references import Reference\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        f"reference = Reference(hub='hf', repository='{server.REPOSITORY}', file='{server.FILE}')\n"
        "try: hub.pull(reference, Path(sys.argv[1]))\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "free space or set KB_DATA_DIR" in done.stdout
    assert not place(tmp_path).exists()
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA
    assert remote.requests[-1][2] == "bytes=500000-"


def test_two_processes_do_not_write_the_same_part(remote: FakeHub, tmp_path: Path) -> None:
    remote.stall_after = 1000
    script = (
        "import sys; from pathlib import Path\n"
        "from kb.models import hub; from kb.models.references import parse_reference\n"
        f"hub.pull(parse_reference('{HF}'), Path(sys.argv[1]))"
    )
    slow = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    try:
        while not any("/cdn/" in path for _, path, _ in remote.requests):
            assert slow.poll() is None
        with pytest.raises(ModelError, match="another process is downloading tiny"):
            hub.pull(HF, tmp_path, patience=QUICK)
    finally:
        slow.kill()
        slow.wait()
    # A lock that a killed process left is no lock.
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA


def test_a_token_goes_to_the_hub_and_not_to_where_it_redirects(
    remote: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    # Another name of this machine: for the client another host.
    monkeypatch.setenv("HF_ENDPOINT", remote.address.replace("127.0.0.1", "localhost"))
    hub.pull(HF, tmp_path, patience=QUICK)
    hub.pull(MS, tmp_path / "other", patience=QUICK)
    for (_, path, _), token in zip(remote.requests, remote.tokens, strict=True):
        assert token == ("Bearer hf_secret" if "/resolve/" in path else ""), path


def test_a_token_that_no_header_can_carry_is_named_and_not_repeated(
    remote: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_密钥")
    with pytest.raises(SettingsError, match="HF_TOKEN holds characters") as refused:
        hub.pull(HF, tmp_path, patience=QUICK)
    assert "密钥" not in str(refused.value)
    assert remote.requests == []


def test_offline_is_said_at_once(
    remote: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"HF_HUB_OFFLINE is set.*put the file\s+at .*tiny\.gguf"):
        hub.pull(HF, tmp_path)
    assert remote.requests == []


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "HF_ENDPOINT"])
def test_without_the_hub_a_whole_file_that_is_here_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    hub.pull(HF, tmp_path, patience=QUICK)
    away = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    monkeypatch.setenv(variable, away[variable])
    assert hub.pull(HF, tmp_path, patience=QUICK).read_bytes() == DATA
    place(tmp_path).write_bytes(DATA[:-1])
    with pytest.raises(ModelError, match=r"put (the file|it)"):
        hub.pull(HF, tmp_path, patience=QUICK)


@pytest.mark.parametrize("after", [0, 1000])
def test_a_server_that_sends_nothing_more_delays_no_stop(
    remote: FakeHub, tmp_path: Path, after: int
) -> None:
    remote.stall_after = after
    nobody_waits = threading.Event()
    started = time.monotonic()
    with ThreadPoolExecutor(1) as threads, stoppable(nobody_waits):
        work = threads.submit(copy_context().run, hub.pull, HF, tmp_path)
        assert remote.stalled.wait(60)
        nobody_waits.set()
        with pytest.raises(StoppedError):
            work.result(60)
    assert time.monotonic() - started < Patience().stall_s
    assert not place(tmp_path).exists()
    remote.released.set()
    hub.pull(HF, tmp_path, patience=QUICK)
    assert place(tmp_path).read_bytes() == DATA


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.usefixtures("remote")
def test_a_hub_that_cannot_be_reached_names_mirrors_and_the_place_for_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ModelError, match="cannot reach Hugging Face") as caught:
        hub.pull(HF, tmp_path, patience=QUICK)
    for advice in ("HF_ENDPOINT", "--from ms", "HTTPS_PROXY", str(place(tmp_path))):
        assert advice in str(caught.value)


@pytest.mark.usefixtures("remote")
def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:hunter2@127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ModelError, match=r"through the proxy \(HTTP_PROXY=http://127") as caught:
        hub.pull(HF, tmp_path, patience=QUICK)
    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("remote")
def test_a_proxy_that_is_no_address_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "nonsense://proxy")
    with pytest.raises(ModelError, match="HTTPS_PROXY, HTTP_PROXY or ALL_PROXY cannot be used"):
        hub.pull(HF, tmp_path, patience=QUICK)


@pytest.mark.usefixtures("remote")
def test_removing_a_model_leaves_nothing_of_it(tmp_path: Path) -> None:
    path = hub.pull(HF, tmp_path, patience=QUICK)
    path.with_name(f"{path.name}.0123456789abcdef.part").touch()
    remove_model(path)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Qwen3-Embedding-4B", "hf:Qwen/Qwen3-Embedding-4B-GGUF/Qwen3-Embedding-4B-Q4_K_M.gguf"),
        (
            "qwen3-embedding-0.6b",
            "hf:Qwen/Qwen3-Embedding-0.6B-GGUF/Qwen3-Embedding-0.6B-Q8_0.gguf",
        ),
        ("Qwen3-Embedding-8B:f16", "hf:Qwen/Qwen3-Embedding-8B-GGUF/Qwen3-Embedding-8B-f16.gguf"),
        ("bge-m3", "hf:gpustack/bge-m3-GGUF/bge-m3-Q8_0.gguf"),
        ("ms:someone/else/sub/model.gguf", "ms:someone/else/sub/model.gguf"),
    ],
)
def test_names_mean_files_of_repositories(text: str, meant: str) -> None:
    assert str(parse_reference(text)) == meant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "Qwen3-Embedding-5B",
            r"name one of .*Qwen3-Embedding-4B.* \(`kb models list` shows all\)",
        ),
        ("qwen3-4b", "name one of Qwen3-Embedding-4B, Qwen3-Reranker-4B, Qwen3-4B-Instruct"),
        ("gpt-9", "name one of multilingual-e5-small, .*Qwen3-Embedding-4B.*, or a file as"),
        ("Qwen3-Embedding-4B:Q2_K", "not offered as Q2_K; choose one of Q4_K_M"),
        ("multilingual-e5-small", "built in"),
        ("hf:owner/../../etc/passwd.gguf", "there is no model"),
        ("hf:owner/repo/../../../x.gguf", "there is no model"),
        ("hf:owner/repo/model.bin", "there is no model"),
    ],
)
def test_names_that_mean_nothing_say_what_can_be_named(text: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        parse_reference(text)


def test_pull_from_the_command_line_says_where_the_file_is(
    remote: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["models", "pull", str(HF)])
    assert done.exit_code == 0, done.output
    assert "is here and verified" in done.stdout
    assert f"kb models use {server.REPOSITORY}/{server.FILE}" in done.stdout
    assert place(tmp_path / "models").read_bytes() == DATA
    remote.announced = "0" * 64
    refused = CliRunner().invoke(app, ["models", "pull", str(HF)])
    assert refused.exit_code == 1
    assert "not the announced file" in refused.stderr
