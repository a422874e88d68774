"""A Ray cluster of two nodes on this machine, and what a knowledge base holds, for comparing."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ray.cluster_utils import Cluster

from kb import KnowledgeBase

HELPERS = Path(__file__).parent
SAMPLES = Path(__file__).parents[2] / "data" / "samples"
STORE_BYTES = 80 * 2**20
WAIT_S = 120.0
_STARTS = 4

KILLER = "kills-its-reader"
HANGS = "hangs-its-reader"
UNSEEN = "only-the-driver-sees"
_KILLING = f"""
import os, signal, sys, time

if "ingest.reading.worker" in sys.orig_argv:
    from ingest.loaders.text.loader import TextLoader

    load = TextLoader.load

    def killing(self, path, *args, **kwargs):
        if path.name.startswith("{KILLER}"):
            os.kill(os.getppid(), signal.SIGKILL)
        if path.name.startswith("{HANGS}"):
            time.sleep(3600)
        return load(self, path, *args, **kwargs)

    TextLoader.load = killing
else:
    import io

    opened = io.open

    def opening(path, *args, **kwargs):
        if "{UNSEEN}" in str(path) and "shelfmark-" not in str(path):  # where sent bytes are put
            raise FileNotFoundError(path)
        return opened(path, *args, **kwargs)

    io.open = opening
"""


@contextlib.contextmanager
def two_nodes(folder: Path, *, head_cpus: int = 1, more: int = 1) -> Iterator[Cluster]:
    """Start a head and one more node, with one processor each; the latter says it has a GPU.

    On both, a text file whose name begins with :data:`KILLER` kills the process that reads it,
    one whose name begins with :data:`HANGS` keeps it waiting, and files with :data:`UNSEEN` in
    their name are not there, unless they were sent.

    Args:
        folder: where what the nodes' processes import is written.
        head_cpus: processors of the head, 0 for one that only knows the others.
        more: nodes besides the head.
    """
    (folder / "sitecustomize.py").write_text(_KILLING)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(folder), str(HELPERS)))
    cluster = _started(head_cpus, more)
    try:
        yield cluster
    finally:
        cluster.shutdown()
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _started(head_cpus: int, more: int) -> Cluster:
    """Start the nodes; anew where a busy machine needs more than the 30 s that Ray gives each."""
    for attempt in range(_STARTS):
        cluster = Cluster()
        try:
            cluster.add_node(
                num_cpus=head_cpus,
                object_store_memory=STORE_BYTES,
                include_dashboard=False,
                # A disk that is nearly full is no reason to fail here.
                _system_config={"local_fs_capacity_threshold": 0.999},
            )
            for _ in range(more):
                add_node(cluster)
        except Exception:  # Ray raises no class of its own
            cluster.shutdown()
            if attempt == _STARTS - 1:
                raise
        else:
            return cluster
    raise AssertionError


def add_node(cluster: Cluster) -> None:
    cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=STORE_BYTES)
    cluster.wait_for_nodes()


def held(base: KnowledgeBase) -> dict[str, Any]:
    """Return what a knowledge base holds of each file, in the words of its source.

    Numbers of documents and chunks go by the order in which documents were finished, which is
    another one in each run with several readers; so they stand for nothing here.
    """
    found: dict[str, Any] = {}
    for state in base.files.states():
        facts: dict[str, Any] = {
            "outcome": state.outcome,
            "hashes": (state.content_hash, state.settings_hash),
            "stat": (state.size, state.mtime_ns),
            "reason": state.reason_code,
        }
        if state.document_id is not None:
            with base._store.catalog.reading() as rows:
                keys = rows.chunk_keys(state.document_id)
            info = base.document(state.document_id)
            facts["document"] = base.document_content(state.document_id)
            facts["language"] = info.language
            facts["chunks"] = base.chunks(state.document_id)
            facts["keys"] = [each.key for each in keys]
            vectors = base._store.stored_vectors(base.collection().id, [each.id for each in keys])
            facts["vectors"] = np.array([vectors[each.id] for each in keys])
        found[state.source.path] = facts
    return found


def assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    """Compare what two knowledge bases hold; vectors to five digits."""
    assert left.keys() == right.keys()
    for name, facts in left.items():
        other = right[name]
        assert facts.keys() == other.keys(), name
        for key, value in facts.items():
            if key == "vectors":
                np.testing.assert_allclose(value, other[key], atol=1e-5, err_msg=name)
            else:
                assert value == other[key], (name, key)


def actor_processes(cluster: Cluster, kind: str) -> list[int]:
    """Return the processes of actors of a class, by the names that Ray gives them."""
    nodes = {
        info.process.pid
        for node in [cluster.head_node, *cluster.worker_nodes]
        for info in node.all_processes.get("raylet", [])
    }
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            status = (entry / "status").read_text()
            parent = int(status.partition("PPid:")[2].split()[0])
            if parent in nodes and f"ray::{kind}" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
    return found


def kill_one(cluster: Cluster, kind: str) -> None:
    """Kill an actor of a class, which must be there soon."""
    deadline = time.monotonic() + WAIT_S
    while not (found := actor_processes(cluster, kind)):
        assert time.monotonic() < deadline, f"no {kind} is there"
        time.sleep(0.05)
    os.kill(found[0], signal.SIGKILL)
