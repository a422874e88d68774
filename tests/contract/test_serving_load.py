"""``kb serve`` under many clients at once: everybody is answered, with the right vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import own_loop
import own_server
import pytest
import raw_client

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[str]:
    """The address of one server for all tests here, with one document in its store."""
    folder = tmp_path_factory.mktemp("load")
    (folder / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=folder)) as base:
        base.add("The heron waits in shallow water.", name="birds/heron.txt")
    with own_server.serving(folder) as running:
        yield running.url


def at_once(url: str, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    """Send all bodies at the same time, each on a connection of its own."""

    async def scene() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(
            base_url=url, timeout=300, limits=limits, trust_env=False
        ) as client:
            asked = [client.post("/v1/embeddings", json=body) for body in bodies]
            return list(await asyncio.gather(*asked))

    return own_loop.run(scene())


@pytest.mark.parametrize("count", [150, pytest.param(500, marks=pytest.mark.slow)])
def test_many_requests_at_once_are_all_answered_with_their_own_vectors(
    served: str, embedder: Embedder, count: int
) -> None:
    texts = [f"Valve {number} is opened by wheel {number * 7}." for number in range(count)]
    kinds = ["query" if number % 5 == 0 else "document" for number in range(count)]
    bodies = [{"input": text, "input_type": kind} for text, kind in zip(texts, kinds, strict=True)]
    answers = at_once(served, bodies)
    assert {answer.status_code for answer in answers} == {200}
    rows = [answer.json()["data"][0]["embedding"] for answer in answers]
    for number in (0, 1, 2, count // 2, count - 1):
        alone = (
            embedder.embed_query(texts[number])
            if kinds[number] == "query"
            else embedder.embed_documents([texts[number]])[0]
        )
        np.testing.assert_allclose(rows[number], alone, atol=1e-5)
    # No two requests were given the same vector.
    assert len({tuple(row[:8]) for row in rows}) == count


def test_a_client_that_sends_one_text_is_served_while_another_has_a_thousand_waiting(
    served: str,
) -> None:
    long = {"input": ["A chunk of a long document about birds and rivers. " * 8] * 1000}
    with raw_client.connected(served) as greedy:
        greedy.sendall(raw_client.request("/v1/embeddings", long))
        answers = [
            httpx.post(
                f"{served}/v1/embeddings", json={"input": text}, timeout=60, trust_env=False
            ).status_code
            for text in ("Keep the receipt.", "保修期为二十四个月。")
        ]
        greedy.settimeout(0)
        with pytest.raises(BlockingIOError):
            greedy.recv(1)  # it still waits
    assert answers == [200, 200]


def test_searches_wait_for_their_turn_too(served: str) -> None:
    async def scene() -> list[int]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=served, timeout=120, limits=limits, trust_env=False
        ) as client:
            asked = [
                client.post("/v1/search", json={"query": f"bird {n}", "mode": "keyword"})
                for n in range(100)
            ]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert set(own_loop.run(scene())) == {200}
