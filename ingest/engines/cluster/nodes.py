"""The machines of a cluster, and the places for actors on them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine of the cluster. ``name`` is its address."""

    id: str
    name: str
    cpus: float
    gpus: float


@dataclass(frozen=True, slots=True)
class Post:
    """A place for an actor: the ``number``-th of its kind on a node."""

    node: Node
    number: int
