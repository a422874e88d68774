"""The gate before the browser UI, on the program as users start it: who may send what."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ui_client import UiClient
from ui_server import UiServer, served_ui
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ui.access import hashed
from ui.incoming import RECEIPT_PREFIX

PASSWORD = "corréct 马 battery"  # noqa: S105 - a test's
APP = Path(__file__).parents[2] / "ui" / "app.py"
MIB = 1 << 20

Waiting = Callable[[], list[bytes]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def data_dir(folder: Path, models_dir: Path) -> Path:
    data = folder / "data"
    data.mkdir()
    (data / "models").symlink_to(models_dir)
    return data


@pytest.fixture(scope="module")
def guarded(folder: Path, data_dir: Path) -> Iterator[UiServer]:
    """The UI with a password; nothing may fail in it unseen."""
    with served_ui(
        folder, data_dir=str(data_dir), ui_password_hash=hashed(PASSWORD), max_file_mb="2"
    ) as server:
        yield server
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


@pytest.fixture
def stranger(guarded: UiServer) -> Iterator[UiClient]:
    with UiClient(guarded.url) as client:
        yield client


@pytest.fixture
def member(stranger: UiClient) -> UiClient:
    stranger.log_in(PASSWORD)
    assert 'body: "Search"' in stranger.drawn
    return stranger


@pytest.fixture
def waiting(data_dir: Path) -> Waiting:
    """Reads the files that have come since the test began; other sessions have theirs."""

    def found() -> set[Path]:
        return {path for path in (data_dir / "incoming").rglob("tmp*") if path.is_file()}

    before = found()
    return lambda: [path.read_bytes() for path in found() - before]


def test_streamlit_asks_for_files_where_the_gate_stands(member: UiClient) -> None:
    # The one thing that the gate knows of Streamlit; it takes files at no other address.
    url = member.upload_url("note.txt")
    assert re.fullmatch(rf"/_stcore/upload_file/{member.session}/[0-9a-f-]+", url)


def test_a_file_sent_before_login_is_refused(stranger: UiClient, waiting: Waiting) -> None:
    url = stranger.upload_url("note.txt")
    assert stranger.upload(url, b"x" * MIB) == (403, "Log in first")
    assert stranger.request("DELETE", url)[0] == 403
    stranger.log_in("not the password")
    assert stranger.upload(url, b"x" * MIB)[0] == 403
    assert waiting() == []


def test_a_file_sent_with_the_session_of_nobody_is_refused(
    member: UiClient, waiting: Waiting
) -> None:
    for session in ("none", "00000000-0000-4000-8000-000000000000", "..", "%2e%2e"):
        assert member.upload(f"/_stcore/upload_file/{session}/a", b"x")[0] == 403
    assert waiting() == []


def test_after_login_a_file_goes_to_disk_and_streamlit_gets_a_receipt(
    member: UiClient, waiting: Waiting
) -> None:
    url = member.upload_url("note.txt")
    data = bytes(range(256)) * 4096 + b"\r\n------a-for\r\n--" * 10
    assert member.upload(url, data, name="Größe 窑.txt") == (204, "")
    assert waiting() == [data]
    _until(lambda: _kept_by_streamlit(member) > 0)
    assert _kept_by_streamlit(member) % (len(RECEIPT_PREFIX) + 32) == 0  # a receipt for each file
    assert member.request("DELETE", url, headers=own(member))[0] == 204
    assert waiting() == []


def test_logging_out_deletes_the_files_that_wait_and_refuses_more(
    member: UiClient, waiting: Waiting
) -> None:
    url = member.upload_url("note.txt")
    assert member.upload(url, b"x")[0] == 204
    member.press("Log out")
    assert waiting() == []
    assert member.upload(url, b"x")[0] == 403


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_larger_than_the_largest_is_refused_whatever_its_length_was_said_to_be(
    member: UiClient,
    waiting: Waiting,
    chunked: bool,  # noqa: FBT001 - a case
) -> None:
    url = member.upload_url("note.txt")
    assert member.upload(url, bytes(2 * MIB + 1), chunked=chunked)[0] == 204
    assert waiting() == []  # the page says so, see the tests of the browser
    assert member.upload(url, bytes(4 * MIB), chunked=chunked)[0] == 204
    assert waiting() == []
    assert member.upload(url, bytes(2 * MIB), chunked=chunked)[0] == 204
    assert [len(data) for data in waiting()] == [2 * MIB]
    assert member.request("DELETE", url, headers=own(member))[0] == 204


def test_a_page_of_another_site_sends_nothing(member: UiClient, waiting: Waiting) -> None:
    url = member.upload_url("note.txt")
    for origin in ("https://evil.example", "null", "http://localhost:3000"):
        assert member.upload(url, b"x", headers={"Origin": origin})[0] == 403
    assert member.upload(url, b"x", headers={"X-Xsrftoken": "2|00|00|0"})[0] == 403
    assert waiting() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        b'------a-form\r\nContent-Disposition: form-data; name="f"\r\n\r\nno end',
        b"------a-form\r\n\r\none\r\n------a-form\r\n\r\ntwo\r\n------a-form--\r\n",
        b"------a-form\r\nX: " + b"y" * 100_000 + b"\r\n\r\none\r\n------a-form--\r\n",
    ],
)
def test_what_is_no_form_with_one_file_is_refused(
    member: UiClient, waiting: Waiting, body: bytes
) -> None:
    headers = {**own(member), "Content-Type": "multipart/form-data; boundary=----a-form"}
    status, _, text = member.request("PUT", member.upload_url("a"), body, headers)
    assert (status, text.startswith("No file arrived")) == (400, True)
    headers["Content-Type"] = "text/plain"
    assert member.request("PUT", member.upload_url("a"), body, headers)[0] == 400
    assert waiting() == []


def test_a_file_that_stops_on_its_way_leaves_nothing(member: UiClient, waiting: Waiting) -> None:
    url = member.upload_url("note.txt")
    headers = {**own(member), "Content-Type": "multipart/form-data; boundary=----a-form"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"PUT {url} HTTP/1.1\r\nHost: {member.host}\r\n{lines}Content-Length: 1000000\r\n\r\n"
    with socket.create_connection(("localhost", int(member.host.rpartition(":")[2]))) as raw:
        raw.sendall(head.encode() + b"------a-form\r\nContent-Disposition: form-data\r\n\r\n")
        raw.sendall(b"x" * 200_000)
        _until(lambda: any(waiting()))
    _until(lambda: waiting() == [])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/_stcore/stream"),
        ("POST", "/_stcore/agent/interact"),
        ("PUT", "/media/a"),
        ("PUT", "/_stcore/upload_file/a"),
        ("PUT", "/_stcore/upload_file/a/b/c"),
        ("POST", "/_stcore/upload_file/a/b"),
        ("PATCH", "/_stcore/upload_file/a/b"),
    ],
)
def test_nothing_else_takes_a_body(guarded: UiServer, method: str, path: str) -> None:
    assert UiClient(guarded.url).request(method, path, b"x" * MIB)[0] == 405


def test_a_message_longer_than_any_of_the_page_ends_the_connection(stranger: UiClient) -> None:
    stranger.send(bytes(MIB + 1))
    with pytest.raises(ConnectionClosed, match="1009"):
        stranger.wait()


def test_a_message_of_text_ends_the_connection_and_leaves_no_traceback(
    stranger: UiClient,
) -> None:
    stranger.send("text")
    with pytest.raises(ConnectionClosed, match="1003"):
        stranger.wait()


def test_the_mark_of_a_connection_cannot_be_brought_along(guarded: UiServer) -> None:
    with UiClient(guarded.url, sent={"X-Shelfmark-Visit": "forged"}) as client:
        assert client.one("text_input").label == "Password"


def test_a_websocket_of_another_site_is_refused(guarded: UiServer) -> None:
    for origin in ("https://evil.example", "http://localhost:3000", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            UiClient(guarded.url, sent={"Origin": origin}).open()


def test_files_that_wait_go_when_the_server_ends(
    folder: Path, data_dir: Path, waiting: Waiting
) -> None:
    with (
        served_ui(folder, data_dir=str(data_dir)) as server,
        UiClient(server.url) as client,
    ):
        assert client.upload(client.upload_url("note.txt"), b"waits")[0] == 204
        assert b"waits" in waiting()
    assert b"waits" not in waiting()


def test_without_a_login_whoever_sits_at_the_machine_sends_files(
    tmp_path: Path, data_dir: Path, waiting: Waiting
) -> None:
    with (
        served_ui(tmp_path, data_dir=str(data_dir), max_file_mb="1") as server,
        UiClient(server.url) as client,
    ):
        url = client.upload_url("note.txt")
        assert client.upload(url, b"mine")[0] == 204
        assert waiting() == [b"mine"]
        assert client.upload(url, bytes(MIB + 1))[0] == 204
        assert waiting() == []


def test_ctrl_c_ends_the_program_without_a_traceback(tmp_path: Path, data_dir: Path) -> None:
    with served_ui(tmp_path, data_dir=str(data_dir)) as server, UiClient(server.url):
        os.kill(server.pid, signal.SIGINT)
        _until(lambda: not _listens(server.port))
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_streamlit_run_is_refused_because_it_has_no_gate(tmp_path: Path, data_dir: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP)]
    options = [f"--server.port={port}", "--server.headless=true"]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, *options],
            env={**os.environ, "KB_DATA_DIR": str(data_dir), "HOME": str(tmp_path)},
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _until(lambda: _listens(port))
            with UiClient(f"http://localhost:{port}") as client:
                assert "started by `streamlit run`" in client.drawn
                assert client.upload(client.upload_url("a"), bytes(2 * MIB))[0] == 413
                with pytest.raises(ConnectionClosed):
                    client.wait()
            process.wait(90)
        finally:
            process.kill()
            process.wait(90)
    assert "error: Not shown: this page was started by `streamlit run`" in log.read_text()


def own(client: UiClient) -> dict[str, str]:
    return {
        "Origin": f"http://{client.host}",
        "X-Xsrftoken": client.xsrf,
        "Cookie": f"_streamlit_xsrf={client.xsrf}",
    }


def _kept_by_streamlit(client: UiClient) -> int:
    """Bytes of uploads in Streamlit's memory; it counts anew every few seconds."""
    _, _, metrics = client.request("GET", "/_stcore/metrics?families=cache_memory_bytes")
    kept = re.search(r"cache_memory_bytes\{.*UploadedFileManager.*\} (\d+)", metrics)
    return int(kept[1]) if kept else 0


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True


def _until(holds: object, timeout_s: float = 90) -> None:
    assert callable(holds)
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_browsers_that_vanish_while_a_page_is_drawn_leave_no_traceback(guarded: UiServer) -> None:
    for _ in range(10):
        client = UiClient(guarded.url)
        client.open()
        client.vanish()
    with UiClient(guarded.url) as other:
        assert other.elements
    assert "Traceback" not in guarded.log.read_text(encoding="utf-8")
