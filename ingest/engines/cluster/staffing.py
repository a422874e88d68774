"""Chooses the actors of a cluster: their number on each node, and their resources."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.engines.cluster.nodes import Node, Post

READER_CPUS = 0.5
"""Half a core each, so that one reader per core leaves half of the cores to embedding."""

_SHARED_CPU = 0.25
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
            for number in range(self.workers or max(0, math.floor(node.cpus)))
            if node.cpus > 0
        ]

    def embedders(self, nodes: Sequence[Node]) -> list[Post]:
        """Return the posts of embedding actors: one on each node, or as many as its GPUs allow."""
        if self.gpus_per_actor:
            return [
                Post(node, number)
                for node in nodes
                for number in range(math.floor(node.gpus / self.gpus_per_actor + 1e-9))
            ]
        return [Post(node, 0) for node in nodes if node.cpus > 0]

    def reader_cpus(self, node: Node) -> float:
        """Return a reader's share of a node."""
        if not self.workers:
            return READER_CPUS
        return min(READER_CPUS, _rounded(node.cpus / 2 / self.workers))

    def embedder_cpus(self, node: Node) -> float:
        """Return an embedding actor's share of a node's cores."""
        if self.gpus_per_actor:
            return _SHARED_CPU
        return max(READER_CPUS, math.floor(node.cpus / 2)) if node.cpus >= 1 else _SHARED_CPU

    def threads(self, node: Node) -> int:
        """Return the number of threads of an actor: all cores, as on one machine."""
        share = len(self.embedders([node])) if self.gpus_per_actor else 1
        return max(_LEAST_THREADS, math.floor(node.cpus / max(1, share)))


def _rounded(cpus: float) -> float:
    # Ray counts in ten-thousandths.
    return math.floor(cpus * 1000) / 1000
