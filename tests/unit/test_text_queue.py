"""Texts of many requests wait together, and each request gets its own vectors."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import numpy as np
import own_loop
import pytest

from kb.embedding.base import Batching, Vectors
from kb.server.errors import RefusalError
from kb.server.lanes import Lane
from kb.server.queueing.clients import asking
from kb.server.queueing.room import Load
from kb.server.queueing.texts import TextQueue
from kb.stopping import checkpoint

ROOMY = Load(1000, 1 << 30)


class Model:
    """Gives the length of a text as its vector; waits until it is let go on.

    Attributes:
        seen: the texts of each call.
        go: set where nothing is waited for.
    """

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.tasks: list[str] = []
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)
        self.faulty = ""

    def __call__(self, texts: Sequence[str], task: str) -> Vectors:
        self.seen.append(list(texts))
        self.tasks.append(task)
        self.begun.release()
        assert self.go.wait(30)
        if self.faulty in texts:
            raise ValueError(self.faulty)
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    @property
    def texts(self) -> list[str]:
        return [text for call in self.seen for text in call]


@contextmanager
def queued(model: Model, *, most: Load = ROOMY, **batching: int) -> Iterator[TextQueue]:
    by = Batching(**{"calls": 1, "texts": 1} | batching)
    queue = TextQueue("texts", model, width=1, batching=by, most=most)
    try:
        yield queue
    finally:
        model.go.set()
        queue.close()


def run(scene: Callable[[], Awaitable[Any]]) -> None:
    async def within() -> None:
        await asyncio.wait_for(scene(), 30)

    own_loop.run(within())


async def ask(queue: TextQueue, client: str, *texts: str, task: str = "") -> Vectors:
    with asking(client):
        return await queue.vectors(texts, task=task)


@asynccontextmanager
async def at_work(queue: TextQueue, model: Model) -> AsyncIterator[asyncio.Task[Vectors]]:
    """Have the only thread at work on a text, so that all that comes in the block waits."""
    first = asyncio.ensure_future(ask(queue, "first", "at work"))
    assert await asyncio.to_thread(model.begun.acquire, timeout=30)
    try:
        yield first
    finally:
        model.go.set()
        await first


async def waiting(queue: TextQueue, count: int) -> None:
    await until(lambda: queue.waiting.texts == count)


async def until(come: Callable[[], bool]) -> None:
    while not come():  # noqa: ASYNC110 - the loop itself does what is waited for
        await asyncio.sleep(0)


def test_each_request_gets_its_own_vectors_in_order() -> None:
    model = Model()
    model.go.set()

    async def scene() -> None:
        with queued(model, texts=3, calls=2) as queue:
            sizes = [[number % 7 + 1, number % 5 + 1] for number in range(200)]
            found = await asyncio.gather(
                *(
                    ask(queue, str(n % 3), *("x" * size for size in both))
                    for n, both in enumerate(sizes)
                )
            )
            assert [vectors[:, 0].tolist() for vectors in found] == sizes
            assert queue.waiting == Load(0, 0)

    run(scene)


def test_texts_of_many_requests_share_a_call() -> None:
    model = Model()

    async def scene() -> None:
        with queued(model, texts=8) as queue:
            async with at_work(queue, model):
                asked = [asyncio.ensure_future(ask(queue, "a", f"{n}")) for n in range(20)]
                await waiting(queue, 21)
            await asyncio.gather(*asked)
        assert [len(call) for call in model.seen] == [1, 8, 8, 4]

    run(scene)


def test_a_call_has_no_more_characters_than_it_may() -> None:
    model = Model()

    async def scene() -> None:
        with queued(model, texts=8, characters=10) as queue:
            async with at_work(queue, model):
                texts = ["x" * size for size in (4, 4, 4, 30, 1)]
                asked = asyncio.ensure_future(ask(queue, "a", *texts))
                await waiting(queue, 6)
            await asked
        assert [[len(text) for text in call] for call in model.seen[1:]] == [[4, 4], [4], [30], [1]]

    run(scene)


def test_a_client_with_one_text_is_not_kept_waiting_by_one_with_thousands() -> None:
    model = Model()

    async def scene() -> None:
        with queued(model, most=Load(100_000, 1 << 30)) as queue:
            async with at_work(queue, model):
                busy = [
                    asyncio.ensure_future(ask(queue, "busy", *[f"b{n}"] * 500)) for n in range(4)
                ]
                await waiting(queue, 2001)
                other = asyncio.ensure_future(ask(queue, "other", "o"))
                await waiting(queue, 2002)
            await other
            done = model.texts.index("o")
            await asyncio.gather(*busy)
        assert done <= 3

    run(scene)


def test_queries_with_other_instructions_are_not_computed_together() -> None:
    model = Model()

    async def scene() -> None:
        with queued(model, texts=8) as queue:
            async with at_work(queue, model):
                asked = [
                    asyncio.ensure_future(ask(queue, str(n), "q", task=f"task {n // 3}"))
                    for n in range(6)
                ]
                await waiting(queue, 7)
            await asyncio.gather(*asked)
        assert model.tasks == ["", "task 0", "task 1"]

    run(scene)


def test_the_texts_of_a_client_that_has_gone_are_not_computed() -> None:
    model = Model()

    async def scene() -> None:
        with queued(model) as queue:
            async with at_work(queue, model):
                gone = [asyncio.ensure_future(ask(queue, "gone", *["gone"] * 50)) for _ in range(9)]
                stays = asyncio.ensure_future(ask(queue, "stays", "stays"))
                await waiting(queue, 452)
                for each in gone:
                    each.cancel()
                await waiting(queue, 2)
            await stays
        assert model.texts == ["at work", "stays"]

    run(scene)


def test_who_goes_while_a_text_is_computed_costs_that_text_and_no_more() -> None:
    model = Model()

    async def scene() -> None:
        with queued(model) as queue:
            asked = asyncio.ensure_future(ask(queue, "gone", *["gone"] * 50))
            assert await asyncio.to_thread(model.begun.acquire, timeout=30)
            asked.cancel()
            await waiting(queue, 1)
            model.go.set()
            await ask(queue, "stays", "stays")
            assert queue.waiting == Load(0, 0)
        assert model.texts == ["gone", "stays"]

    run(scene)


def test_a_model_that_looks_is_told_that_nobody_waits_once_all_have_gone() -> None:
    stopped = threading.Event()
    begun = threading.Semaphore(0)

    def until_stopped(texts: Sequence[str], _: str) -> Vectors:
        check = checkpoint()
        begun.release()
        while len(texts) > 1:
            try:
                check()
            except BaseException:
                stopped.set()
                raise
        return np.zeros((1, 1), dtype=np.float32)

    async def scene() -> None:
        by = Batching(calls=1, texts=2)
        queue = TextQueue("texts", until_stopped, width=1, batching=by, most=ROOMY)
        asked = asyncio.ensure_future(ask(queue, "gone", "a", "b"))
        assert await asyncio.to_thread(begun.acquire, timeout=30)
        asked.cancel()
        assert await asyncio.to_thread(stopped.wait, 30)
        await ask(queue, "next", "c")
        queue.close()

    run(scene)


def test_beyond_the_bound_a_request_is_refused_and_those_that_wait_are_not() -> None:
    model = Model()

    async def scene() -> None:
        with queued(model, most=Load(8, 1 << 30)) as queue:
            async with at_work(queue, model):
                asked = [asyncio.ensure_future(ask(queue, str(n), "x")) for n in range(7)]
                await waiting(queue, 8)
                with pytest.raises(RefusalError) as refused:
                    await ask(queue, "late", "x")
            assert refused.value.status == 429
            assert int(refused.value.headers["Retry-After"]) >= 1
            await asyncio.gather(*asked)
            await ask(queue, "late", "x")

    run(scene)


def test_a_text_that_fails_fails_its_own_request_only() -> None:
    model = Model()
    model.faulty = "bad"

    async def scene() -> None:
        with queued(model, texts=8) as queue:
            async with at_work(queue, model):
                good = [asyncio.ensure_future(ask(queue, "a", "good", "good")) for _ in range(3)]
                bad = asyncio.ensure_future(ask(queue, "b", "fine", "bad", *["fine"] * 30))
                await waiting(queue, 39)
            with pytest.raises(ValueError, match="bad"):
                await bad
            for vectors in await asyncio.gather(*good):
                assert vectors[:, 0].tolist() == [4, 4]
            assert queue.waiting == Load(0, 0)
            assert (await ask(queue, "b", "again"))[0, 0] == 5

    run(scene)


def test_no_texts_are_no_work() -> None:
    async def scene() -> None:
        with queued(Model()) as queue:
            assert (await ask(queue, "a")).shape == (0, 1)

    run(scene)


def test_work_of_other_sorts_waits_in_turn_too() -> None:
    done: list[str] = []
    go = threading.Event()
    begun = threading.Semaphore(0)

    def first() -> None:
        begun.release()
        assert go.wait(30)

    async def in_name_of(client: str, lane: Lane, work: Callable[[], None]) -> None:
        with asking(client):
            await lane.run(work)

    async def scene() -> None:
        lane = Lane("requests", 1, most=12)
        asked = [asyncio.ensure_future(in_name_of("a", lane, first))]
        assert await asyncio.to_thread(begun.acquire, timeout=30)
        for name in ("a1", "a2", "a3", "gone", "b1"):
            work = in_name_of(name[0], lane, lambda name=name: done.append(name))
            asked.append(asyncio.ensure_future(work))
            await asyncio.sleep(0)
        gone = asked.pop(4)
        gone.cancel()
        await until(lambda: lane.waiting == 5)
        many = [asyncio.ensure_future(in_name_of("m", lane, lambda: None)) for _ in range(12)]
        refused = [each for each in await asyncio.gather(*_settled(many, go)) if each]
        assert all(isinstance(each, RefusalError) for each in refused)
        assert 0 < len(refused) < 12
        await asyncio.gather(*asked)
        lane.close()

    run(scene)
    assert done == ["a1", "b1", "a2", "a3"]


def _settled(
    tasks: list[asyncio.Task[None]], go: threading.Event
) -> list[Awaitable[BaseException | None]]:
    """Return what each task raised, None where nothing; the lane goes on once all have asked."""

    async def settled(task: asyncio.Task[None]) -> BaseException | None:
        await asyncio.sleep(0)
        go.set()
        await asyncio.wait({task})
        return task.exception()

    return [settled(task) for task in tasks]
