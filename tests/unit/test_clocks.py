"""The clocks that say when each stage of a run was busy."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ingest.pipeline.clocks import BusyClock


@dataclass
class Time:
    """A time of day that passes when told."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def clock(time: Time) -> BusyClock:
    return BusyClock(time)


def work(clock: BusyClock, time: Time, seconds: float) -> None:
    with clock:
        time.seconds += seconds


def test_a_clock_that_never_ran_shows_nothing(clock: BusyClock) -> None:
    assert clock.share == 0.0
    assert clock.seconds == 0.0
    assert clock.timeline(10, 5) == (0.0,) * 5
    assert clock.timeline(0, 2) == (0.0, 0.0)


def test_the_share_counts_from_the_first_entry_to_the_last_exit(
    clock: BusyClock, time: Time
) -> None:
    time.seconds += 5
    work(clock, time, 1)
    time.seconds += 2
    work(clock, time, 1)
    time.seconds += 7
    assert clock.seconds == pytest.approx(2)
    assert clock.share == pytest.approx(0.5)


def test_two_threads_inside_count_once(clock: BusyClock, time: Time) -> None:
    with clock:
        work(clock, time, 2)
        time.seconds += 1
    assert clock.seconds == pytest.approx(3)
    assert clock.share == pytest.approx(1)


def test_the_timeline_shows_when_it_was_busy(clock: BusyClock, time: Time) -> None:
    time.seconds += 2
    work(clock, time, 3)
    time.seconds += 5
    assert clock.timeline(10, 5) == pytest.approx((0, 1, 0.5, 0, 0))


def test_a_long_run_needs_no_more_memory_and_keeps_its_sums(clock: BusyClock, time: Time) -> None:
    for _ in range(5000):  # a day and a half, in pieces of 25 s
        work(clock, time, 5)
        time.seconds += 20
    seconds = 5000 * 25.0
    assert clock.timeline(seconds, 10) == pytest.approx((0.2,) * 10, abs=0.01)
    assert len(clock._bins) == 400
    assert sum(clock._bins) == pytest.approx(clock.seconds)
