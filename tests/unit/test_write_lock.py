"""The write lock: who waits for it, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kb.errors import StoreBusyError
from kb.store.lock import WriteLock


@contextmanager
def held(lock: WriteLock) -> Iterator[threading.Event]:
    """Hold a lock in another thread until the event is set."""
    taken, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.hold():
            taken.set()
            assert let_go.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert taken.wait(60)
        yield let_go
    finally:
        let_go.set()
        thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "write.lock"


def test_whoever_holds_it_may_take_it_again_by_any_lock_of_the_path(path: Path) -> None:
    first, second = WriteLock(path, timeout_s=0.1), WriteLock(path, timeout_s=0.1)
    with first.hold():
        with second.hold():
            assert first.is_held
        assert second.is_held
        assert_refused_to_others(path)
    assert not first.is_held


def assert_refused_to_others(path: Path) -> None:
    problems: list[BaseException] = []

    def try_it() -> None:
        try:
            with WriteLock(path, timeout_s=0.05).hold():
                pass
        except StoreBusyError as error:
            problems.append(error)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    assert len(problems) == 1


def test_who_waits_gives_up_where_nothing_goes_on(path: Path) -> None:
    lock = WriteLock(path, timeout_s=0.05)
    with (
        held(WriteLock(path, timeout_s=1)),
        pytest.raises(StoreBusyError, match=r"more than 0\.05 s"),
        lock.hold(progress=lambda: 7),
    ):
        pass


def test_who_waits_goes_on_waiting_as_long_as_the_holder_makes_progress(path: Path) -> None:
    lock = WriteLock(path, timeout_s=0.05)
    seen: list[int] = []
    with held(WriteLock(path, timeout_s=1)) as let_go:

        def progress() -> int:
            seen.append(len(seen))
            if len(seen) == 5:
                let_go.set()
            return len(seen)

        with lock.hold(progress=progress):
            assert len(seen) >= 5


def test_waiting_for_another_thread_can_be_interrupted(path: Path) -> None:
    interrupted = threading.Event()
    interrupted.set()
    lock = WriteLock(path, timeout_s=60, interrupted=interrupted)
    with (
        held(WriteLock(path, timeout_s=1)),
        pytest.raises(KeyboardInterrupt),
        lock.hold(),
    ):
        pass
