"""Which clusters a command joins, and what it says of the others. Run by test_ray.py."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ray_cluster import STORE_BYTES, WAIT_S

from ingest.engines.cluster import asking
from ingest.engines.cluster.connection import Connection
from ingest.errors import ClusterError

INTERRUPTED_RUN = Path(__file__).parents[1] / "e2e" / "interrupt_run.py"
JOIN = """
import sys, threading
from ingest.engines.cluster.connection import Connection
from ingest.errors import ClusterError

try:
    connection = Connection(sys.argv[1], threading.Event())
    print("joined", len(connection.nodes))
    connection.close()
except ClusterError as error:
    print(error)
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def home_with(folder: Path, token: str = "") -> Path:
    """Return the home folder of a user with a token of Ray's, or without one."""
    (folder / ".ray").mkdir(parents=True)
    if token:
        (folder / ".ray" / "auth_token").write_text(token)
    return folder


def environment(home: Path, mode: str = "") -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "RAY_AUTH_MODE"}
    return {**inherited, "HOME": str(home), **({"RAY_AUTH_MODE": mode} if mode else {})}


@contextlib.contextmanager
def head(home: Path, mode: str = "") -> Iterator[str]:
    """Start a head as docs/scaling.md says; yield its address."""
    port = free_port()
    # Short: the paths of Ray's sockets are below it.
    folder = tempfile.mkdtemp(prefix="ray-")
    ray_command = Path(sys.executable).with_name("ray")
    options = ["--head", "--block", "--disable-usage-stats", "--include-dashboard=false"]
    options += [f"--port={port}", f"--ray-client-server-port={free_port()}", "--num-cpus=1"]
    options += [f"--temp-dir={folder}", f"--object-store-memory={STORE_BYTES}"]
    with Path(folder, "said").open("w") as said:
        process = subprocess.Popen(
            [ray_command, "start", *options],
            stdout=said,
            stderr=subprocess.STDOUT,
            env=environment(home, mode),
        )
    try:
        deadline = time.monotonic() + WAIT_S
        while "ray status" not in Path(folder, "said").read_text():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(WAIT_S)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster that wants a token, because its user has one."""
    with head(home_with(tmp_path_factory.mktemp("head") / "home", "a" * 64)) as address:
        yield address


def join(address: str, home: Path, mode: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", JOIN, address],
        check=True,
        capture_output=True,
        text=True,
        env=environment(home, mode),
        timeout=WAIT_S,
    )
    assert "InvalidAuthToken" not in done.stderr
    return done.stdout.strip()


def test_the_users_token_is_sent_to_a_cluster_that_wants_one(guarded: str, tmp_path: Path) -> None:
    assert join(guarded, home_with(tmp_path / "home", "a" * 64)) == "joined 1"


@pytest.mark.parametrize(
    ("token", "mode", "said"),
    [
        ("", "", "this machine has none, or another one. Copy ~/.ray/auth_token from the head"),
        ("b" * 64, "", "this machine has none, or another one. Copy ~/.ray/auth_token"),
        ("a" * 64, "disabled", "RAY_AUTH_MODE=disabled lets this machine send none; unset it"),
    ],
    ids=["none", "another", "not-sent"],
)
def test_a_refused_token_is_named_with_what_to_do(
    guarded: str, tmp_path: Path, token: str, mode: str, said: str
) -> None:
    answer = join(guarded, home_with(tmp_path / "home", token), mode)

    assert answer.startswith(f"the Ray cluster at {guarded} wants a token, and ")
    assert said in answer


def test_a_cluster_without_authentication_is_joined_with_and_without_a_token(
    tmp_path: Path,
) -> None:
    there, without = home_with(tmp_path / "one", "a" * 64), home_with(tmp_path / "other")
    with head(there, "disabled") as address:
        assert join(address, there) == "joined 1"
        assert join(address, there, "token") == "joined 1"
        assert join(address, without) == "joined 1"


@pytest.fixture
def web_server() -> Iterator[str]:
    """A server that is no Ray cluster."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_of_another_server_is_named(
    web_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_PATIENCE_S", 1.0)
    with pytest.raises(ClusterError) as raised:
        Connection(web_server, threading.Event())

    said = str(raised.value)
    assert said.startswith(
        f"no Ray cluster answers at {web_server} (what listens there does not answer as one)"
    )
    assert "`ray start --head --port 6379`, whose port the address has" in said


def test_the_first_ctrl_c_ends_the_wait_for_an_answer(web_server: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Dough rests for an hour.")
    moment = "ingest.engines.cluster.asking:_next"
    arguments = [tmp_path / "note.txt", "--engine", "ray", "--address", web_server]
    done = subprocess.run(
        [sys.executable, INTERRUPTED_RUN, moment, "SIGINT", "1", "ingest", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "KB_DATA_DIR": str(tmp_path / "data")},
        timeout=WAIT_S,
    )

    assert done.returncode == 130
    assert "no Ray cluster answers" not in done.stderr
