"""Clients of `kb serve` that search, in a process of their own: started by `load.py`.

They share no interpreter with the server or with each other's servers, and speak HTTP as bytes: a
search costs a client 0.4 ms of a processor, so that on few cores the server is measured and not
what asks it. What they are to do is JSON on stdin, what they saw is JSON on stdout.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

_OK = 200
_LAST_ANSWER_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What clients are to do.

    Attributes:
        url: the server's.
        clients: how many search at once, each with a connection of its own.
        seconds: how long.
        questions: are asked in turn.
        own_words: every question gets words of its own, so that nothing remembers its vector.
        key: brought by all of them, if any.
    """

    url: str
    clients: int
    seconds: float
    questions: Sequence[str]
    own_words: bool
    key: str = ""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What clients saw.

    Attributes:
        times: seconds that each answer took, by client.
        failures: how often an answer was another status, or none, by what it was.
        seconds: from the first question to the last answer.
        cpu_s: processor seconds of the clients themselves.
    """

    times: list[list[float]] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_s: float = 0.0


def main() -> None:
    """Do what stdin says."""
    work = Work(**json.load(sys.stdin))
    json.dump(asdict(asyncio.run(search(work))), sys.stdout)


async def search(work: Work) -> Seen:
    """Let all clients search until the time is over; answers that are under way are waited for."""
    failures: Counter[str] = Counter()
    began, cpu = time.perf_counter(), time.process_time()
    clients = (_client(work, each, began + work.seconds, failures) for each in range(work.clients))
    times = await asyncio.gather(*clients)
    return Seen(
        times=list(times),
        failures=dict(failures),
        seconds=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu,
    )


async def _client(work: Work, number: int, end: float, failures: Counter[str]) -> list[float]:
    times: list[float] = []
    questions = _questions(work, number)
    while time.perf_counter() < end:
        try:
            await _connected(work, questions, end, times, failures)
        except (OSError, EOFError, TimeoutError) as error:
            failures[type(error).__name__] += 1
            await asyncio.sleep(0.1)  # a server that is gone is not asked a thousand times
    return times


async def _connected(
    work: Work,
    questions: Iterator[str],
    end: float,
    times: list[float],
    failures: Counter[str],
) -> None:
    """Search over one connection until the time is over."""
    place = urlsplit(work.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        while (began := time.perf_counter()) < end:
            writer.write(_request(next(questions), work.key))
            async with asyncio.timeout(_LAST_ANSWER_S):
                status = await _status(reader)
            if status == _OK:
                times.append(time.perf_counter() - began)
            else:
                failures[str(status)] += 1
    finally:
        writer.close()


def _questions(work: Work, number: int) -> Iterator[str]:
    asked = number * 7  # clients do not ask the same at the same time
    while True:
        question = work.questions[asked % len(work.questions)]
        asked += 1
        yield f"{question} {number}-{asked}" if work.own_words else question


def _request(question: str, key: str) -> bytes:
    asked: dict[str, Any] = {"query": question, "top_k": 5}
    body = json.dumps(asked).encode()
    known = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        "POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"{known}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    """Read one answer whole; return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].split(maxsplit=1)[0]
    await reader.readexactly(int(length))
    return int(head.split(maxsplit=2)[1])


if __name__ == "__main__":
    main()
