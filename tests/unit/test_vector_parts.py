"""The parts of vector stores: addresses, tokens, the journal of exact, who is storing what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kb.embedding.base import Vectors
from kb.errors import SettingsError, StoreBusyError, StoreError
from kb.remote.peer import Peer
from kb.store.flights import Flights, Patience
from kb.store.lock import WriteLock
from kb.vectors.address import Address
from kb.vectors.base import VectorFilter
from kb.vectors.journal import Change, Journal
from kb.vectors.matrix import Matrix
from kb.vectors.opening import Site, require_known

NONE = np.empty((0, 4), np.float32)


def rows(count: int) -> Vectors:
    return np.arange(4 * count, dtype=np.float32).reshape(count, 4)


def put(*ids: int) -> Change:
    return Change(
        kind="put",
        ids=ids,
        documents=[each // 10 for each in ids],
        languages=["zh" if each % 2 else "en" for each in ids],
        vectors=rows(len(ids)),
    )


def test_an_address_says_where_and_how() -> None:
    address = Address("https://vectors.example.org:8443/chroma/?tenant=a&grpc=1")
    assert (address.kind, address.host, address.port) == ("https", "vectors.example.org", 8443)
    assert address.root == "https://vectors.example.org:8443/chroma"
    assert address.parameter("grpc", "50051") == "1"
    assert address.parameter("database", "none") == "none"
    assert address.with_parameters(tenant="", database="b ä").text == (
        "https://vectors.example.org:8443/chroma?tenant=a&grpc=1&database=b+%C3%A4"
    )
    assert not Address("chroma").is_server


@pytest.mark.parametrize("loopback", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_is_told_from_others(loopback: str) -> None:
    assert Peer(named="it", root=Address(f"http://{loopback}:8000").root).local
    assert not Peer(named="it", root=Address("http://vectors:8000").root).local


@pytest.mark.parametrize(
    "wrong", ["", "chrome", "nosuchstore://x:1", "chroma:folder", "exact?x=1", "chroma://x:1"]
)
def test_what_names_no_vector_store_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="vector_store"):
        require_known(Address(wrong))


def test_a_token_is_a_bearer_token_only_where_no_other_scheme_is_named(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "lock", timeout_s=1)

    def headers(token: str, header: str) -> dict[str, str]:
        return Site(folder=tmp_path, lock=lock, token=token, token_header=header).headers()

    assert headers("", "Authorization") == {}
    assert headers("abc", "authorization") == {"authorization": "Bearer abc"}
    assert headers("Basic abc", "Authorization") == {"Authorization": "Basic abc"}
    assert headers("abc", "X-Chroma-Token") == {"X-Chroma-Token": "abc"}


@pytest.mark.parametrize("given", [{}, {"documents": (1,), "language": "en"}])
def test_a_filter_is_one_condition(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="one of them"):
        VectorFilter(**given)  # type: ignore[arg-type] - what is refused


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "col.vectors")
    made.write_anew([Change(kind="made", vectors=NONE)])
    made.append(put(1, 2, 3))
    return made


def read(path: Path) -> list[tuple[str, list[int]]]:
    _, changes = Journal(path).read_on()
    return [(change.kind, list(change.ids)) for change in changes]


def test_what_was_appended_is_read_on(journal: Journal) -> None:
    reader = Journal(journal.path)
    anew, changes = reader.read_on()
    assert anew
    assert [change.kind for change in changes] == ["made", "put"]
    np.testing.assert_array_equal(changes[1].vectors, rows(3))
    assert changes[1].languages == ["zh", "en", "zh"]
    assert not reader.is_behind()
    journal.append(Change(kind="deleted", ids=[2], vectors=NONE))
    assert reader.is_behind()
    anew, changes = reader.read_on()
    assert (anew, [change.kind for change in changes]) == (False, ["deleted"])
    journal.write_anew([Change(kind="made", vectors=NONE), put(1, 3)])
    assert reader.read_on()[0]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_what_a_crash_left_half_written_is_not_read_and_is_cut_off(
    journal: Journal, cut: int
) -> None:
    whole = journal.path.read_bytes()
    journal.append(put(7, 8))
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    assert read(journal.path) == [("made", []), ("put", [1, 2, 3])]
    writer = Journal(journal.path)
    writer.read_on()
    writer.append(put(9))
    assert read(journal.path) == [("made", []), ("put", [1, 2, 3]), ("put", [9])]
    assert journal.path.read_bytes().startswith(whole)


def test_a_damaged_frame_ends_the_file(journal: Journal) -> None:
    data = bytearray(journal.path.read_bytes())
    data[-5] ^= 1
    journal.path.write_bytes(data)
    assert read(journal.path) == [("made", [])]


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be written.*free disk space"):
        Journal(tmp_path / "file" / "col.vectors").write_anew([put(1)])


def test_a_matrix_keeps_its_rows_together_whatever_is_deleted() -> None:
    matrix = Matrix(4)
    matrix.apply(put(*range(10)))
    matrix.apply(Change(kind="deleted", ids=[0, 9, 4, 77], vectors=NONE))
    matrix.apply(put(4, 20))
    assert set(matrix.ids) == {1, 2, 3, 4, 5, 6, 7, 8, 20}
    np.testing.assert_array_equal(matrix.vectors([4, 8, 20])[8], rows(10)[8])
    np.testing.assert_array_equal(matrix.vectors([20])[20], rows(2)[1])
    again = Matrix(4)
    for change in matrix.as_changes():
        again.apply(change)
    query = np.ones(4, np.float32)
    for where in (None, VectorFilter(language="zh"), VectorFilter(documents=(2,))):
        assert again.nearest(query, 5, where) == matrix.nearest(query, 5, where)
    assert [item for item, _ in again.nearest(query, 5, VectorFilter(documents=(2,)))] == [20]


def test_who_is_storing_is_known_until_it_ends_or_dies(tmp_path: Path) -> None:
    flights = Flights(tmp_path / "storing")
    assert not flights.are_under_way()
    with flights.begun() as flight, Flights(tmp_path / "storing").begun():
        before = flights.latest_beat()
        flight.beat()
        assert flights.latest_beat() >= before
        assert flights.are_under_way()
    assert not flights.are_under_way()
    code = (
        "import os, sys; from pathlib import Path; from kb.store.flights import Flights\n"
        "with Flights(Path(sys.argv[1])).begun(): os._exit(9)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "storing")]
    assert subprocess.run(command, check=False).returncode == 9
    assert list((tmp_path / "storing").iterdir())
    assert not flights.are_under_way()
    assert not list((tmp_path / "storing").iterdir())


def test_others_are_waited_for_as_long_as_they_get_on() -> None:
    steps = iter([*range(20), *[19] * 1000])
    patience = Patience(0.3, lambda: next(steps), "somebody has been writing")
    for _ in range(19):
        patience.wait()

    def wait_on() -> None:
        while True:
            patience.wait()

    with pytest.raises(StoreBusyError, match="somebody has been writing for more than"):
        wait_on()
