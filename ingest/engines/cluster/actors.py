"""Actors on the nodes: one reads and splits files, the other embeds texts.

An actor returns errors about a file or a text as values. It raises only for faults of its node.
"""

from __future__ import annotations

import hashlib
import os
import queue
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from ingest.engines.cluster.model import SharedModel
from ingest.errors import LoadError, WorkerStartError
from ingest.loaders import EXTENSIONS, LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.loaders.identity import loader_identity
from ingest.reading.base import CutFile
from ingest.reading.sandbox import Sandbox
from kb.embedding.base import Embedder, Vectors, batching, embed_short
from kb.errors import KnowledgeBaseError, ModelError
from kb.hashing import is_content
from kb.indexing.splitting import Counter, SplitRules, split_document
from kb.splitting import SPLITTER_VERSION

Way = Literal["documents", "short", "bare"]
"""Kinds of embedding: as documents, as short texts, or without a prompt."""

NEEDS_MODEL = "needs the model"
READY = "ready"
UNSEEN = "unseen"
"""What an actor answers whose node does not see a file as it is at the driver."""

# Texts of one call, unless the model wants more: as many as take at most a second.
_TEXTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Parameters of all actors of a run. ``program`` is :func:`program_identity` at the driver."""

    program: str
    model: SharedModel
    rules: SplitRules
    file_timeout_s: float
    file_memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBytes:
    """A file's bytes, for a node that does not have the file."""

    content: bytes
    mtime_ns: int


def program_identity() -> str:
    """Return a hash of everything in this program that determines a file's chunks."""
    parts = [str(SPLITTER_VERSION)]
    parts += [loader_identity(Path(f"a{suffix}"), LoadOptions()) for suffix in EXTENSIONS]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class _NodeActor(ABC):
    """Base of actors that use the model of the run."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    def prepare(self, parts: Sequence[Any] = ()) -> str:
        """Prepare the model; return whether this node needs its bytes first.

        Raises:
            ModelError: the model is not available, or this node runs another version of the
                program.
        """
        if program_identity() != self._terms.program:
            msg = "this node has another version of the program; install the same one on all nodes"
            raise ModelError(msg)
        shared = self._terms.model
        if shared.file is not None:
            if not parts and not shared.file.url and shared.file.here() is None:
                return NEEDS_MODEL
            file = replace(shared.file, parts=tuple(parts))
            self._terms = replace(self._terms, model=replace(shared, file=file))
        self._make_ready(self._terms.model)
        return READY

    def pid(self) -> int:
        """Return the id of this actor's process."""
        return os.getpid()

    @abstractmethod
    def _make_ready(self, model: SharedModel) -> None:
        """Use the model, whose file is on this node now."""

    @staticmethod
    def _get(part: Any) -> bytes:  # noqa: ANN401 - a reference of Ray's
        from ingest.engines.cluster.library import ray  # noqa: PLC0415 - actors are pickled

        content: bytes = ray.get(part)
        return content


class ReadingActor(_NodeActor):
    """Reads one file at a time in a sandbox of its own, and splits it."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._sandbox = Sandbox(
            workers=1, timeout_s=terms.file_timeout_s, memory_bytes=terms.file_memory_bytes
        )
        self._counter: Counter | None = None

    def _make_ready(self, model: SharedModel) -> None:
        self._counter = model.counter(self._get)

    def read(
        self, path: str, options: LoadOptions, known: str | SentBytes
    ) -> Iterator[tuple[str, Any]]:
        """Yield ``progress`` (done, total) and at last ``file`` (a CutFile) or ``error``.

        ``known`` is the hash of the file's content at the driver, or its bytes. ``unseen`` is the
        answer where this node has no file of that hash at the path, or may not open it.
        """
        sent = None if isinstance(known, str) else known
        if sent is None and not is_content(Path(path), str(known)):
            yield UNSEEN, None
            return
        with _file(path, sent) as place:
            told: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
            future = self._sandbox.submit(
                place, options, lambda done, total: told.put((done, total))
            )
            future.add_done_callback(lambda _: told.put(None))
            while (progress := told.get()) is not None:
                yield "progress", progress
            try:
                file = future.result()
            except (LoadError, WorkerStartError) as error:
                yield "error", error
                return
            if sent is None and file.content_hash != known:  # it was changed a moment ago
                yield UNSEEN, None
            else:
                yield "file", self._cut(file)

    def _cut(self, file: LoadedFile) -> CutFile:
        if self._counter is None:
            msg = "a reader was used before it was ready"
            raise RuntimeError(msg)
        made = split_document(
            file.document,
            self._terms.rules,
            self._counter,
            content_hash=file.content_hash,
            settings_hash="",
            size=file.size,
        )
        return CutFile(**{f.name: getattr(file, f.name) for f in fields(LoadedFile)}, made=made)


class EmbeddingActor(_NodeActor):
    """Embeds texts with a model of its own."""

    def __init__(self, terms: Terms, threads: int) -> None:
        super().__init__(terms)
        self._threads = threads
        self._embedder: Embedder | None = None

    def _make_ready(self, model: SharedModel) -> None:
        self._embedder = model.open(self._get, threads=self._threads)

    def texts(self) -> int:
        """Return the number of texts of one call."""
        return max(_TEXTS, batching(self._model).texts)

    def embed(self, way: Way, texts: Sequence[str]) -> Vectors | KnowledgeBaseError:
        """Return the vectors of texts, or the reason why there are none."""
        model = self._model
        embed = {
            "documents": model.embed_documents,
            "short": lambda asked: embed_short(model, asked),
            "bare": model.embed_bare,
        }[way]
        try:
            vectors: Vectors = embed(texts)
        except KnowledgeBaseError as error:
            return error
        return vectors

    @property
    def _model(self) -> Embedder:
        if self._embedder is None:
            msg = "an embedding actor was used before it was ready"
            raise RuntimeError(msg)
        return self._embedder


@contextmanager
def _file(path: str, sent: SentBytes | None) -> Iterator[Path]:
    """Return the path of a file; write the file first if its bytes were sent."""
    if sent is None:
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="shelfmark-") as folder:
        place = Path(folder, Path(path).name)
        place.write_bytes(sent.content)
        os.utime(place, ns=(sent.mtime_ns, sent.mtime_ns))
        yield place
