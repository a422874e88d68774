"""Searches wait in turn: so many at once, and no client keeps another one waiting for long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import own_loop

from kb.server.lanes import Lane
from kb.server.queueing.clients import asking


def test_a_client_with_64_searches_keeps_one_with_a_single_search_waiting_for_one_of_them() -> None:
    done: list[str] = []
    begun, may_end = threading.Event(), threading.Event()

    def first() -> None:
        begun.set()
        may_end.wait()

    async def of(client: str, work: Callable[[], None]) -> None:
        with asking(client):
            await lane.run(work)

    async def scene() -> None:
        at_work = asyncio.create_task(of("key greedy", first))
        await asyncio.to_thread(begun.wait)
        many = [
            asyncio.create_task(of("key greedy", lambda: done.append("greedy"))) for _ in range(64)
        ]
        await asyncio.sleep(0)
        one = asyncio.create_task(of("key modest", lambda: done.append("modest")))
        await asyncio.sleep(0)
        assert lane.waiting == 66
        may_end.set()
        await asyncio.gather(at_work, one, *many)

    lane = Lane("searches", 1)
    try:
        own_loop.run(scene())
    finally:
        may_end.set()
        lane.close()
    assert done.count("greedy") == 64
    assert done.index("modest") <= 1


def test_no_more_searches_are_at_work_than_threads() -> None:
    at_work, most = 0, 0
    mutex = threading.Lock()
    full = threading.Barrier(3)

    def search() -> None:
        nonlocal at_work, most
        with mutex:
            at_work += 1
            most = max(most, at_work)
        full.wait()
        with mutex:
            at_work -= 1

    async def scene() -> None:
        await asyncio.gather(*(lane.run(search) for _ in range(12)))

    lane = Lane("searches", 3)
    try:
        own_loop.run(scene())
    finally:
        lane.close()
    assert most == 3
