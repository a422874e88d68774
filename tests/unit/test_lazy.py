"""What is opened at its first use, kept, and closed at the end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kb.lazy import Lazy


class Thing:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_it_is_opened_once_for_many_threads_and_anew_after_closing() -> None:
    made: list[Thing] = []
    begin = threading.Barrier(8)

    def make() -> Thing:
        made.append(Thing())
        return made[-1]

    lazy = Lazy(make)
    assert made == []

    def use(_: int) -> Thing:
        begin.wait(60)
        return lazy.get()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(8))) == set(made)
    assert len(made) == 1
    lazy.close()
    lazy.close()
    assert made[0].closed == 1
    assert lazy.get() is made[1]


def test_a_failure_is_no_end() -> None:
    answers = iter([None, Thing()])

    def make() -> Thing:
        found = next(answers)
        if found is None:
            raise EOFError
        return found

    lazy = Lazy(make)
    with pytest.raises(EOFError):
        lazy.get()
    assert lazy.get().closed == 0


def test_what_is_given_stays_its_owners_to_close() -> None:
    given = Thing()
    lazy = Lazy(Thing, given=given)
    assert lazy.get() is given
    lazy.close()
    assert given.closed == 0
    assert lazy.get() is given
