"""The embedder of a cluster: actors share the texts, each with a model of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from functools import partial

import numpy as np

from ingest.engines.cluster.actors import Way
from ingest.engines.cluster.crew import Crew
from ingest.engines.cluster.library import POLL_S, Actor, result_of
from ingest.engines.cluster.posts import Task
from kb.embedding.base import Abilities, Embedder, EmbedderIdentity, Vector, Vectors
from kb.errors import EmbeddingError, KnowledgeBaseError
from kb.stopping import StoppedError, checkpoint


class RayEmbedder:
    """An :class:`~kb.embedding.base.Embedder` over the actors of a crew. Thread-safe.

    The model of this process embeds queries and counts tokens, because that takes little time.

    Args:
        near: the same model in this process; the caller keeps it.
        crew: embedding actors; closed with this embedder.
        texts: most texts of one call of an actor.
    """

    def __init__(self, near: Embedder, crew: Crew, *, texts: int) -> None:
        self._near = near
        self._crew = crew
        self._texts = texts

    @property
    def identity(self) -> EmbedderIdentity:
        """The model's identity, the same on all nodes."""
        return self._near.identity

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self._near.dim

    @property
    def max_tokens(self) -> int:
        """Most tokens of one document."""
        return self._near.max_tokens

    @property
    def abilities(self) -> Abilities:
        """The model's abilities."""
        return self._near.abilities

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text alone, in this process."""
        return self._near.count_tokens(texts)

    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        """Count the tokens of the model's input for each text, in this process."""
        return self._near.count_read(texts, query=query, task=task)

    def count_bare(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of the model's input without a prompt, in this process."""
        return self._near.count_bare(texts)

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        """Embed one query, in this process."""
        return self._near.embed_query(text, task=task)

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed documents on all nodes.

        Raises:
            InputTooLongError: a text has more than ``max_tokens`` tokens.
            EmbeddingError: the model failed, or a text kills every process that embeds it.
            ClusterError: no node is left.
            StoppedError: the run was stopped.
        """
        return self._embed("documents", texts, on_progress)

    def embed_short(self, texts: Sequence[str]) -> Vectors:
        """Embed short texts as documents on all nodes, several in one call of the model."""
        return self._embed("short", texts)

    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        """Embed texts without a prompt, on all nodes."""
        return self._embed("bare", texts)

    def stop(self) -> None:
        """Cancel texts under way."""
        self._crew.cancel()

    def close(self) -> None:
        """End the actors."""
        self._crew.close(cancel=True)

    def _embed(
        self, way: Way, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        check = checkpoint()
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        pending: dict[Future[Vectors], tuple[int, int]] = {}
        for start in range(0, len(texts), self._texts):
            part = list(texts[start : start + self._texts])
            task = Task(partial(self._asked, way, part), _obituary)
            pending[task.future] = (start, start + len(part))
            self._crew.put(task)
        while pending:
            done, _ = wait(pending, timeout=POLL_S, return_when=FIRST_COMPLETED)
            check()
            for future in done:
                start, end = pending.pop(future)
                try:
                    # A copy: Ray's array would occupy its place in the object store as long as it
                    # lives.
                    vectors[start:end] = future.result()
                except CancelledError as error:
                    raise StoppedError from error
                if on_progress is not None:
                    on_progress(end - start)
        return vectors

    def _asked(self, way: Way, texts: list[str], actor: Actor) -> Vectors:
        answer = result_of(actor.embed.remote(way, texts), self._crew.cancelled)
        if isinstance(answer, KnowledgeBaseError):
            raise answer
        vectors: Vectors = answer
        return vectors


def _obituary(times: int) -> EmbeddingError:
    return EmbeddingError(
        f"processes of the Ray cluster ended {times} times while they embedded the same texts; "
        "their nodes lack memory for the model, or their GPUs: see `ray logs`"
    )
