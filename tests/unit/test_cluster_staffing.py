"""Which actors the nodes of a cluster get, and what these take of them."""

from __future__ import annotations

import math

import pytest

from ingest.engines.choice import RayCluster
from ingest.engines.cluster.nodes import Node
from ingest.engines.cluster.staffing import Staffing
from kb.errors import SettingsError


def node(name: str, *, cpus: float = 4, gpus: float = 0) -> Node:
    return Node(id=name, name=name, cpus=cpus, gpus=gpus)


def booked(staffing: Staffing, here: Node) -> float:
    """Return what a run that has all its posts on a node books of its cores."""
    readers = staffing.readers([here])
    return round(staffing.place_cpus(here) + sum(map(staffing.reader_cpus, readers)), 6)


@pytest.mark.parametrize("gpus_per_actor", [0, 0.1, 0.25, 1])
@pytest.mark.parametrize("cpus", [0.5, 1, 2, 3, 4, 8, 31, 64])
def test_readers_and_the_models_of_a_node_fit_onto_it_together(
    cpus: float, gpus_per_actor: float
) -> None:
    here = node("a", cpus=cpus, gpus=4)
    staffing = Staffing(workers=0, gpus_per_actor=gpus_per_actor)

    assert len(staffing.readers([here])) == max(1, math.floor(cpus))
    assert staffing.embedders([here])
    assert booked(staffing, here) == min(cpus, max(1, math.floor(cpus)))


@pytest.mark.parametrize("cpus", [1, 2, 8])
def test_one_core_is_enough_for_a_reader_and_the_model_together(cpus: int) -> None:
    here = node("a", cpus=cpus)
    staffing = Staffing(workers=0, gpus_per_actor=0)

    assert staffing.place_cpus(here) == 1
    assert staffing.reader_cpus(staffing.readers([here])[0]) == 0
    assert staffing.threads(here) == cpus


@pytest.mark.parametrize("workers", [1, 3, 7, 50])
def test_the_setting_says_how_many_read_on_each_node(workers: int) -> None:
    nodes = [node("a"), node("b")]
    staffing = Staffing(workers=workers, gpus_per_actor=0)

    assert len(staffing.readers(nodes)) == 2 * workers
    assert booked(staffing, nodes[0]) <= nodes[0].cpus


@pytest.mark.parametrize(
    ("share", "count"),
    [(1, 4), (0.5, 8), (0.3, 12), (0.6, 4), (0.1, 40), (2, 2), (3, 1), (4, 1), (5, 0)],
)
def test_as_many_embed_on_a_node_as_its_gpus_can_be_shared_out_to(share: float, count: int) -> None:
    nodes = [node("a", cpus=32, gpus=4), node("b", cpus=64)]
    staffing = Staffing(workers=0, gpus_per_actor=share)

    assert [post.node.name for post in staffing.embedders(nodes)] == ["a"] * count
    assert {post.node.name for post in staffing.readers(nodes)} == {"a", "b"}


def test_a_node_without_processors_reads_and_embeds_nothing() -> None:
    staffing = Staffing(workers=2, gpus_per_actor=0)

    assert staffing.readers([node("head", cpus=0)]) == []
    assert staffing.embedders([node("head", cpus=0)]) == []


@pytest.mark.parametrize("share", [-1, 1.5, 2.25])
def test_a_share_of_gpus_that_cannot_be_had_is_refused(share: float) -> None:
    with pytest.raises(SettingsError, match=f"{share:g} GPUs an actor"):
        RayCluster(gpus_per_actor=share)
