"""Sends the embedding model to the nodes of a cluster, and opens it there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

from kb.data_folders import APP_NAME
from kb.drafts import draft
from kb.embedding.base import Embedder
from kb.errors import ModelError, SettingsError
from kb.indexing.splitting import Counter
from kb.locked_files import LockedFile
from kb.models.files import resolve_model, weights_fingerprint
from kb.models.registry import ModelFile
from kb.remote.address import names_servers
from kb.remote.client import KEY_VARIABLES
from kb.settings import Settings

# The settings with which a node opens a model. It gets no others, because some are secrets.
_TOLD = {
    "model",
    "dimensions",
    "context_tokens",
    "prompts",
    "n_gpu_layers",
    "threads",
    "server_requests",
    "server_batch",
    "server_timeout_s",
}

PART_BYTES = 16 * 2**20
"""Bytes of a model's file in one object of the store."""

# Time for another process of the node that fetches the same file, which may have gigabytes.
_ANOTHER_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """A model's file, and the ways to get it to a node.

    ``fingerprint`` shows whether a found file is the same one. ``url`` is a further source, or
    empty. ``parts`` are references to its bytes in the object store.
    """

    file: ModelFile
    size: int
    fingerprint: str
    url: str = ""
    parts: tuple[Any, ...] = ()

    def here(self) -> Path | None:
        """Return the file's path on this node: the driver's path, or that of a fetched copy."""
        for path in (self.file.path, self.kept):
            same_size = path.is_file() and path.stat().st_size == self.size
            if same_size and weights_fingerprint(path) == self.fingerprint:
                return path
        return None

    @property
    def kept(self) -> Path:
        """The path of a fetched copy on a node."""
        folder = platformdirs.user_cache_path(APP_NAME, appauthor=False) / "cluster"
        return folder / self.fingerprint[:16] / self.file.path.name

    def fetch(self, get: Callable[[Any], bytes]) -> Path:
        """Return the file's path; fetch the file if this node lacks it, once for all its processes.

        Args:
            get: returns the bytes of one of ``parts``.

        Raises:
            ModelError: the file is not available, or is a different one.
        """
        found = self.here()
        if found is not None:
            return found
        try:
            self.kept.parent.mkdir(parents=True, exist_ok=True)
            with LockedFile(Path(f"{self.kept}.lock")).held(timeout_s=_ANOTHER_S):
                found = self.here()
                if found is not None:
                    return found
                with draft(self.kept) as part:
                    if self.url:
                        _download(self.url, part)
                    else:
                        _join(part, self.parts, get)
        except OSError as error:
            msg = f"the model {self.file.path.name} cannot be fetched: {error}"
            raise ModelError(msg) from error
        found = self.here()
        if found is None:
            origin = self.url or "the machine that ingests"
            msg = f"what {origin} gave is not the model {self.file.path.name} that is in use"
            raise ModelError(msg)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedModel:
    """Everything that a node needs to count tokens and embed as the driver does.

    ``given`` is an embedder of the calling program. Otherwise there is a ``file``, or the settings
    name servers. ``keys`` are the servers' keys.
    """

    settings: dict[str, Any]
    max_tokens: int
    fingerprint: str
    given: Embedder | None = None
    file: SharedFile | None = None
    keys: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, settings: Settings, embedder: Embedder, *, given: bool, url: str) -> SharedModel:
        """Describe the model in use.

        Args:
            settings: the settings with the model.
            embedder: the model, opened in this process.
            given: the calling program passed the embedder.
            url: the folder from which nodes fetch the file; empty if they do not.
        """
        file = None
        if not given and not names_servers(settings.model):
            found = resolve_model(settings)
            file = SharedFile(
                file=found,
                size=found.path.stat().st_size,
                fingerprint=weights_fingerprint(found.path),
                url=f"{url.rstrip('/')}/{found.path.name}" if url else "",
            )
        return cls(
            settings=settings.model_dump(include=_TOLD),
            max_tokens=embedder.max_tokens,
            fingerprint=embedder.identity.fingerprint,
            given=embedder if given else None,
            file=file,
            keys={name: os.environ[name] for name in KEY_VARIABLES if name in os.environ},
        )

    @property
    def served(self) -> bool:
        """Whether servers embed."""
        return self.given is None and self.file is None

    def open(self, get: Callable[[Any], bytes], *, threads: int) -> Embedder:
        """Open the model on this node; its vectors equal those of the driver.

        Raises:
            ModelError: the model is not available here, or is a different one.
        """
        embedder = self._opened(get, threads)
        if embedder.identity.fingerprint != self.fingerprint:
            msg = f"{embedder.identity.model_id} is another model here than at the driver"
            raise ModelError(msg)
        return embedder

    def counter(self, get: Callable[[Any], bytes]) -> Counter:
        """Return the counter of tokens on this node; it needs no weights in memory."""
        if self.file is None:
            return self._opened(get, 0)
        from kb.llama.native import Model  # noqa: PLC0415 - llama.cpp takes a moment to load
        from kb.llama.tokens import TextTokenizer  # noqa: PLC0415 - likewise

        model = Model(self.file.fetch(get), only_header=True)
        return TokenCounter(TextTokenizer(model).count, self.max_tokens)

    def _opened(self, get: Callable[[Any], bytes], threads: int) -> Embedder:
        if self.given is not None:
            return self.given
        settings = Settings.model_construct(**self.settings)
        if self.file is None:
            from kb.embedding import open_embedder  # noqa: PLC0415 - httpx takes a moment

            os.environ.update(self.keys)
            return open_embedder(settings)
        from kb.embedding.llama import LlamaEmbedder  # noqa: PLC0415 - as above

        return LlamaEmbedder(
            replace(self.file.file, path=self.file.fetch(get)),
            n_gpu_layers=settings.n_gpu_layers,
            threads=settings.threads or threads,
            dimensions=settings.dimensions,
            context_tokens=settings.context_tokens,
        )


class TokenCounter:
    """Counts tokens with a tokenizer alone."""

    def __init__(self, count: Callable[[str], int], max_tokens: int) -> None:
        self._count = count
        self.max_tokens = max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text alone."""
        return [self._count(text) for text in texts]


def file_parts(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes in pieces of :data:`PART_BYTES`."""
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            yield part


def _join(path: Path, parts: Sequence[Any], get: Callable[[Any], bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(get(part))


def _download(url: str, path: Path) -> None:
    try:
        import fsspec  # noqa: PLC0415 - few fetch models by URL

        with fsspec.open(url, "rb") as source, path.open("wb") as file:
            while block := source.read(PART_BYTES):
                file.write(block)
    except (ImportError, ValueError) as error:
        msg = f"the model cannot be fetched from {url}: {error}"
        raise SettingsError(msg) from error
