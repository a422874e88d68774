"""Chooses the engine of a run by name."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ingest.engines.base import Engine
from ingest.engines.local import LocalEngine
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase

EngineName = Literal["local", "ray"]

# Ray itself takes "auto" and "local", too.
_ADDRESS = re.compile(r"(\[[^\]/]+\]|[^\s:/\[\]]+):(?P<port>[0-9]{1,5})|auto|local")
_PORTS = range(1, 65536)


@dataclass(frozen=True, slots=True, kw_only=True)
class RayCluster:
    """A Ray cluster whose nodes read files and embed texts.

    Attributes:
        address: of its head, ``host:6379``. If empty, the run takes ``RAY_ADDRESS``, else the
            cluster of this machine, else starts one on this machine.
        gpus_per_actor: GPUs of each process that embeds; a fraction lets several share one; 0
            embeds on processors.
        models_at: a folder, or its URL for fsspec, from which nodes fetch the model's file. If it
            is empty, nodes take the file at its path on this machine, or this machine sends it
            once.
    """

    address: str = ""
    gpus_per_actor: float = 0.0
    models_at: str = ""

    def __post_init__(self) -> None:
        """Check the number of GPUs.

        Raises:
            SettingsError: the address is none of a head, or the GPUs are no number that Ray can
                share out.
        """
        check_address(self.address)
        gpus = self.gpus_per_actor
        if not math.isfinite(gpus) or gpus < 0 or (gpus > 1 and gpus != int(gpus)):
            msg = f"{gpus:g} GPUs an actor cannot be had; give a part of one, or a whole number"
            raise SettingsError(msg)


EngineChoice: TypeAlias = EngineName | RayCluster
"""``ray`` means a :class:`RayCluster` with its defaults."""


def check_address(address: str, origin: str = "") -> None:
    """Refuse what cannot be the address of a cluster's head; nothing at all is one.

    Args:
        address: host and port.
        origin: what it was taken from, for the message.

    Raises:
        SettingsError: it is none.
    """
    form = _ADDRESS.fullmatch(address)
    if not address or (form and (not form["port"] or int(form["port"]) in _PORTS)):
        return
    named = f"{address} in {origin}" if origin else address
    if "://" in address:
        head = address.partition("://")[2].partition(":")[0].partition("/")[0] or "head"
        msg = (
            f"{named} is no address of a cluster's head: this program runs on a node of the "
            f"cluster; run `ray start --address {head}:6379` on this machine and give {head}:6379"
        )
    else:
        example = _example(address)
        msg = f"{named} is no address of a cluster's head; give its host and port, {example}"
    raise SettingsError(msg)


def _example(address: str) -> str:
    host = re.match(r"[\w.-]+", address)
    return f"{host.group() if host else 'head'}:6379"


def open_engine(
    choice: EngineChoice, base: KnowledgeBase, cancel: threading.Event | None = None
) -> Engine:
    """Return the chosen engine; it starts nothing before its first use.

    Args:
        choice: the engine.
        base: the knowledge base.
        cancel: interrupts the run, also while the engine waits for a cluster's answer.

    Raises:
        MissingExtraError: the extra ``ray`` is not installed.
        SettingsError: no engine has this name.
    """
    if choice == "local":
        return LocalEngine(base)
    if choice == "ray":
        choice = RayCluster()
    if not isinstance(choice, RayCluster):
        msg = f"there is no engine {choice!r}; name local or ray"
        raise SettingsError(msg)
    from ingest.engines.cluster.engine import RayEngine  # noqa: PLC0415 - an extra

    return RayEngine(base, choice, cancel)
