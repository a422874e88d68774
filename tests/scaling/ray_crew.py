"""Crews whose actors are objects of this process: no cluster is started. Run by test_ray.py."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import pytest
from ray.exceptions import RayTaskError

from ingest.engines.cluster import roster
from ingest.engines.cluster.crew import Crew
from ingest.engines.cluster.nodes import Node, Post
from ingest.engines.cluster.posts import Task
from ingest.errors import ClusterError, DamagedFileError, WorkerStartError

WAIT_S = 60.0
A, B = (Node(id=name, name=f"node-{name}", cpus=2, gpus=0) for name in "ab")


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody kill these actors: Ray would start a cluster for that."""
    monkeypatch.setattr("ray.kill", lambda _: None)


class Here:
    """What a crew asks of a connection."""

    lost = False

    def __init__(self, *nodes: Node) -> None:
        self.nodes = list(nodes)


@contextmanager
def crew(
    nodes: list[Node], start: Callable[[Post, threading.Event], str], *, each: int = 2
) -> Iterator[Crew]:
    made = Crew(
        Here(*nodes),
        posts=lambda able: [Post(node, number) for node in able for number in range(each)],
        start=start,
        lanes=1,
        name="reading",
    )
    try:
        yield made
    finally:
        made.close(cancel=True)


def ready(post: Post, _given_up: threading.Event) -> str:
    return f"{post.node.id}{post.number}"


def held_up(_post: Post, given_up: threading.Event) -> str:
    """Wait as for cores that other jobs hold."""
    given_up.wait()
    raise CancelledError


def task(work: Callable[[str], str] = lambda actor: actor) -> Task[str]:
    return Task(work, lambda times: AssertionError(f"died {times} times"), about="report.pdf")


def full_disk() -> RayTaskError:
    cause = OSError(28, "No space left on device", "shelfmark-1")
    return RayTaskError("read", "a traceback", cause)


def put(made: Crew, count: int, work: Callable[[str], str]) -> list[Task[str]]:
    tasks = [task(work) for _ in range(count)]
    for each in tasks:
        made.put(each)
    return tasks


def test_a_post_that_gets_no_actor_keeps_no_work_from_the_others() -> None:
    def start(post: Post, given_up: threading.Event) -> str:
        return (held_up if post.number else ready)(post, given_up)

    with crew([A], start) as made:
        tasks = put(made, 6, lambda actor: actor)

        assert [each.future.result(WAIT_S) for each in tasks] == ["a0"] * 6
        closing = threading.Thread(target=made.close, kwargs={"cancel": False}, daemon=True)
        closing.start()
        closing.join(WAIT_S)
        assert not closing.is_alive()


def test_no_more_actors_are_made_than_there_is_work() -> None:
    begun = []

    def start(post: Post, given_up: threading.Event) -> str:
        begun.append(post)
        return ready(post, given_up)

    with crew([A, B], start, each=20) as made:
        for _ in range(3):
            (only,) = put(made, 1, lambda actor: actor)
            only.future.result(WAIT_S)

    assert 1 <= len(begun) <= 3


def test_work_for_which_no_actor_comes_is_given_to_another_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roster, "_PATIENCE_S", 0.1)
    held = threading.Event()

    def start(post: Post, given_up: threading.Event) -> str:
        if not held.is_set():
            held.set()
            return held_up(post, given_up)
        return ready(post, given_up)

    with crew([A, B], start, each=1) as made:
        (only,) = put(made, 1, lambda actor: actor)

        assert only.future.result(WAIT_S) in {"a0", "b0"}


def test_a_node_that_leaves_while_its_actor_is_made_is_no_fault() -> None:
    left = threading.Event()

    def start(post: Post, given_up: threading.Event) -> str:
        if post.node == A:
            made._connection.nodes.clear()
            left.set()
            msg = "the node does not exist any more"
            raise RuntimeError(msg)
        return ready(post, given_up)

    with crew([A], start, each=1) as made:
        (only,) = put(made, 1, lambda actor: actor)
        assert left.wait(WAIT_S)
        with pytest.raises(TimeoutError):
            only.future.result(2.0)
        made._connection.nodes.append(B)

        assert only.future.result(WAIT_S) == "b0"


@pytest.mark.parametrize("fault", [full_disk(), WorkerStartError("no memory")])
def test_what_a_node_cannot_do_another_one_does_and_it_is_asked_no_more(fault: Exception) -> None:
    asked: Counter[str] = Counter()

    def work(actor: str) -> str:
        asked[actor] += 1
        if actor.startswith("b"):
            raise fault
        return actor

    with crew([A, B], ready, each=1) as made:
        for _ in range(10):
            assert {each.future.result(WAIT_S) for each in put(made, 3, work)} == {"a0"}
        assert asked["b0"] <= 3
        assert asked["a0"] == 30


def test_work_that_no_node_can_do_ends_with_the_name_of_a_node_and_of_the_file() -> None:
    def work(_actor: str) -> str:
        raise full_disk()

    with crew([A, B], ready) as made:
        error = put(made, 1, work)[0].future.exception(WAIT_S)

    assert isinstance(error, ClusterError)
    assert "reading report.pdf failed on node node-" in str(error)
    assert "No space left on device" in str(error)
    assert "Traceback" not in str(error)


def test_the_fault_of_the_last_node_ends_all_that_waits() -> None:
    def work(_actor: str) -> str:
        raise full_disk()

    with crew([A], ready) as made:
        tasks = put(made, 5, work)
        errors = [each.future.exception(WAIT_S) for each in tasks]
        assert made.cancelled.wait(WAIT_S)

    assert all(isinstance(error, ClusterError) for error in errors)
    assert all("reading report.pdf failed on node node-a" in str(error) for error in errors)


def test_what_is_wrong_with_a_file_is_tried_once() -> None:
    asked = []

    def work(actor: str) -> str:
        asked.append(actor)
        msg = "report.pdf is damaged"
        raise DamagedFileError(msg)

    with crew([A, B], ready) as made:
        error = put(made, 1, work)[0].future.exception(WAIT_S)

    assert isinstance(error, DamagedFileError)
    assert len(asked) == 1


def test_work_that_failed_on_the_only_node_with_an_actor_is_done_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roster, "_PATIENCE_S", 0.1)
    asked = []

    def start(post: Post, given_up: threading.Event) -> str:
        return (held_up if post.node is B else ready)(post, given_up)

    def work(actor: str) -> str:
        asked.append(actor)
        if len(asked) == 1:
            raise full_disk()
        return actor

    with crew([A, B], start, each=1) as made:
        assert put(made, 1, work)[0].future.result(WAIT_S) == "a0"
