"""Actors on the nodes of a cluster; threads of this process feed each one.

Actors that die are replaced. Nodes may come and go. What an actor had begun when it died, or when
its node had a fault, is given to another one, on another node if there is one. What has failed so
:data:`ATTEMPTS` times is given up. A node with one fault after the other gets no more work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from ingest.engines.cluster.connection import Connection
from ingest.engines.cluster.library import POLL_S, Actor, died, is_raised_there
from ingest.engines.cluster.nodes import Node, Post
from ingest.engines.cluster.posts import Manned, Task, fault_of, unable
from ingest.engines.cluster.roster import Roster
from ingest.errors import ClusterError, WorkerStartError

ATTEMPTS = 3
"""How often one piece of work may kill its actor, or meet a fault of a node."""

_FAULTS = 3
# How often the nodes are looked at, and how long none may be there.
_LOOK_S = 2.0
_NO_NODE_S = 30.0
# Seconds that an unanswered call may still take.
_LAST_CALL_S = 3.0


class Crew:
    """A queue of work, and the actors that do it.

    Args:
        connection: to the cluster.
        posts: returns the actors that a cluster of these nodes should have.
        start: makes a ready actor for a post; stops trying once the event is set.
        lanes: threads for each actor.
        name: the actors' kind of work, for messages.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        posts: Callable[[list[Node]], list[Post]],
        start: Callable[[Post, threading.Event], Actor],
        lanes: int,
        name: str,
    ) -> None:
        self._connection = connection
        self._posts = posts
        self._start = start
        self._name = name
        self._changed = threading.Condition()
        self._roster = Roster(lanes)
        self._barred: dict[str, int] = {}  # failed starts, one after the other
        self._faults: dict[str, int] = {}  # failed work, likewise
        self._failure: Exception | None = None
        self._closed = False
        self.cancelled = threading.Event()
        self._given_up = threading.Event()  # nobody needs what is starting
        self._man()
        self._watcher = threading.Thread(target=self._watch, name=f"{name}-nodes", daemon=True)
        self._watcher.start()

    @property
    def size(self) -> int:
        """Number of actors."""
        with self._changed:
            return len(self._roster.manned)

    def put(self, task: Task[Any]) -> None:
        """Queue work.

        Raises:
            RuntimeError: the crew is closed.
        """
        with self._changed:
            if self._failure is None and self.cancelled.is_set():
                task.cancel()
                return
            if self._failure is None and self._closed:
                msg = f"this crew for {self._name} is closed; make a new one"
                raise RuntimeError(msg)
            failure = self._failure
            if failure is None:
                self._roster.tasks.append(task)
                self._changed.notify_all()
        if failure is not None:
            task.fail(failure)

    def close(self, *, cancel: bool) -> None:
        """End the actors: after the waiting work, or at once with ``cancel``."""
        if cancel:
            self.cancel()
        with self._changed:
            self._closed = True
            if not self._roster.tasks and not self._roster.doing:
                self._given_up.set()
            self._changed.notify_all()
        self._watcher.join()
        for each in list(self._roster.manned.values()):
            for thread in each.threads:
                if thread is not threading.current_thread():
                    thread.join(_LAST_CALL_S if self._connection.lost else None)
        self._kill()
        for task in self._roster.drop():  # its node was lost when nobody was left to take it over
            task.fail(self._lonely())

    def cancel(self) -> None:
        """Drop all work and end the actors without waiting."""
        with self._changed:
            self._closed = True
            self.cancelled.set()
            self._given_up.set()
            dropped = self._roster.drop()
            self._changed.notify_all()
        for task in dropped:
            task.cancel()
        self._kill()

    def _kill(self) -> None:
        if self._connection.lost:
            return
        for each in list(self._roster.manned.values()):
            each.kill()

    # -- nodes

    def _watch(self) -> None:
        alone_since: float | None = None
        while True:
            with self._changed:
                if self._closed and (self.cancelled.is_set() or not self._roster.tasks):
                    return
                self._changed.wait(_LOOK_S)
            try:
                self._man()
            except ClusterError as error:
                self._fail(error)
                return
            if self.size:
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if self._failure is None and time.monotonic() - alone_since > _NO_NODE_S:
                self._fail(self._lonely())

    def _man(self) -> None:
        """Give every post of the present nodes an actor."""
        nodes = self._connection.nodes
        alive = {node.id for node in nodes}
        with self._changed:
            able = [node for node in nodes if self._barred.get(node.id, 0) < _FAULTS]
            for post in self._posts(able):
                if post not in self._roster.manned and not self._closed:
                    self._roster.manned[post] = Manned()
                    self._roster.manned[post].begin(
                        threading.Thread(
                            target=self._serve, args=(post,), name=self._name, daemon=True
                        )
                        for _ in range(self._roster.lanes)
                    )
            for post in [post for post in self._roster.manned if post.node.id not in alive]:
                self._roster.manned.pop(post).gone = True
            self._changed.notify_all()

    def _lonely(self) -> ClusterError:
        return ClusterError(
            f"no node of the Ray cluster can do {self._name}: none is left, or none has the "
            "processors or GPUs that it needs. What was stored stays: start nodes and ingest again"
        )

    def _fail(self, error: Exception) -> None:
        """Fail all waiting, running and future work with this error."""
        with self._changed:
            self._failure = self._failure or error
            self.cancelled.set()
            self._given_up.set()
            dropped = [*self._roster.drop(), *self._roster.doing]
            self._changed.notify_all()
        for task in dropped:
            task.fail(error)

    # -- work

    def _serve(self, post: Post) -> None:
        """Feed the actor of one post until the crew is closed or the node is gone."""
        with self._changed:
            mine = self._roster.manned.get(post)
        if mine is None:
            return
        # The actor first: a post that Ray has no room for must not keep work from others.
        while self._is_wanted(post, mine):
            actor = self._actor(post, mine)
            if actor is None:
                continue
            with self._changed:
                wanted = not (mine.gone or self.cancelled.is_set())
                task = self._roster.take(post, mine) if wanted else None
            if task is not None:
                again = self._do(task, actor, post, mine)
                with self._changed:
                    self._roster.finish(task, mine, again=again and not self.cancelled.is_set())
                    self._changed.notify_all()
                if again and self.cancelled.is_set():
                    task.fail(self._failure or CancelledError())
            del actor, task

    def _is_wanted(self, post: Post, mine: Manned) -> bool:
        """Wait until there is work for a post; say False where there will be none."""
        with self._changed:
            while not (mine.gone or self._given_up.is_set()):
                if self._closed and not self._roster.tasks and not self._roster.doing:
                    self._given_up.set()
                    self._changed.notify_all()
                    return False
                task = self._roster.fitting(post)
                if task is not None and (mine.actor is not None or self._roster.is_short(task)):
                    mine.starting = mine.actor is None
                    return True
                self._changed.wait(POLL_S)
        return False

    def _do(self, task: Task[Any], actor: Actor, post: Post, mine: Manned) -> bool:
        """Settle a task, or return True where it is to be done again."""
        if not task.begin():
            return False
        try:
            result = task.done_by(actor, self.cancelled)
        except Exception as error:  # noqa: BLE001 - the future carries it to its owner
            if isinstance(error, CancelledError) or self.cancelled.is_set():
                task.fail(self._failure or CancelledError())
            elif died(error):
                mine.dead(actor)
                return task.failed(post.node, task.obituary, most=ATTEMPTS)
            elif is_raised_there(error) or isinstance(error, WorkerStartError):
                fault = fault_of(f"{self._name} {task.about}".strip(), post.node, error)
                again = task.failed(post.node, lambda _: fault, most=ATTEMPTS)
                self._count(self._faults, post, fault)
                return again
            else:
                task.fail(error)
        else:
            with self._changed:
                self._faults.pop(post.node.id, None)
            task.give(result)
        return False

    def _actor(self, post: Post, mine: Manned) -> Actor | None:
        """Return the actor of a post; make one if necessary; None if that fails."""
        with mine.making:
            if mine.actor is None and not mine.gone and not self._given_up.is_set():
                try:
                    mine.actor = self._start(post, self._given_up)
                except Exception as error:  # noqa: BLE001 - any fault of a node bars it in the end
                    if not self._given_up.is_set() and self._is_here(post, mine):
                        self._count(self._barred, post, unable(self._name, post.node, error))
                else:
                    with self._changed:
                        self._barred.pop(post.node.id, None)
            mine.starting = False
            if (mine.gone or self.cancelled.is_set()) and not self._connection.lost:
                mine.kill()
                mine.actor = None
            return mine.actor

    def _is_here(self, post: Post, mine: Manned) -> bool:
        """Look whether a node has not left the cluster; to leave is no fault of the last one."""
        try:
            here = post.node.id in {node.id for node in self._connection.nodes}
        except ClusterError:  # of which the thread that looks at the nodes tells
            return False
        mine.gone = mine.gone or not here
        return here

    def _count(self, counts: dict[str, int], post: Post, verdict: ClusterError) -> None:
        """Count a fault of a node; a node with too many, one after the other, gets no more work.

        Where that was the last node, all ends with the verdict.
        """
        with self._changed:
            counts[post.node.id] = counts.get(post.node.id, 0) + 1
            if counts[post.node.id] < _FAULTS:
                return
            self._barred[post.node.id] = _FAULTS
            for each in self._roster.of_node(post.node.id):
                dismissed = self._roster.manned.pop(each)
                dismissed.gone = True
                dismissed.kill()
            left = bool(self._roster.manned)
        if not left:
            self._fail(verdict)
