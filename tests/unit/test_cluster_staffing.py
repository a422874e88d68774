"""Which actors the nodes of a cluster get, and what these take of them."""

from __future__ import annotations

import pytest

from ingest.engines.choice import RayCluster
from ingest.engines.cluster.nodes import Node
from ingest.engines.cluster.staffing import Staffing
from kb.errors import SettingsError


def node(name: str, *, cpus: float = 4, gpus: float = 0) -> Node:
    return Node(id=name, name=name, cpus=cpus, gpus=gpus)


@pytest.mark.parametrize("cpus", [1, 2, 3, 4, 8, 31, 64])
def test_readers_and_the_model_of_a_node_fit_onto_it_together(cpus: int) -> None:
    here = node("a", cpus=cpus)
    staffing = Staffing(workers=0, gpus_per_actor=0)

    readers, embedders = staffing.readers([here]), staffing.embedders([here])

    assert len(readers) == cpus
    assert len(embedders) == 1
    assert staffing.threads(here) == cpus
    taken = len(readers) * staffing.reader_cpus(here) + staffing.embedder_cpus(here)
    assert taken <= cpus


@pytest.mark.parametrize("workers", [1, 3, 7, 50])
def test_the_setting_says_how_many_read_on_each_node(workers: int) -> None:
    nodes = [node("a"), node("b")]
    staffing = Staffing(workers=workers, gpus_per_actor=0)

    assert len(staffing.readers(nodes)) == 2 * workers
    taken = workers * staffing.reader_cpus(nodes[0]) + staffing.embedder_cpus(nodes[0])
    assert taken <= nodes[0].cpus


@pytest.mark.parametrize(("share", "count"), [(1, 4), (0.5, 8), (0.3, 13), (2, 2), (4, 1), (5, 0)])
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
