"""What waits for a crew, what is under way, and who is there to do it."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from ingest.engines.cluster.nodes import Post
from ingest.engines.cluster.posts import Manned, Task

# How long work waits for who is starting, or for another node, before anybody is asked.
_PATIENCE_S = 10.0


class Roster:
    """The work and the posts of a crew. Its owner holds a lock at every call.

    Args:
        lanes: pieces of work that each post does at a time.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.tasks: deque[Task[Any]] = deque()
        self.doing: set[Task[Any]] = set()
        self.manned: dict[Post, Manned] = {}

    def take(self, post: Post, mine: Manned) -> Task[Any] | None:
        """Have a post begin the first task that it may do."""
        task = self.fitting(post)
        if task is not None:
            self.tasks.remove(task)
            self.doing.add(task)
            mine.busy += 1
        return task

    def finish(self, task: Task[Any], mine: Manned, *, again: bool) -> None:
        """Have a post be free; ``again`` puts its task first."""
        self.doing.discard(task)
        mine.busy -= 1
        if again:
            task.since = time.monotonic()
            self.tasks.appendleft(task)

    def drop(self) -> list[Task[Any]]:
        """Return what waits; it does so no more."""
        dropped = list(self.tasks)
        self.tasks.clear()
        return dropped

    def fitting(self, post: Post) -> Task[Any] | None:
        """Return the first task that has not failed on a post's node, or has nowhere else to go."""
        for task in self.tasks:
            if post.node.id not in task.failed_on:
                return task
            waits = _is_patient(task)
            others = {
                other.node.id
                for other, each in self.manned.items()
                if waits or each.actor is not None
            }
            if others <= set(task.failed_on):
                return task
        return None

    def is_short(self, task: Task[Any]) -> bool:
        """Say whether a task needs one more than who is there, or on their way."""
        if task.failed_on or not _is_patient(task):
            return True
        coming = (each for each in self.manned.values() if each.starting or each.actor is not None)
        return len(self.tasks) > sum(self.lanes - each.busy for each in coming)

    def of_node(self, node_id: str) -> list[Post]:
        """Return the posts of a node."""
        return [post for post in self.manned if post.node.id == node_id]


def _is_patient(task: Task[Any]) -> bool:
    return time.monotonic() - task.since < _PATIENCE_S
