"""Trying passwords: two hashes at once, a bounded queue, and delays that never lock anybody out."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ui.attempts import (
    FORGOTTEN_S,
    FREE_OF_ADDRESS,
    MOST_ADDRESS_DELAY_S,
    MOST_HASHES,
    MOST_SESSION_DELAY_S,
    Attempts,
    BusyError,
)


def wrong() -> bool:
    return False


def right() -> bool:
    return True


def fast() -> Attempts:
    return Attempts(unit_s=0)


def test_a_first_attempt_does_not_wait() -> None:
    assert Attempts().delay_s("192.0.2.1", 0) == 0


def test_each_wrong_attempt_of_a_session_delays_its_next_one_longer() -> None:
    attempts = Attempts()
    delays = [attempts.delay_s("192.0.2.1", count) for count in range(7)]
    assert delays == [0, 1, 2, 4, 8, 8, 8]
    assert delays[-1] == MOST_SESSION_DELAY_S


def test_many_wrong_attempts_of_an_address_delay_the_next_one_by_some_seconds_only() -> None:
    told = Attempts(unit_s=0)
    for _ in range(FREE_OF_ADDRESS + 20):
        assert not told.check(wrong, address="192.0.2.1", wrong=0)
    told._unit_s = 1.0
    assert told.delay_s("192.0.2.1", 0) == MOST_ADDRESS_DELAY_S
    assert told.delay_s("192.0.2.2", 0) == 0


def test_the_right_password_is_let_in_whatever_others_guess() -> None:
    attempts = fast()
    for _ in range(200):
        attempts.check(wrong, address="192.0.2.1", wrong=3)
    assert attempts.check(right, address="192.0.2.1", wrong=3)


def test_right_passwords_do_not_count_against_their_address() -> None:
    attempts = fast()
    for _ in range(100):
        attempts.check(right, address="192.0.2.1", wrong=0)
    attempts._unit_s = 1.0
    assert attempts.delay_s("192.0.2.1", 0) == 0


def test_addresses_are_forgotten_after_a_while() -> None:
    now = [0.0]
    attempts = Attempts(unit_s=0, clock=lambda: now[0])
    for _ in range(100):
        attempts.check(wrong, address="192.0.2.1", wrong=0)
    attempts._unit_s = 1.0
    assert attempts.delay_s("192.0.2.1", 0) > 0
    now[0] = FORGOTTEN_S
    assert attempts.delay_s("192.0.2.1", 0) == 0


def test_a_network_of_ipv6_addresses_is_one_visitor() -> None:
    attempts = fast()
    for host in range(100):
        attempts.check(wrong, address=f"2001:db8:0:1::{host:x}", wrong=0)
    attempts._unit_s = 1.0
    assert attempts.delay_s("2001:db8:0:1:ffff::1", 0) == MOST_ADDRESS_DELAY_S
    assert attempts.delay_s("2001:db8:0:2::1", 0) == 0


def test_the_memory_for_addresses_is_bounded() -> None:
    attempts = fast()
    for host in range(5000):
        attempts.check(wrong, address=f"name-{host}", wrong=0)
    assert len(attempts._counts) == 4096
    assert "name-4999" in attempts._counts


def test_two_hashes_are_made_at_once_and_all_others_are_answered_after() -> None:
    attempts = fast()
    mutex, now, most = threading.Lock(), [0], [0]

    def hash_it() -> bool:
        with mutex:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with mutex:
            now[0] -= 1
        return True

    with ThreadPoolExecutor(60) as pool:
        tried = [
            pool.submit(attempts.check, hash_it, address=f"name-{host % 3}", wrong=0)
            for host in range(60)
        ]
        assert [each.result() for each in tried] == [True] * 60
    assert most == [MOST_HASHES]
    assert attempts._waiting == []


def test_an_attempt_counts_before_it_is_hashed() -> None:
    attempts = Attempts(unit_s=0)
    seen: list[float] = []

    def look() -> bool:
        attempts._unit_s = 1.0
        seen.append(attempts.delay_s("192.0.2.1", 0))
        attempts._unit_s = 0.0
        return False

    for _ in range(FREE_OF_ADDRESS):
        attempts.check(look, address="192.0.2.1", wrong=0)
    assert seen[:-1] == [0] * (FREE_OF_ADDRESS - 1)
    assert seen[-1] > 0


def test_a_full_queue_turns_away_the_address_that_fills_it_and_nobody_else() -> None:
    attempts = Attempts(most_waiting=6, unit_s=0)
    begun, go = threading.Semaphore(0), threading.Event()

    def hold() -> bool:
        begun.release()
        assert go.wait(30)
        return True

    def waiting(count: int) -> None:
        deadline = time.monotonic() + 60
        while len(attempts._waiting) != count:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    with ThreadPoolExecutor(20) as pool:
        holders = [pool.submit(attempts.check, hold, address="busy", wrong=0) for _ in range(2)]
        for _ in holders:
            assert begun.acquire(timeout=30)
        crowd = []
        for count in range(6):
            crowd.append(pool.submit(attempts.check, right, address="busy", wrong=0))
            waiting(count + 1)
        with pytest.raises(BusyError):
            attempts.check(right, address="busy", wrong=0)
        guest = pool.submit(attempts.check, right, address="guest", wrong=0)
        with pytest.raises(BusyError):
            crowd[-1].result(30)
        waiting(6)
        go.set()
        assert guest.result(30)
        assert all(each.result(30) for each in [*holders, *crowd[:-1]])


def test_a_hash_that_fails_gives_its_place_to_the_next() -> None:
    attempts = fast()

    def fail() -> bool:
        raise MemoryError

    for _ in range(3):
        with pytest.raises(MemoryError):
            attempts.check(fail, address="192.0.2.1", wrong=0)
    assert attempts.check(right, address="192.0.2.1", wrong=0)
