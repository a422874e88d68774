"""Work whose client has gone ends between two texts, in every embedder and reranker."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import own_loop
import own_server
import pytest
import raw_client
import rerank_server

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.embedding.remote.embedder import ServerEmbedder
from kb.server.lanes import Lane
from kb.stopping import StoppedError, checkpoint, stoppable

TEXTS = [f"Passage {number}. " * 20 for number in range(400)]


def stopped_after_the_first(embedder: Embedder) -> int:
    """Embed texts for somebody who goes after the first; return how many were embedded."""
    nobody_waits = threading.Event()
    done: list[int] = []

    def one_more(count: int) -> None:
        done.append(count)
        nobody_waits.set()

    with stoppable(nobody_waits), pytest.raises(StoppedError):
        embedder.embed_documents(TEXTS, one_more)
    return sum(done)


def test_the_model_in_the_process_stops(embedder: Embedder) -> None:
    assert 0 < stopped_after_the_first(embedder) < len(TEXTS)


def test_the_client_of_a_server_stops(data_dir: Path) -> None:
    with own_server.serving(data_dir) as running:
        remote = ServerEmbedder(running.url, requests=2, batch=4)
        try:
            assert 0 < stopped_after_the_first(remote) < len(TEXTS)
        finally:
            remote.close()


def test_a_search_stops_while_its_hits_are_reranked(settings: Settings, embedder: Embedder) -> None:
    nobody_waits = threading.Event()

    def read_the_first(handler: rerank_server.Handler) -> None:
        nobody_waits.set()
        handler.answer([1.0])

    server = rerank_server.RerankServer()
    server.faults.append(read_the_first)
    chosen = settings.model_copy(update={"reranker": server.url, "server_batch": 1})
    try:
        with KnowledgeBase.open(chosen, embedder=embedder) as base:
            for bird in ("heron", "kestrel", "owl"):
                base.add(f"The {bird} is a bird.", name=f"{bird}.txt")
            with stoppable(nobody_waits), pytest.raises(StoppedError):
                base.search("bird")
    finally:
        server.stop()
    assert len(server.seen) == 1


def test_other_work_of_the_same_embedder_goes_on(embedder: Embedder) -> None:
    with stoppable(threading.Event()):
        assert len(embedder.embed_documents(TEXTS[:3])) == 3
    gone = threading.Event()
    gone.set()
    with stoppable(gone), pytest.raises(StoppedError):
        embedder.embed_documents(TEXTS[:3])
    assert len(embedder.embed_documents(TEXTS[:3])) == 3


def test_work_that_was_not_made_stoppable_never_stops() -> None:
    gone = threading.Event()
    gone.set()
    with stoppable(gone):
        inside = checkpoint()
    checkpoint()()
    with pytest.raises(StoppedError):
        inside()


def test_who_gives_up_waiting_stops_the_work_and_frees_its_thread() -> None:
    async def give_up(lane: Lane) -> None:
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            check = checkpoint()
            loop.call_soon_threadsafe(begun.set)
            _until_stopped(check)

        waiting = asyncio.ensure_future(lane.run(work))
        await begun.wait()
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting

    lane = Lane("tests", 1)
    try:
        own_loop.run(asyncio.wait_for(give_up(lane), 30))
    finally:
        lane.close()  # ends when the thread does
    assert lane.waiting == 0


def _until_stopped(check: Callable[[], None]) -> None:
    pause = threading.Event()
    while True:
        check()
        pause.wait(0.01)


def test_a_client_that_goes_makes_room_for_the_next(data_dir: Path) -> None:
    with own_server.serving(data_dir, KB_QUEUE_TEXTS="2000") as running:
        _at_work(running.url).close()
        for _ in range(300):
            if _status(running.url) == 200:
                return
            threading.Event().wait(0.1)
    pytest.fail("the work of a client that had gone went on for more than 30 s")


def _at_work(url: str) -> socket.socket:
    """Return a client whose request takes minutes and leaves no room for another."""
    # One text takes about 0.2 s: the next client is let in only if this one is given up.
    request = raw_client.request("/v1/embeddings", {"input": ["word " * 400] * 2000})
    while True:
        client = raw_client.opened(url)
        client.sendall(request)
        # Another client's request may have come first, and this one been refused.
        while not select.select([client], [], [], 0)[0]:
            if _status(url) == 429:
                return client
        client.close()


def _status(url: str) -> int:
    with raw_client.connected(url) as client:
        client.sendall(raw_client.request("/v1/embeddings", {"input": "bird"}))
        client.shutdown(1)
        return raw_client.answered(raw_client.everything(client))[0]
