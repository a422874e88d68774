"""``kb serve`` says at once what keeps it from serving."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def slow(value: str) -> object:
    """A value that `make test` leaves out: each takes a process."""
    return pytest.param(value, marks=pytest.mark.slow)


def refused(data_dir: Path, *options: str, **environment: str) -> str:
    """Run the command, which must fail, and return what it said."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    done = subprocess.run(
        [sys.executable, "-m", "kb", "serve", *options],
        env={**kept, "KB_DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", slow("::"), slow("192.0.2.7")])  # noqa: S104 - refused
def test_an_address_that_others_reach_needs_a_key(data_dir: Path, host: str) -> None:
    said = refused(data_dir, "--host", host)
    assert "KB_SERVER_API_KEY" in said
    assert host in said


def test_a_port_in_use_is_named(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1 port {port}" in refused(data_dir, "--port", str(port))


def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(data_dir: Path) -> None:
    said = refused(data_dir, KB_SERVER_API_KEY="schlüssel wort")
    assert "KB_SERVER_API_KEY holds characters" in said
    assert "schlüssel" not in said


@pytest.mark.parametrize(
    "key", ["a", slow("open-sesame"), slow("123456789012345"), "aaaaabbbbbcccccddddd"]
)
@pytest.mark.parametrize("host", [slow("0.0.0.0"), "127.0.0.1"])  # noqa: S104 - refused
def test_a_key_that_can_be_guessed_is_refused_with_how_to_make_one(
    data_dir: Path, host: str, key: str
) -> None:
    said = refused(data_dir, "--host", host, KB_SERVER_API_KEY=key)
    assert "too easy to guess: a key has at least 16 characters, 6 of them different" in said
    assert "secrets.token_urlsafe()" in said
    assert len(key) == 1 or key not in said
