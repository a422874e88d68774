"""Health check of an installed embedding model: bytes, header, and vectors of a few texts.

For Qwen3-Embedding models it compares the similarities of two queries and two documents with the
figures of the model card. For other models it checks only plausibility: vectors of unit length, a
related pair nearer than an unrelated one, and a tokenizer that restores a text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb.embedding.llama import LlamaEmbedder
from kb.errors import KnowledgeBaseError
from kb.hashing import file_sha256
from kb.models.files import read_record
from kb.models.known import KnownEmbedder
from kb.models.prompts import DEFAULT_TASK
from kb.models.registry import ModelFile, known_by_shape

CARD_QUERIES = ("What is the capital of China?", "Explain gravity")
CARD_DOCUMENTS = (
    "The capital of China is Beijing.",
    (
        "Gravity is a force that attracts two bodies towards each other. It gives weight to "
        "physical objects and is responsible for the movement of planets around the sun."
    ),
)

# llama.cpp's file types (enum llama_ftype), and how far a similarity may be from the model card's,
# which was computed without quantisation. The two ends are set by hand. Between them the tolerance
# grows with the loss of quantisation.
_FILE_TYPES = {0: "F32", 1: "F16", 32: "BF16", 7: "Q8_0", 18: "Q6_K", 17: "Q5_K_M", 8: "Q5_0"}
_FILE_TYPES[15] = "Q4_K_M"
TOLERANCES: Mapping[str, float] = {
    "F32": 0.002,
    "F16": 0.002,
    "BF16": 0.004,
    "Q8_0": 0.005,
    "Q6_K": 0.008,
    "Q5_K_M": 0.012,
    "Q5_0": 0.015,
    "Q4_K_M": 0.02,
}
_TOLERANCE_OTHERWISE = 0.02

_ROUND_TRIP = "Search finds 软件著作权 in 12 documents."
_RELATED = ("How long does dough rest?", "The dough has to rest for an hour before baking.")
_UNRELATED = "In winter the mountain path is closed because of avalanches."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding; ``ok`` is None for a remark."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """All findings about a model."""

    model: str
    path: str
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.ok is not False for finding in self.findings)


def check_model(file: ModelFile, *, n_gpu_layers: int = -1, threads: int = 0) -> ModelCheck:
    """Load a model file and examine it. A file that fails to load gives a finding, not an error."""
    findings = [checksum(file)]
    try:
        embedder = LlamaEmbedder(file, n_gpu_layers=n_gpu_layers, threads=threads)
    except KnowledgeBaseError as error:
        findings.append(Finding(name="loads", ok=False, detail=str(error)))
    else:
        try:
            findings += _examine(embedder)
        except KnowledgeBaseError as error:
            findings.append(Finding(name="embeds", ok=False, detail=str(error)))
        finally:
            embedder.close()
    return ModelCheck(model=file.model_id, path=str(file.path), findings=tuple(findings))


def compare_with_card(found: npt.NDArray[np.float32], known: KnownEmbedder, quant: str) -> Finding:
    """Compare similarities, float32, shape (2, 2), queries by documents, with the model card's."""
    expected = np.asarray(known.card, dtype=np.float32)
    tolerance = TOLERANCES.get(quant, _TOLERANCE_OTHERWISE)
    worst = float(np.abs(found - expected).max())
    ok = bool(np.isfinite(found).all()) and worst <= tolerance
    numbers = np.array2string(found, precision=4, separator=", ").replace("\n", "")
    wanted = np.array2string(expected, precision=4, separator=", ").replace("\n", "")
    verdict = f"within {tolerance}" if ok else f"more than {tolerance} away; pull it again"
    return Finding(
        name=f"figures of {known.name}'s model card",
        ok=ok,
        detail=f"found {numbers}, expected {wanted}: off by {worst:.4f}, {verdict} ({quant})",
    )


def checksum(file: ModelFile) -> Finding:
    """Compare a file with the checksum of its download."""
    record = read_record(file.path)
    if record is None and file.known is not None and file.known.built_in:
        return Finding(name="checksum", ok=True, detail="as it was made (checked at each start)")
    if record is None:
        return Finding(name="checksum", ok=None, detail="no download recorded to compare with")
    ok = file.path.stat().st_size == record.size and file_sha256(file.path) == record.sha256
    told = "as downloaded" if ok else "not what was downloaded: remove it and pull it again"
    return Finding(name="checksum", ok=ok, detail=f"{told} ({record.source})")


def _examine(embedder: LlamaEmbedder) -> list[Finding]:
    facts = embedder.description
    findings = []
    if "notes" in facts:
        findings.append(Finding(name="header", ok=None, detail=str(facts["notes"])))
    findings.append(_round_trip(embedder))
    findings.append(_sense(embedder))
    known = known_by_shape(str(facts["architecture"]), int(facts["layers"]), embedder.dim)
    if known is not None:
        queries = [embedder.embed_query(text, task=DEFAULT_TASK) for text in CARD_QUERIES]
        documents = embedder.embed_documents(CARD_DOCUMENTS)
        stated = embedder.header("general.file_type")
        quant = _FILE_TYPES.get(int(stated), f"file type {stated}") if stated else "unknown type"
        findings.append(compare_with_card(np.stack(queries) @ documents.T, known, quant))
    return findings


def _round_trip(embedder: LlamaEmbedder) -> Finding:
    """Tokenize and restore a text; case, spaces and forms may differ."""
    back = embedder.round_trip(_ROUND_TRIP)
    ok = _plain(back) == _plain(_ROUND_TRIP)
    return Finding(
        name="tokenizer", ok=ok, detail="gives a text back" if ok else f"turns it into {back!r}"
    )


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _sense(embedder: LlamaEmbedder) -> Finding:
    query = embedder.embed_query(_RELATED[0])
    related, unrelated = embedder.embed_documents([_RELATED[1], _UNRELATED])
    near, far = float(query @ related), float(query @ unrelated)
    return Finding(
        name="meaning",
        ok=near > far,
        detail=f"related texts {near:.3f}, unrelated texts {far:.3f}",
    )
