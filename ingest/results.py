"""Progress and outcome of one file in a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kb.records import Notice, Source

Stage = Literal["waiting", "reading", "embedding", "stored", "unchanged", "failed"]
Outcome = Literal["added", "changed", "unchanged", "moved", "removed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEvent:
    """Progress of one file.

    ``done`` of ``total`` count pages while reading and chunks while embedding; a waiting file's
    ``total`` is its size in bytes. ``notices`` and ``outcome`` come with the last event of a file.
    """

    source: Source
    stage: Stage
    done: int = 0
    total: int = 0
    notices: tuple[Notice, ...] = ()
    reason: str = ""
    reason_code: str = ""
    outcome: Outcome | None = None


OnEvent = Callable[[FileEvent], None]
"""Receives progress from several threads, one call at a time; must not raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """The outcome of one file. ``seconds`` count from its reading to its commit.

    ``old_source`` is the former place of a moved file.
    """

    source: Source
    outcome: Outcome
    old_source: Source | None = None
    document_id: int | None = None
    chunks: int = 0
    embedded: int = 0
    reused: int = 0
    tokens: int = 0
    seconds: float = 0.0
    notices: tuple[Notice, ...] = ()
    reason: str = ""
    reason_code: str = ""
