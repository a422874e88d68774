"""Which actors a cluster gets: how many on each node, and what they book of it.

A run books a node's cores in shares, one for each reader. The first share is the run's place on the
node: its first reader and all models of the node share it, so that no run has readers without a
model, or a model without readers, and waits for another run that has the rest. Further readers book
a share each, as they can be had. What reads works half of the time while texts are embedded: so a
share stands for a reader and its part of the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.engines.cluster.nodes import Node, Post

_MOST_CPUS = 1.0
_LEAST_THREADS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """How actors are distributed.

    Args:
        workers: readers of each node, 0 for one on each core.
        gpus_per_actor: GPUs of each embedding actor, 0 for processors.
    """

    workers: int
    gpus_per_actor: float

    def readers(self, nodes: Sequence[Node]) -> list[Post]:
        """Return the posts of reading actors."""
        return [
            Post(node, number)
            for node in nodes
            if node.cpus > 0
            for number in range(self._readers_on(node))
        ]

    def embedders(self, nodes: Sequence[Node]) -> list[Post]:
        """Return the posts of who embeds: one on each node, or as many as its GPUs can be had."""
        return [Post(node, number) for node in nodes for number in range(self._models_on(node))]

    def place_cpus(self, node: Node) -> float:
        """Return what a run's place on a node books of its cores."""
        return min(_MOST_CPUS, _rounded(node.cpus / self._readers_on(node)))

    def reader_cpus(self, post: Post) -> float:
        """Return what a reader books besides the place of its run."""
        return 0.0 if post.number == 0 else self.place_cpus(post.node)

    def threads(self, node: Node) -> int:
        """Return how many threads an actor computes with: all cores, as on one machine."""
        return max(_LEAST_THREADS, math.floor(node.cpus / max(1, self._models_on(node))))

    def _readers_on(self, node: Node) -> int:
        return self.workers or max(1, math.floor(node.cpus))

    def _models_on(self, node: Node) -> int:
        share = self.gpus_per_actor
        if not share:
            return 1 if node.cpus > 0 else 0
        if share >= 1:
            return math.floor(node.gpus / share)
        return math.floor(node.gpus) * math.floor(1 / share + 1e-9)  # a part is of one GPU


def _rounded(cpus: float) -> float:
    # Ray counts in ten-thousandths.
    return math.floor(cpus * 1000) / 1000
