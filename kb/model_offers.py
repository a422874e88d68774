"""The models offered for a task: those of the registry, files here, and those of servers here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.errors import KnowledgeBaseError
from kb.model_speeds import Speed, Speeds
from kb.models.bundled import is_here
from kb.models.files import InstalledModel, find_model, installed
from kb.models.known import SETTINGS, Kind, KnownModel
from kb.models.registry import KNOWN
from kb.remote.address import names_servers
from kb.remote.neighbours import ServedModel
from kb.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model that can be chosen.

    Attributes:
        name: the name to choose it by: one of the registry (with any quantisation but the default),
            or a server's address.
        label: its name for people.
        size_gb: size of its file, in GB of 10^9 bytes; None if a server does not tell.
        here: whether it needs no download.
        server: the server on this machine that runs it; empty for a file.
        in_use: whether the settings name it.
        speed: its speed on this machine; None if not measured.
        on_modelscope: whether ModelScope offers it too.
    """

    name: str
    label: str
    size_gb: float | None
    here: bool
    server: str = ""
    in_use: bool = False
    speed: Speed | None = None
    on_modelscope: bool = False


def offers(kind: Kind, settings: Settings, served: Sequence[ServedModel] = ()) -> list[Offer]:
    """Return the models offered for a task, in the registry's order first."""
    files = installed(settings.models_dir)
    speeds = Speeds(settings.data_dir)
    used = getattr(settings, SETTINGS[kind])
    path = None
    if used and not names_servers(used):
        try:
            path = find_model(used, settings.models_dir).path
        except KnowledgeBaseError:  # the model is missing, so no file here is in use
            path = None
    found: list[Offer] = []
    for model in KNOWN:
        if model.kind == kind:
            mine = [file for file in files if file.known is model]
            found += [
                _here(model, file, speeds, in_use=file.path.resolve() == path) for file in mine
            ]
            if not any(file.quant == model.files[0].quant for file in mine):
                found.append(_absent(model, used, settings))
    if kind == "chat":
        found += [
            Offer(
                name=each.setting,
                label=each.name,
                size_gb=None if each.size is None else each.size / 1e9,
                here=True,
                server=each.server,
                in_use=each.setting == used,
            )
            for each in served
        ]
    return found


def _here(model: KnownModel, file: InstalledModel, speeds: Speeds, *, in_use: bool) -> Offer:
    usual = file.quant == model.files[0].quant
    return Offer(
        name=model.name if usual else f"{model.name}:{file.quant}",
        label=model.name if usual else f"{model.name} {file.quant}",
        size_gb=file.size / 1e9,
        here=True,
        in_use=in_use,
        speed=speeds.of(file.path),
    )


def _absent(model: KnownModel, used: str | None, settings: Settings) -> Offer:
    return Offer(
        name=model.name,
        label=model.name,
        size_gb=model.files[0].size_gb,
        here=model.built_in and is_here(settings.models_dir),
        in_use=model.built_in and used == model.name,
        on_modelscope=model.on_modelscope,
    )
