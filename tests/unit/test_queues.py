"""Queues bounded by weight."""

from __future__ import annotations

import threading
import time

from ingest.queues import WeightedQueue

SOON_S = 0.05
LATER_S = 5.0


def test_first_in_first_out() -> None:
    queue = WeightedQueue[str](10)
    for item in ("甲", "b", "c"):
        assert queue.put(item, weight=3)
    assert [queue.get(), queue.get_now(), queue.get()] == ["甲", "b", "c"]
    assert queue.get_now() is None


def test_put_waits_until_there_is_room() -> None:
    queue = WeightedQueue[int](10)
    queue.put(1, weight=6)
    done = threading.Event()

    def put() -> None:
        queue.put(2, weight=5)
        done.set()

    thread = threading.Thread(target=put)
    thread.start()
    assert not done.wait(SOON_S)
    assert queue.get() == 1
    assert done.wait(LATER_S)
    assert queue.get() == 2
    thread.join()


def test_what_is_heavier_than_all_room_is_let_in_alone() -> None:
    queue = WeightedQueue[str](10)
    assert queue.put("a whole library", weight=1000)
    thread = threading.Thread(target=queue.put, args=("note",))
    thread.start()
    thread.join(SOON_S)
    assert thread.is_alive()
    assert queue.get() == "a whole library"
    thread.join(LATER_S)
    assert queue.get() == "note"


def test_weights_inside_never_exceed_the_room() -> None:
    queue = WeightedQueue[int](100)
    inside = most = 0
    mutex = threading.Lock()

    def produce() -> None:
        nonlocal inside, most
        for number in range(200):
            weight = number % 37 + 1
            queue.put(weight, weight)
            with mutex:
                inside += weight
                most = max(most, inside)
        queue.close()

    producer = threading.Thread(target=produce)
    producer.start()
    total = 0
    while (weight := queue.get()) is not None:
        with mutex:
            inside -= weight
        total += weight
    producer.join()
    assert total == sum(number % 37 + 1 for number in range(200))
    # One item may be counted by the consumer before the producer has counted it, or after.
    assert most <= 100 + 37


def test_after_close_the_rest_can_be_taken_and_nothing_put() -> None:
    queue = WeightedQueue[int](10)
    queue.put(1)
    queue.close()
    assert not queue.put(2)
    assert queue.get() == 1
    assert queue.get() is None


def test_close_ends_waiting_on_both_sides() -> None:
    full, empty = WeightedQueue[int](1), WeightedQueue[int](1)
    full.put(1)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(full.put(2))),
        threading.Thread(target=lambda: results.append(empty.get())),
    ]
    for thread in threads:
        thread.start()
    time.sleep(SOON_S)
    full.close()
    empty.close()
    for thread in threads:
        thread.join(LATER_S)
    assert sorted(map(str, results)) == ["False", "None"]


def test_after_abort_nothing_can_be_taken() -> None:
    queue = WeightedQueue[int](10)
    queue.put(1)
    queue.abort()
    assert queue.get() is None
    assert not queue.put(2)
