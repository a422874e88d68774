"""All settings, with bounds, defaults and descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from kb.data_folders import DataFolders, default_data_dir
from kb.records import SearchMode
from kb.setting_sources import LayeredSettings

DEFAULT_MODEL = "multilingual-e5-small"

REREAD = frozenset({"chunk_size", "chunk_overlap", "chunk_unit", "contextual", "ocr"})
"""After a change of these, files are read, cut and embedded again at their next ingestion."""

REEMBED = frozenset({"model", "dimensions", "prompts"})
"""After a change of these, stored chunks must be embedded again before the next search."""


class Settings(DataFolders, LayeredSettings):
    """All settings; unknown keys are errors.

    ``kb.toml`` is read from the working folder, or from the path in ``KB_CONFIG``.
    """

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of the store, uploaded originals and models.",
    )
    collection: str = Field(
        default="default",
        min_length=1,
        max_length=200,
        description="Default collection.",
    )
    model: str = Field(
        default=DEFAULT_MODEL,
        description=(
            "Embedding model: a name from `kb models list`, the path of a GGUF file, or the "
            "addresses of embedding servers."
        ),
    )
    n_gpu_layers: int = Field(
        default=-1,
        ge=-1,
        description="Layers computed on the GPU; -1 is all of them, 0 none.",
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=512,
        description="Processor threads for embedding; 0 is one for each available core, arranged "
        "in the way that the first large ingest measures as fastest.",
    )
    context_tokens: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Most tokens of one input; 0 is the model's limit (8,192 for decoders).",
    )
    dimensions: int | None = Field(
        default=None,
        ge=32,
        le=8192,
        description="Cut vectors to this width (models trained for it only); unset keeps all.",
    )
    instruction: str = Field(
        default="",
        max_length=2000,
        description="Instruction for queries, for models that take one; unset is the model's own.",
    )
    prompts: Literal["auto", "none", "e5", "nomic", "qwen3"] = Field(
        default="auto",
        description="Prompts around texts for a model on a server; auto chooses them by its name.",
    )
    server_requests: int = Field(
        default=4,
        ge=1,
        le=256,
        description="Parallel requests with documents to each embedding server.",
    )
    server_batch: int = Field(
        default=32,
        ge=1,
        le=2048,
        description="Most texts in one request to an embedding server.",
    )
    server_timeout_s: float = Field(
        default=120,
        gt=0,
        le=3600,
        description="Longest pause of an embedding server, in seconds.",
    )
    queue_texts: int = Field(
        default=4096,
        ge=1,
        le=1_000_000,
        description="Most texts that may wait for embedding at `kb serve`, three quarters of them "
        "from one client; more are refused.",
    )
    queue_mb: int = Field(
        default=64, ge=1, le=65536, description="Most MiB of these texts together."
    )
    vector_store: str = Field(
        default="chroma",
        min_length=1,
        max_length=2000,
        description="Vector store of new collections: `chroma` (files in `data_dir`), `exact` "
        "(also files, each vector compared; for small sets), or the address of a vector server.",
    )
    vector_tenant: str = Field(
        default="",
        max_length=200,
        description="Tenant of the vector server; unset is the server's own.",
    )
    vector_database: str = Field(
        default="",
        max_length=200,
        description="Database of the vector server; unset is the server's own.",
    )
    vector_token_header: str = Field(
        default="Authorization",
        pattern=r"^[A-Za-z0-9-]+$",
        max_length=100,
        description="Header for the token in `KB_VECTOR_TOKEN`; `Authorization` has it as a bearer "
        "token.",
    )
    vector_timeout_s: float = Field(
        default=120,
        gt=0,
        le=86400,
        description="Seconds that writing waits for a vector server that is down; a search waits "
        "10 at most.",
    )
    reranker: str | None = Field(
        default=None,
        description="Model that orders the best hits: a name from `kb models list`, the path of a "
        "GGUF file, or the addresses of reranking servers.",
    )
    rerank_candidates: int = Field(
        default=30,
        ge=1,
        le=1000,
        description="Hits that the reranker reads; more if a search asks for more.",
    )
    chat_model: str | None = Field(
        default=None,
        description="Chat model for answers: a name from `kb models list`, the path of a GGUF "
        "file, or a server's address and the model's name, `http://host:8080/v1#name`.",
    )
    chat_context_tokens: int | None = Field(
        default=None,
        ge=1024,
        le=1_000_000,
        description="Window of the chat model: tokens of question and answer together; unset asks "
        "the server, or takes up to 8,192 of a file's own.",
    )
    chat_answer_tokens: int | None = Field(
        default=None,
        ge=16,
        le=500_000,
        description="Most tokens of an answer, thinking included, and at most half of the chat "
        "model's window; unset is 1,024, or a quarter of the window if that is less.",
    )
    ui_password_hash: str | None = Field(
        default=None,
        repr=False,
        description="Hash of the browser UI's password, written by `kb ui --set-password`.",
    )
    ui_trust: Literal["local", "proxy", "all"] = Field(
        default="local",
        description="Who needs no password for the browser UI: `local` is this machine, `proxy` "
        "also the users of a reverse proxy. `all` lets everybody who gets in read folders of this "
        "machine and change settings, too.",
    )
    chunk_size: int = Field(
        default=1024, ge=64, le=32768, description="Longest chunk, in `chunk_unit`."
    )
    chunk_overlap: int = Field(
        default=128,
        ge=0,
        le=8192,
        description="Text repeated from the previous chunk, in `chunk_unit`.",
    )
    chunk_unit: Literal["characters", "tokens"] = Field(
        default="characters", description="Unit of chunk sizes."
    )
    contextual: bool = Field(
        default=True,
        description="Embed each chunk with its document's title and headings in front.",
    )
    sentences: bool = Field(
        default=True,
        description="Embed the sentences of chunks, too, once the chunks are searchable: better "
        "hits for twice the work.",
    )
    language_means: bool = Field(
        default=True,
        description="Search across languages: remove from vectors the part that only shows their "
        "language.",
    )
    top_k: int = Field(default=8, ge=1, le=1000, description="Hits of one search.")
    mode: SearchMode = Field(
        default="hybrid",
        description="Search mode of collections without a mode of their own.",
    )
    min_score: float = Field(
        default=0,
        ge=0,
        le=1,
        description="Lowest score of a hit; 0 gives as many hits as requested.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Processes that read files; 0 is one for each available core.",
    )
    file_timeout_s: float = Field(
        default=60, gt=0, le=86400, description="Longest time for reading one file, in seconds."
    )
    file_memory_mb: int = Field(
        default=2048, ge=256, description="Most memory for reading one file, in MiB."
    )
    max_file_mb: int = Field(default=512, ge=1, description="Largest file to read, in MiB.")
    ocr: bool = Field(default=True, description="Read scanned pages and pictures by OCR.")
    lock_timeout_s: float = Field(
        default=120, gt=0, description="Seconds to wait for another process that writes."
    )
    language: Literal["auto", "en", "zh"] = Field(
        default="auto", description="Language of the browser UI; auto follows the browser."
    )

    @model_validator(mode="after")
    def _overlap_leaves_room(self) -> Settings:
        if self.chunk_overlap * 2 > self.chunk_size:
            msg = (
                f"chunk_overlap is {self.chunk_overlap}, more than half of chunk_size "
                f"{self.chunk_size}; make it smaller"
            )
            raise ValueError(msg)
        return self
