"""What ``kb models`` and ``kb eval`` print with ``--json``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kb.records import SearchMode
from kb.server.replies import Reply


class KnownFileShape(Reply):
    """A file of a known model."""

    quant: str
    name: str
    size_gb: float


class KnownModelShape(Reply):
    """A model that this release knows."""

    name: str
    repository: str | None
    on_modelscope: bool
    files: list[KnownFileShape]
    dimensions: int
    dimensions_from: int | None
    context_tokens: int
    pooling: str
    query: str
    document: str
    licence: str


class ModelOnDiskShape(KnownModelShape):
    """A known model that is on this machine."""

    file: str
    size: int
    downloaded_from: str | None
    sha256: str | None


class OtherModelShape(Reply):
    """A model on this machine that this release does not know."""

    name: str
    file: str
    size: int
    downloaded_from: str | None
    sha256: str | None


class DownloadShape(Reply):
    """Where a file came from."""

    source: str
    sha256: str
    size: int


class InstalledShape(Reply):
    """A model file; ``known`` names its model, if this release knows it."""

    reference: str
    path: str
    size: int
    known: str | None
    quant: str
    record: DownloadShape | None


class ModelsShape(Reply):
    """The model in use, those that are known, and those on this machine."""

    in_use: str
    known: list[KnownModelShape]
    installed: list[InstalledShape]


class FindingShape(Reply):
    """Something looked at; ``ok`` is null for what is only told."""

    name: str
    ok: bool | None
    detail: str


class ModelCheckShape(Reply):
    """Whether a model is healthy."""

    model: str
    path: str
    findings: list[FindingShape]
    healthy: bool


class MeanShape(Reply):
    """A mean, and its 95 % interval."""

    mean: float
    low: float
    high: float


class LatencyShape(Reply):
    """Milliseconds of a search."""

    p50: float
    p95: float


class QueryShape(Reply):
    """A query, what was expected, and what was found, best first."""

    id: str
    query: str
    expected: list[str]
    found: list[str]
    scores: dict[str, float]


class ComparedShape(Reply):
    """How a run differs from an earlier one, or from one in another mode."""

    with_: Annotated[SearchMode, Field(alias="with")]
    metric: str
    difference: float
    low: float
    high: float
    p: float


class EvaluationShape(Reply):
    """A judged set searched in one mode."""

    set: str
    mode: SearchMode
    documents: int
    queries: int
    latency_ms: LatencyShape
    metrics: dict[str, MeanShape]
    worst: list[QueryShape]
    compared: list[ComparedShape]


class SpansShape(Reply):
    """How much of the text that answers is in the hits; each mean with its 95 % interval."""

    set_name: str
    mode: SearchMode
    top_k: int
    chunks: int
    queries: int
    means: dict[str, list[float | list[float]]]


class JudgeShape(Reply):
    """The model that judges, and how many of its control questions it got right."""

    model: str
    right: int
    controls: int


class CitationShape(Reply):
    """A sentence, the passage it names, and whether that holds it."""

    query: str
    question: str
    sentence: str
    source: str
    overlap: float
    judged: bool | None


class AnswersShape(Reply):
    """What a chat model made of a judged set's questions."""

    set: str
    mode: SearchMode
    model: str
    questions: int
    failed: int
    citations: int
    shares: dict[str, MeanShape | None]
    judge: JudgeShape
    worst: list[CitationShape]
