"""Files on their way in: counted as they arrive, on disk, and gone when nobody wants them."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ui.incoming import Held, Incoming, TooMuchError


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "in", most_file=100, most_session=150, most_all=250)


def keep(incoming: Incoming, session: str, data: bytes) -> Held:
    arrival = incoming.begin(session)
    try:
        for at in range(0, len(data), 3):
            arrival.write(data[at : at + 3])
        return arrival.end()
    except TooMuchError:
        arrival.abort()
        raise


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "in").rglob("*") if path.is_file() and path.name != "lock"]


def test_nothing_is_made_on_disk_before_the_first_file(incoming: Incoming, tmp_path: Path) -> None:
    assert incoming.size == 0
    assert not (tmp_path / "in").exists()


def test_a_file_is_on_disk_and_found_by_its_receipt(incoming: Incoming, tmp_path: Path) -> None:
    held = keep(incoming, "a", b"onetwo")
    assert held.path.read_bytes() == b"onetwo"
    assert held.path.is_relative_to(tmp_path)
    assert held.size == 6
    receipt = incoming.hand_out("a", "file-1", held)
    assert incoming.find("a", receipt) is held
    assert incoming.find("b", receipt) is None
    assert incoming.find("a", receipt[:-1]) is None


@pytest.mark.parametrize(
    ("before", "sent", "why"),
    [
        ({}, 101, "file"),
        ({"a": [90]}, 61, "session"),
        ({"b": [100, 50], "c": [50]}, 51, "all"),
    ],
)
def test_a_file_over_a_bound_is_not_taken_and_leaves_nothing(
    incoming: Incoming, tmp_path: Path, before: dict[str, list[int]], sent: int, why: str
) -> None:
    kept = [
        keep(incoming, session, bytes(size)) for session, sizes in before.items() for size in sizes
    ]
    size = incoming.size
    with pytest.raises(TooMuchError) as caught:
        keep(incoming, "a", bytes(sent))
    assert caught.value.why == why
    assert incoming.size == size
    assert len(files(tmp_path)) == len(kept)
    assert keep(incoming, "a", bytes(40)).size == 40


def test_bytes_are_counted_while_they_arrive(incoming: Incoming) -> None:
    arrival = incoming.begin("a")
    arrival.write(bytes(60))
    assert incoming.size == 60
    arrival.abort()
    assert incoming.size == 0


def test_a_discarded_file_is_deleted_and_no_longer_counted(
    incoming: Incoming, tmp_path: Path
) -> None:
    receipt = incoming.hand_out("a", "file-1", keep(incoming, "a", b"text"))
    incoming.discard("a", "file-1")
    assert incoming.find("a", receipt) is None
    assert files(tmp_path) == []
    assert incoming.size == 0


def test_the_end_of_a_session_deletes_its_files_but_not_what_is_being_read(
    incoming: Incoming, tmp_path: Path
) -> None:
    incoming.hand_out("a", "file-1", keep(incoming, "a", b"idle"))
    wanted = keep(incoming, "a", b"being read")
    incoming.hand_out("a", "file-2", wanted)
    other = incoming.hand_out("b", "file-3", keep(incoming, "b", b"another's"))
    incoming.forget("a")
    assert {path.read_bytes() for path in files(tmp_path)} == {b"being read", b"another's"}
    assert incoming.find("b", other) is not None
    del wanted
    deadline = time.monotonic() + 60
    while len(files(tmp_path)) > 1 and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.05)
    assert {path.read_bytes() for path in files(tmp_path)} == {b"another's"}
    assert incoming.size == len(b"another's")


def test_closing_deletes_everything(incoming: Incoming, tmp_path: Path) -> None:
    incoming.hand_out("a", "file-1", keep(incoming, "a", b"idle"))
    incoming.close()
    assert files(tmp_path) == []
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["lock"]


def test_the_next_start_deletes_what_a_killed_process_left_and_nothing_of_a_living_one(
    incoming: Incoming, tmp_path: Path
) -> None:
    incoming.hand_out("a", "file-1", keep(incoming, "a", b"alive"))
    code = (
        "import os, sys; from pathlib import Path; from ui.incoming import Incoming\n"
        "arrival = Incoming(Path(sys.argv[1]), most_file=100).begin('x')\n"
        "arrival.write(b'killed'); kept = arrival.end()\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "in")], check=False)
    assert done.returncode == -9
    assert {path.read_bytes() for path in files(tmp_path)} == {b"alive", b"killed"}
    second = Incoming(tmp_path / "in", most_file=100)
    assert {path.read_bytes() for path in files(tmp_path)} == {b"alive"}
    kept = keep(second, "b", b"second")
    assert kept.path.exists()
    assert {path.read_bytes() for path in files(tmp_path)} == {b"alive", b"second"}


def test_a_folder_that_cannot_be_written_is_no_room(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("a file where the folder should be")
    with pytest.raises(TooMuchError) as caught:
        Incoming(tmp_path / "in", most_file=100).begin("a")
    assert caught.value.why == "disk"
