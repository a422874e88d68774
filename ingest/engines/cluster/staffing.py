"""Which actors a cluster gets: how many on each node, and what they take of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.engines.cluster.nodes import Node, Post

READER_CPUS = 0.5
"""Half a core each, so that as many as there are cores leave half of them to who embeds."""

_SHARED_CPU = 0.25
_LEAST_THREADS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """How posts are shared out.

    Args:
        workers: readers of each node, 0 for one on each core.
        gpus_per_actor: of who embeds, 0 for processors.
    """

    workers: int
    gpus_per_actor: float

    def readers(self, nodes: Sequence[Node]) -> list[Post]:
        """Return the posts of readers."""
        return [
            Post(node, number)
            for node in nodes
            for number in range(self.workers or max(0, math.floor(node.cpus)))
            if node.cpus > 0
        ]

    def embedders(self, nodes: Sequence[Node]) -> list[Post]:
        """Return the posts of who embeds: one on each node, or as many as its GPUs can be had."""
        if self.gpus_per_actor:
            return [
                Post(node, number)
                for node in nodes
                for number in range(math.floor(node.gpus / self.gpus_per_actor + 1e-9))
            ]
        return [Post(node, 0) for node in nodes if node.cpus > 0]

    def reader_cpus(self, node: Node) -> float:
        """Return what a reader takes of a node."""
        if not self.workers:
            return READER_CPUS
        return min(READER_CPUS, _rounded(node.cpus / 2 / self.workers))

    def embedder_cpus(self, node: Node) -> float:
        """Return what an actor that embeds takes of a node's cores."""
        if self.gpus_per_actor:
            return _SHARED_CPU
        return max(READER_CPUS, math.floor(node.cpus / 2)) if node.cpus >= 1 else _SHARED_CPU

    def threads(self, node: Node) -> int:
        """Return how many threads an actor computes with: all cores, as on one machine."""
        share = len(self.embedders([node])) if self.gpus_per_actor else 1
        return max(_LEAST_THREADS, math.floor(node.cpus / max(1, share)))


def _rounded(cpus: float) -> float:
    # Ray counts in ten thousandths.
    return math.floor(cpus * 1000) / 1000
