"""The engine of a Ray cluster, for one run."""

from __future__ import annotations

import threading
from typing import Any

from ingest.engines.base import CALL_CHUNKS, Embedding
from ingest.engines.choice import RayCluster
from ingest.engines.cluster.actors import (
    NEEDS_MODEL,
    EmbeddingActor,
    ReadingActor,
    Terms,
    program_identity,
)
from ingest.engines.cluster.bookings import Bookings, Want
from ingest.engines.cluster.connection import Connection
from ingest.engines.cluster.crew import Crew
from ingest.engines.cluster.embedder import RayEmbedder
from ingest.engines.cluster.library import Actor, actor_on, ray, result_of
from ingest.engines.cluster.model import SharedModel, file_parts
from ingest.engines.cluster.nodes import Post
from ingest.engines.cluster.reader import RayReader
from ingest.engines.cluster.staffing import Staffing
from ingest.reading.base import FileReader
from kb.embedding.base import batching
from kb.knowledge_base import KnowledgeBase

# The pipeline's calls that share the actors: while one waits for its last texts, the next works.
_LANES = 2
# Calls of one actor at the same time: the next texts are there when the model is free.
_CALLS = 2
_TEXTS = 16
_READING, _EMBEDDING = "reading", "embedding"


class RayEngine:
    """Reads and embeds on the nodes of a cluster; connects at first use.

    Args:
        base: the knowledge base with the settings and the model.
        cluster: the cluster, and how to use its nodes.
        cancel: ends the wait for the cluster's answer; it interrupts the run.
    """

    def __init__(
        self, base: KnowledgeBase, cluster: RayCluster, cancel: threading.Event | None = None
    ) -> None:
        self._base = base
        self._cluster = cluster
        self._cancel = cancel or threading.Event()
        self._staffing = Staffing(
            workers=base.settings.workers, gpus_per_actor=cluster.gpus_per_actor
        )
        self._bookings = Bookings(self._staffing)
        self._mutex = threading.RLock()
        self._sending = threading.Lock()
        self._connection: Connection | None = None
        self._terms: Terms | None = None
        self._parts: list[Any] = []
        self._reader: RayReader | None = None
        self._embedding: Embedding | None = None
        self._embedder: RayEmbedder | None = None

    def reader(self) -> FileReader:
        """Return the reader over all nodes.

        Raises:
            ClusterError: no cluster answers.
        """
        with self._mutex:
            connection, terms = self._connected()
            self._reader = RayReader(
                Crew(
                    connection,
                    posts=self._staffing.readers,
                    start=lambda post, given_up: self._reading_actor(post, terms, given_up),
                    lanes=1,
                    name=_READING,
                )
            )
            return self._reader

    def embedding(self) -> Embedding:
        """Return the embedder: actors, or the servers in the settings.

        This process calls the servers itself, because it knows how much each may do at once.

        Raises:
            ClusterError: no cluster answers.
        """
        with self._mutex:
            if self._embedding is None:
                connection, terms = self._connected()
                near = self._base.embedder
                if terms.model.served:
                    plan = batching(near)
                    self._embedding = Embedding(
                        embedder=near, lanes=_LANES, call_chunks=plan.calls * plan.texts
                    )
                else:
                    crew = Crew(
                        connection,
                        posts=self._staffing.embedders,
                        start=lambda post, given_up: self._embedding_actor(post, terms, given_up),
                        lanes=_CALLS,
                        name=_EMBEDDING,
                    )
                    self._embedder = RayEmbedder(near, crew, texts=_TEXTS)
                    actors = max(1, crew.size)
                    self._embedding = Embedding(
                        embedder=self._embedder,
                        lanes=_LANES,
                        call_chunks=CALL_CHUNKS * actors,
                        models=actors,
                    )
            return self._embedding

    def stop(self) -> None:
        """Cancel texts under way on the nodes."""
        if self._embedder is not None:
            self._embedder.stop()

    def close(self) -> None:
        """End all actors and leave the cluster."""
        if self._reader is not None:
            self._reader.close(cancel=True)
        if self._embedder is not None:
            self._embedder.close()
        self._parts.clear()
        if self._connection is not None:
            if not self._connection.lost:
                self._bookings.close()
            self._connection.close()
            self._connection = None

    def _connected(self) -> tuple[Connection, Terms]:
        settings = self._base.settings
        if self._connection is None or self._terms is None:
            self._terms = Terms(
                program=program_identity(),
                model=SharedModel.of(
                    settings,
                    self._base.embedder,
                    given=self._base.embedder_is_given,
                    url=self._cluster.models_at,
                ),
                rules=self._base.indexing.rules,
                file_timeout_s=settings.file_timeout_s,
                file_memory_bytes=settings.file_memory_mb * 2**20,
            )
            self._connection = Connection(self._cluster.address, self._cancel)
        return self._connection, self._terms

    def _reading_actor(self, post: Post, terms: Terms, given_up: threading.Event) -> Actor:
        self._bookings.take_place(post.node, _READING, given_up)
        cpus = self._staffing.reader_cpus(post)
        make = actor_on(post.node.id, ReadingActor, cpus=cpus, gpus=0, threads=1)
        return self._started(make.remote(terms), given_up)

    def _embedding_actor(self, post: Post, terms: Terms, given_up: threading.Event) -> Actor:
        self._bookings.take_place(post.node, _EMBEDDING, given_up)
        gpus = self._cluster.gpus_per_actor
        make = actor_on(post.node.id, EmbeddingActor, cpus=0, gpus=gpus, threads=_CALLS)
        actor = make.remote(terms, self._staffing.threads(post.node))
        return self._started(actor, given_up, post if gpus else None)

    def _started(
        self, actor: Actor, given_up: threading.Event, on_gpu_of: Post | None = None
    ) -> Actor:
        """Return an actor once it is ready; its node is sent the model's bytes if it lacks them."""
        try:
            if on_gpu_of is not None:
                gpus = self._cluster.gpus_per_actor
                self._bookings.wait(
                    actor.pid.remote(), on_gpu_of.node, Want("GPU", _EMBEDDING), gpus, given_up
                )
            if result_of(actor.prepare.remote(), given_up) == NEEDS_MODEL:
                result_of(actor.prepare.remote(self._model_parts()), given_up)
        except BaseException:
            ray.kill(actor)
            raise
        return actor

    def _model_parts(self) -> list[Any]:
        """Put the model's bytes into the object store, once for all nodes."""
        with self._sending:
            terms = self._terms
            if not self._parts and terms is not None and terms.model.file is not None:
                self._parts = [ray.put(part) for part in file_parts(terms.model.file.file.path)]
            return self._parts
