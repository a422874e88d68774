"""Identifies a server once: its program, its model, and its token limit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from kb.errors import ModelError
from kb.remote.address import Dialect
from kb.remote.client import ServerClient

_log = logging.getLogger(__name__)

Kind = Literal["shelfmark", "llama.cpp", "llama-cpp-python", "tei", "vllm", "ollama", "other"]

OLLAMA_CONTEXT = 8192
"""Context that Ollama is asked to load a model with, unless model or user set a smaller one."""


OWNER = "shelfmark"
"""The owner of the model, as reported by a server of this project (``kb serve``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModel:
    """Properties that only a server of this project reports.

    Such a server adds the prompts itself. ``around`` is the number of tokens that prompt and
    special tokens add to a document. ``least_dim`` is the smallest width to which vectors may be
    cut. ``windows`` says that it may read a long text in windows; requests ask it to refuse such a
    text instead.
    """

    fingerprint: str
    around: int
    least_dim: int
    takes_task: bool
    windows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Properties that one server reports.

    ``model`` is the model's name in requests. ``model_id`` is its readable form, without a file's
    folders. ``context_tokens`` is the limit of one text with everything around it; 0 if the server
    does not report it. ``own`` is None except for servers of this project.
    """

    kind: Kind
    dialect: Dialect
    model: str
    model_id: str
    context_tokens: int = 0
    own: OwnModel | None = None


def identify(client: ServerClient, model: str, context_tokens: int) -> Profile:
    """Identify a server. ``model`` and ``context_tokens`` are the user's, or empty and 0.

    It prefers a server's own interface to the OpenAI-compatible one if the latter truncates long
    texts (Ollama).

    Raises:
        UnavailableError: the server does not answer now.
        ModelError: the server has several models, and ``model`` names none.
    """
    address = client.address
    props = _mapping(client.look(f"{address.root}/props"))
    if "default_generation_settings" in props:
        slot = _mapping(props["default_generation_settings"])
        own = str(props.get("model_alias") or props.get("model_path") or "")
        name = model or own or "default"
        if not _alike(name, own):
            _log.warning(
                "%s serves %s whatever model is asked for; it is called %s here, as the settings "
                "say, and gets the prompts of that name",
                client.where,
                _readable(own),
                name,
            )
        return _profile("llama.cpp", address.dialect or "openai", name, slot.get("n_ctx"))
    info = _mapping(client.look(f"{address.root}/info"))
    if "max_input_length" in info:
        name = model or str(info.get("model_id", "default"))
        return _profile("tei", address.dialect or "openai", name, info["max_input_length"])
    if address.dialect == "ollama" or (
        address.dialect is None
        and "version" in _mapping(client.look(f"{address.root}/api/version"))
    ):
        return _ollama(client, model, context_tokens)
    return _openai(client, model)


def _openai(client: ServerClient, model: str) -> Profile:
    address = client.address
    listed = _mapping(client.look(f"{address.api}/models", needed=not model)).get("data")
    models = {
        str(item["id"]): item
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and "id" in item
    }
    name = model or _only(list(models), client.where)
    card = _mapping(models.get(name))
    dialect = address.dialect or "openai"
    if card.get("owned_by") == OWNER and "fingerprint" in card:
        return _own(card)
    if "max_model_len" in card:
        return _profile("vllm", dialect, name, card["max_model_len"])
    counted = client.look(f"{address.root}/extras/tokenize/count", {"input": "", "model": name})
    kind: Kind = "llama-cpp-python" if "count" in _mapping(counted) else "other"
    return _profile(kind, dialect, name, 0)


def _own(card: Mapping[str, Any]) -> Profile:
    whole = int(card["max_model_len"])
    return Profile(
        kind="shelfmark",
        dialect="openai",
        model=str(card["id"]),
        model_id=str(card["id"]),
        context_tokens=whole,
        own=OwnModel(
            fingerprint=str(card["fingerprint"]),
            around=whole - int(card["max_input_tokens"]),
            least_dim=int(card["least_dimensions"]),
            takes_task=bool(card["takes_instruct"]),
            windows="long_inputs" in card,
        ),
    )


def _ollama(client: ServerClient, model: str, context_tokens: int) -> Profile:
    root = client.address.root
    tags = _mapping(client.look(f"{root}/api/tags")).get("models")
    found = [str(_mapping(item).get("name", "")) for item in tags] if isinstance(tags, list) else []
    name = model or _only(found, client.where)
    shown = _mapping(_mapping(client.look(f"{root}/api/show", {"model": name})).get("model_info"))
    trained = next(
        (int(value) for key, value in shown.items() if key.endswith(".context_length")), 0
    )
    wanted = context_tokens or OLLAMA_CONTEXT
    return _profile("ollama", "ollama", name, min(trained or wanted, wanted))


def _only(names: list[str], where: str) -> str:
    if len(names) == 1:
        return names[0]
    listed = ", ".join(sorted(names)[:8]) or "none that it lists"
    msg = (
        f"the embedding server {where} has {len(names)} models ({listed}); name one in `model`, "
        "after a #: http://host:port/v1#name"
    )
    raise ModelError(msg)


def _profile(kind: Kind, dialect: Dialect, name: str, context_tokens: Any) -> Profile:  # noqa: ANN401 - JSON
    return Profile(
        kind=kind,
        dialect=dialect,
        model=name,
        model_id=_readable(name),
        context_tokens=int(context_tokens or 0),
    )


def _readable(name: str) -> str:
    """Return a model's name without the folders and suffix of its file."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.stem if path.suffix == ".gguf" else name


def _alike(one: str, other: str) -> bool:
    """Return whether two names may mean one model: one contains the other, ignoring signs."""
    first, second = (
        "".join(each for each in _readable(name).lower() if each.isalnum()) for name in (one, other)
    )
    return first in second or second in first


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}
