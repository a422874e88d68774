"""Shapes of the ``--json`` output of ``kb models`` and ``kb eval``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kb.records import SearchMode
from kb.server.replies import Reply


class KnownFileShape(Reply):
    """A file of a known model."""

    quant: str
    name: str
    size_gb: float


class KnownModelShape(Reply):
    """A model that this release knows, of any kind."""

    name: str
    repository: str | None
    on_modelscope: bool
    files: list[KnownFileShape]
    context_tokens: int
    licence: str


class KnownEmbedderShape(KnownModelShape):
    """An embedding model."""

    kind: Literal["embedding"]
    dimensions: int
    dimensions_from: int | None
    pooling: str
    query: str
    document: str


class KnownRerankerShape(KnownModelShape):
    """A reranker, and the form of its input."""

    kind: Literal["reranking"]
    scored_by: Literal["yes or no", "classifier"]
    prompt: str


class KnownChatShape(KnownModelShape):
    """A chat model; models that think first are told not to."""

    kind: Literal["chat"]
    template: str
    thinks: bool


KnownShape = KnownEmbedderShape | KnownRerankerShape | KnownChatShape


class SpeedShape(Reply):
    """Measured tokens a second on this machine; ``written`` is null except for chat models."""

    read: float
    written: float | None
    device: str
    measured_on: str


class OnDiskShape(Reply):
    """A model's file on this machine."""

    file: str
    size: int
    downloaded_from: str | None
    sha256: str | None
    speed: SpeedShape | None


class EmbedderOnDiskShape(KnownEmbedderShape, OnDiskShape):
    """A known embedding model on this machine."""


class RerankerOnDiskShape(KnownRerankerShape, OnDiskShape):
    """A known reranker on this machine."""


class ChatOnDiskShape(KnownChatShape, OnDiskShape):
    """A known chat model on this machine."""


class OtherModelShape(OnDiskShape):
    """A model on this machine that this release does not know."""

    name: str


class DownloadShape(Reply):
    """The source of a downloaded file."""

    source: str
    sha256: str
    size: int


class InstalledShape(Reply):
    """A model file; ``known`` and ``kind`` describe its model, if this release knows it."""

    reference: str
    path: str
    size: int
    known: str | None
    kind: Literal["embedding", "reranking", "chat"] | None
    quant: str
    record: DownloadShape | None
    speed: SpeedShape | None


class ServedShape(Reply):
    """A chat model on a server of this machine; ``setting`` is its value for the settings."""

    name: str
    setting: str
    server: str
    size: int | None


class ModelsShape(Reply):
    """The models in use, known models, models on this machine, and models of its servers."""

    in_use: str
    reranker: str | None
    chat_model: str | None
    known: list[KnownShape]
    installed: list[InstalledShape]
    servers: list[ServedShape]


class FindingShape(Reply):
    """A result of a check; ``ok`` is null for plain information."""

    name: str
    ok: bool | None
    detail: str


class ModelCheckShape(Reply):
    """The health of a model."""

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
    """A query, its expected documents, and the hits, best first."""

    id: str
    query: str
    expected: list[str]
    found: list[str]
    scores: dict[str, float]


class ComparedShape(Reply):
    """Differences from an earlier run, or from one in another mode."""

    with_: Annotated[SearchMode, Field(alias="with")]
    metric: str
    difference: float
    low: float
    high: float
    p: float


class EvaluationShape(Reply):
    """The scores of a judged set in one mode."""

    set: str
    mode: SearchMode
    documents: int
    queries: int
    latency_ms: LatencyShape
    metrics: dict[str, MeanShape]
    worst: list[QueryShape]
    compared: list[ComparedShape]


class SpansShape(Reply):
    """Share of the answering text that the hits cover; each mean with its 95 % interval."""

    set_name: str
    mode: SearchMode
    top_k: int
    chunks: int
    queries: int
    means: dict[str, list[float | list[float]]]


class JudgeShape(Reply):
    """The judging model, and its score on control questions."""

    model: str
    right: int
    controls: int


class CitationShape(Reply):
    """A sentence, the passage that it cites, and whether the passage supports it."""

    query: str
    question: str
    sentence: str
    source: str
    overlap: float
    judged: bool | None


class AnswersShape(Reply):
    """A chat model's answers to a judged set's questions."""

    set: str
    mode: SearchMode
    model: str
    questions: int
    failed: int
    citations: int
    shares: dict[str, MeanShape | None]
    judge: JudgeShape
    worst: list[CitationShape]
