"""The third stage of a run: embeds documents in shared calls, so that the model never idles."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ingest.engines.base import Embedding
from ingest.pipeline.clocks import BusyClock
from ingest.pipeline.stages import Embedded, Ready

# Small documents share calls; more calls than this would make commits come in bursts.
_GROUP_CALLS = 4


def group_chunks(embedding: Embedding) -> int:
    """Return the number of chunks of small documents in one group."""
    return _GROUP_CALLS * embedding.call_chunks


def embed_group(
    group: Sequence[Ready],
    embedding: Embedding,
    *,
    clock: BusyClock,
    cancel: threading.Event,
    on_progress: Callable[[Ready, int], None],
) -> Iterator[Embedded]:
    """Yield documents in order, each as soon as its last chunk is embedded.

    ``on_progress`` receives the number of a document's finished missing chunks. After ``cancel`` it
    makes no more calls and yields no more documents.
    """
    embedder = embedding.embedder
    missing = [(place, row) for place, r in enumerate(group) for row in r.prepared.missing]
    sizes = [ready.missing for ready in group]
    ends = np.cumsum(sizes)
    fresh = np.empty((len(missing), embedder.dim), dtype=np.float32)
    done = handed = 0
    while True:
        while handed < len(group) and ends[handed] <= done:
            ready, end = group[handed], int(ends[handed])
            own = fresh[end - sizes[handed] : end]
            yield Embedded(ready, ready.prepared.assemble(own, dim=embedder.dim))
            handed += 1
        if done == len(missing) or cancel.is_set():
            return
        part = missing[done : done + embedding.call_chunks]
        with clock:
            fresh[done : done + len(part)] = embedder.embed_documents(
                [group[place].prepared.inputs[row] for place, row in part]
            )
        done += len(part)
        for place in range(part[0][0], part[-1][0] + 1):
            if sizes[place]:
                on_progress(group[place], min(sizes[place], done - int(ends[place] - sizes[place])))
