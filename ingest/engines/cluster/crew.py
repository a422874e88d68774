"""Actors on the nodes of a cluster; threads of this process feed each one.

The crew replaces actors that die. Nodes may come and go. The work of a dead actor goes to another
actor, on another node if possible. Work that has killed :data:`DEATHS` actors fails.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from ingest.engines.cluster.connection import Connection
from ingest.engines.cluster.library import POLL_S, Actor, died
from ingest.engines.cluster.nodes import Node, Post
from ingest.engines.cluster.posts import Manned, Task
from ingest.errors import ClusterError

DEATHS = 3
"""Most actors that one piece of work may kill."""

_FAILED_STARTS = 3
# Seconds between two looks at the nodes, and seconds for which there may be none.
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
        self._lanes = lanes
        self._name = name
        self._changed = threading.Condition()
        self._tasks: deque[Task[Any]] = deque()
        self._doing: set[Task[Any]] = set()
        self._manned: dict[Post, Manned] = {}
        self._barred: dict[str, int] = {}
        self._failure: Exception | None = None
        self._closed = False
        self.cancelled = threading.Event()
        self._man()
        self._watcher = threading.Thread(target=self._watch, name=f"{name}-nodes", daemon=True)
        self._watcher.start()

    @property
    def size(self) -> int:
        """Number of actors."""
        with self._changed:
            return len(self._manned)

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
                self._tasks.append(task)
                self._changed.notify_all()
        if failure is not None:
            task.fail(failure)

    def close(self, *, cancel: bool) -> None:
        """End the actors: after the waiting work, or at once with ``cancel``."""
        if cancel:
            self.cancel()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._watcher.join()
        for each in list(self._manned.values()):
            for thread in each.threads:
                if thread is not threading.current_thread():
                    thread.join(_LAST_CALL_S if self._connection.lost else None)
        self._kill()
        for task in self._tasks:  # its node was lost, and no actor could take it over
            task.fail(self._lonely())

    def cancel(self) -> None:
        """Drop all work and end the actors without waiting."""
        with self._changed:
            self._closed = True
            self.cancelled.set()
            dropped = list(self._tasks)
            self._tasks.clear()
            self._changed.notify_all()
        for task in dropped:
            task.cancel()
        self._kill()

    def _kill(self) -> None:
        if self._connection.lost:
            return
        for each in list(self._manned.values()):
            each.kill()

    # -- nodes

    def _watch(self) -> None:
        alone_since: float | None = None
        while True:
            with self._changed:
                if self._closed and (self.cancelled.is_set() or not self._tasks):
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
            able = [node for node in nodes if self._barred.get(node.id, 0) < _FAILED_STARTS]
            for post in self._posts(able):
                if post not in self._manned and not self._closed:
                    self._manned[post] = Manned()
                    self._manned[post].begin(
                        threading.Thread(
                            target=self._serve, args=(post,), name=self._name, daemon=True
                        )
                        for _ in range(self._lanes)
                    )
            for post in [post for post in self._manned if post.node.id not in alive]:
                self._manned.pop(post).gone = True
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
            dropped = [*self._tasks, *self._doing]
            self._tasks.clear()
            self._changed.notify_all()
        for task in dropped:
            task.fail(error)

    # -- work

    def _serve(self, post: Post) -> None:
        """Feed the actor of one post until the crew is closed or the node is gone."""
        with self._changed:
            mine = self._manned.get(post)
        if mine is None:
            return
        while (task := self._next(post, mine)) is not None:
            self._do(task, post, mine)
            with self._changed:
                self._doing.discard(task)
            del task

    def _next(self, post: Post, mine: Manned) -> Task[Any] | None:
        with self._changed:
            while not (mine.gone or self.cancelled.is_set()):
                task = self._fitting(post)
                if task is not None:
                    self._doing.add(task)
                    return task
                if self._closed and not self._tasks:
                    return None
                self._changed.wait(POLL_S)
        return None

    def _fitting(self, post: Post) -> Task[Any] | None:
        """Take the first task that has not killed an actor of this node, unless all tasks have."""
        for task in self._tasks:
            elsewhere = {other.node.id for other in self._manned} - set(task.died_on)
            if post.node.id not in task.died_on or not elsewhere:
                self._tasks.remove(task)
                return task
        return None

    def _do(self, task: Task[Any], post: Post, mine: Manned) -> None:
        if not task.begun:
            if task.future.done() or not task.future.set_running_or_notify_cancel():
                return
            task.begun = True
        actor = self._actor(post, mine)
        if actor is None:
            self._again(task)
            return
        try:
            result = task.done_by(actor, self.cancelled)
        except Exception as error:  # noqa: BLE001 - the future carries it to its owner
            if isinstance(error, CancelledError) or self.cancelled.is_set():
                task.fail(self._failure or CancelledError())
            elif died(error):
                mine.dead(actor)
                task.died_on.append(post.node.id)
                if len(task.died_on) < DEATHS:
                    self._again(task)
                else:
                    task.fail(task.obituary(len(task.died_on)))
            else:
                task.fail(error)
        else:
            task.give(result)

    def _again(self, task: Task[Any]) -> None:
        with self._changed:
            failure = self._failure
            if failure is None and not self.cancelled.is_set():
                self._tasks.appendleft(task)
                self._changed.notify_all()
                return
        task.fail(failure or CancelledError())

    def _actor(self, post: Post, mine: Manned) -> Actor | None:
        """Return the actor of a post; make one if necessary; None if that fails."""
        with mine.making:
            if mine.actor is None and not mine.gone and not self.cancelled.is_set():
                try:
                    mine.actor = self._start(post, self.cancelled)
                except Exception as error:  # noqa: BLE001 - any fault of a node bars it in the end
                    self._could_not_start(post, error)
                else:
                    with self._changed:
                        self._barred.pop(post.node.id, None)
            return mine.actor

    def _could_not_start(self, post: Post, error: Exception) -> None:
        with self._changed:
            failed = self._barred.get(post.node.id, 0) + 1
            self._barred[post.node.id] = failed
            if failed < _FAILED_STARTS:
                return
            for each in [each for each in self._manned if each.node.id == post.node.id]:
                dismissed = self._manned.pop(each)
                dismissed.gone = True
                dismissed.kill()
            left = bool(self._manned)
        if not left:
            why = str(getattr(error, "cause", None) or error).strip().splitlines()
            self._fail(
                ClusterError(
                    f"no node of the Ray cluster can do {self._name}; the last one, "
                    f"{post.node.name}, says: {why[-1] if why else type(error).__name__}"
                )
            )
