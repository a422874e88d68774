"""Channels between the stages of a run, and the budget of what is under way."""

from __future__ import annotations

import threading
import time

from ingest.pipeline.queues import Budget, Channel

SOON_S = 0.05
LATER_S = 5.0


def in_background(call: object, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=call, args=arguments)  # type: ignore[arg-type]  # a function
    thread.start()
    return thread


def test_first_in_first_out() -> None:
    channel = Channel[str]()
    for item in ("甲", "b", "c"):
        assert channel.put(item)
    assert [channel.get(), channel.get(), channel.get()] == ["甲", "b", "c"]


def test_a_group_ends_when_it_weighs_enough() -> None:
    channel = Channel[str]()
    for item in ("five5", "six666", "one", "two"):
        channel.put(item)
    assert channel.get_group(len, at_most=10) == ["five5", "six666"]
    assert channel.get_group(len, at_most=10) == ["one", "two"]


def test_a_group_waits_for_its_first_item_only() -> None:
    channel = Channel[str]()
    groups: list[list[str]] = []
    thread = in_background(lambda: groups.append(channel.get_group(len, at_most=100)))
    thread.join(SOON_S)
    assert thread.is_alive()
    channel.put("alone")
    thread.join(LATER_S)
    assert groups == [["alone"]]


def test_with_patience_a_group_waits_for_more_but_not_after_the_end() -> None:
    channel = Channel[str]()
    groups: list[list[str]] = []
    channel.put("first")
    thread = in_background(
        lambda: groups.append(channel.get_group(len, at_most=100, patience_s=60))
    )
    thread.join(SOON_S)
    assert thread.is_alive()
    channel.put("second")
    channel.close()
    thread.join(LATER_S)
    assert groups == [["first", "second"]]


def test_after_close_the_rest_can_be_taken_and_nothing_put() -> None:
    channel = Channel[int]()
    channel.put(1)
    channel.close()
    assert not channel.put(2)
    assert channel.get() == 1
    assert channel.get() is None
    assert channel.get_group(int, at_most=1) == []


def test_close_ends_waiting() -> None:
    channel = Channel[int]()
    results: list[object] = []
    threads = [in_background(lambda: results.append(channel.get())) for _ in range(2)]
    time.sleep(SOON_S)
    channel.close()
    for thread in threads:
        thread.join(LATER_S)
    assert results == [None, None]


def test_after_abort_nothing_can_be_taken() -> None:
    channel = Channel[int]()
    channel.put(1)
    channel.abort()
    assert channel.get() is None
    assert not channel.put(2)


def test_the_budget_lets_in_what_is_heavy_while_there_is_room_at_all() -> None:
    budget = Budget(10)
    assert budget.enter(9, timeout_s=0)
    assert budget.enter(1000, timeout_s=0)
    assert not budget.enter(1, timeout_s=0)


def test_what_leaves_the_budget_lets_others_in() -> None:
    budget = Budget(10)
    budget.enter(10, timeout_s=0)
    entered: list[bool] = []
    thread = in_background(lambda: entered.append(budget.enter(3, timeout_s=LATER_S)))
    thread.join(SOON_S)
    assert thread.is_alive()
    budget.leave(1)
    thread.join(LATER_S)
    assert entered == [True]
    assert budget.inside == 12


def test_what_turns_out_heavier_keeps_others_out() -> None:
    budget = Budget(10)
    budget.enter(5, timeout_s=0)
    budget.leave(5 - 50)  # guessed at 5, it is 50
    assert not budget.enter(1, timeout_s=0)
    budget.leave(50)
    assert budget.enter(1, timeout_s=0)


def test_what_is_inside_never_exceeds_the_capacity_by_more_than_one_item() -> None:
    budget = Budget(100)
    most = 0

    def work(number: int) -> None:
        nonlocal most
        for turn in range(50):
            weight = (number * 50 + turn) % 37 + 1
            assert budget.enter(weight, timeout_s=LATER_S)
            most = max(most, budget.inside)
            budget.leave(weight)

    threads = [in_background(work, number) for number in range(8)]
    for thread in threads:
        thread.join(LATER_S)
    assert budget.inside == 0
    assert 0 < most < 100 + 37
