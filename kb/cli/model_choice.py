"""``kb models use`` and ``kb models measure``: selects a model, and measures its speed."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from kb.choosing_models import KINDS, Choice, Download, choose, kind_of, to_download
from kb.cli.common import expected_errors, stdout
from kb.cli.model_listings import gigabytes, print_refused, progress, speed_text
from kb.config_file import Value, write_settings
from kb.errors import ModelError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.model_speeds import measure as measured
from kb.models.files import find_model
from kb.models.known import SETTINGS, WORDS, Kind
from kb.models.references import Hub
from kb.remote.address import names_servers
from kb.setting_changes import outranked, variable
from kb.setting_sources import config_path
from kb.settings import Settings

NameArgument = Annotated[
    str, typer.Argument(help="A name from `kb models list`, hf:owner/repo/file or ms:…")
]
QuantOption = Annotated[
    str | None, typer.Option("--quant", "-q", help="Quantisation: Q4_K_M, Q8_0, F16 …")
]
SourceOption = Annotated[
    Hub,
    typer.Option("--from", help="Hugging Face (hf) or ModelScope (ms), for known models."),
]
KindOption = Annotated[
    Kind | None, typer.Option("--kind", help="Kind of the model, if its file does not tell.")
]
NONE = "none"
"""Replaces a name: use no model of that kind."""

_FOLLOWS: dict[Kind, str] = {
    "embedding": "",
    "reranking": "searches are put in order by it; `kb search --no-rerank` does without",
    "chat": 'it answers `kb ask "…"` and the questions in the browser',
}


def use(
    name: NameArgument,
    quant: QuantOption = None,
    kind: KindOption = None,
    source: SourceOption = "hf",
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", help="Also use this collection from now on."),
    ] = None,
) -> None:
    """Use a model: download it if necessary, and name it in kb.toml.

    The kind of the model decides whether it becomes `model`, `reranker` or `chat_model`. `none`
    with --kind removes the reranker or the chat model from the settings.
    """
    with expected_errors():
        settings = Settings.load()
        if name == NONE:
            _write({_to_unset(kind): None})
            return
        if download := to_download(name, settings, quant=quant, hub=source):
            _fetch(download, settings)
        choice = choose(name, settings, quant=quant, kind=kind or _of_server(name))
        values: dict[str, Value | None] = {choice.setting: choice.value}
        if collection is not None:
            if choice.kind != "embedding":
                msg = f"--collection goes with an embedding model, but {name} is none; leave it out"
                raise SettingsError(msg)
            values["collection"] = collection
        _write(values)
        _tell(choice, settings)


def measure(
    name: Annotated[
        str | None, typer.Argument(help="A model on this machine; by default all models in use.")
    ] = None,
    quant: QuantOption = None,
    kind: KindOption = None,
) -> None:
    """Measure how many tokens a second a model reads and writes here; takes seconds per model."""
    with expected_errors():
        settings = Settings.load()
        wanted = f"{name}:{quant}" if name and quant else name
        names = [(wanted, kind)] if wanted else _in_use(settings)
        for each, what in names:
            file = find_model(each, settings.models_dir, kind=what)
            speed = measured(file, what or kind_of(file), settings)
            stdout().print(
                f"{file.model_id}: {speed_text(speed)} tokens/s ({speed.device})", markup=False
            )


def _fetch(download: Download, settings: Settings) -> None:
    with progress(f"pulling {download.name}") as tell:
        path = download.fetch(settings.models_dir, on_progress=tell)
    stdout().print(f"{path} is here and verified ({gigabytes(path.stat().st_size)})", markup=False)


def _to_unset(kind: Kind | None) -> str:
    if kind is None or kind == "embedding":
        msg = "say which is not to be used: --kind reranking or --kind chat"
        raise SettingsError(msg)
    return SETTINGS[kind]


def _of_server(name: str) -> Kind | None:
    """Return that a URL belongs to a chat model, if `kb models list` shows it as one."""
    if not names_servers(name):
        return None
    from kb.remote.neighbours import served_chat_models  # noqa: PLC0415 - an HTTP client

    return "chat" if name in {model.setting for model in served_chat_models()} else None


def _in_use(settings: Settings) -> list[tuple[str, Kind | None]]:
    found: list[tuple[str, Kind | None]] = []
    for kind in KINDS:
        name = getattr(settings, SETTINGS[kind])
        if name and not names_servers(name):
            found.append((name, kind))
    if not found:
        msg = "every model in use is on a server, which is as fast as it is; name a model"
        raise ModelError(msg)
    return found


def _write(values: dict[str, Value | None]) -> None:
    path = config_path()
    write_settings(path, values)
    for key, value in values.items():
        told = f"{key} = {value}" if value is not None else f"{key} is not set any more"
        stdout().print(f"{path}: {told}", markup=False)
        if outranked(key):
            Console(stderr=True, highlight=False, soft_wrap=True).print(
                f"{variable(key)} is set in the environment and outranks {path}",
                markup=False,
                style="yellow",
            )


def _tell(choice: Choice, settings: Settings) -> None:
    """Print the consequences of a choice."""
    if choice.kind != "embedding":
        stdout().print(f"{WORDS[choice.kind]}: {_FOLLOWS[choice.kind]}", markup=False)
        return
    with KnowledgeBase.open(settings) as base:
        others = [info for info in base.collections() if info.embedder != choice.model_id]
    print_refused(others, choice.value, stdout())
