"""The embedding models this release knows: where their files are and how they want to be used.

Figures are those of the models' cards and of the repositories named; sizes are approximate, in
GB of 10^9 bytes. No checksum stands here: a repository may replace a file, so the hub's own
SHA-256 is asked for at each download and always verified (``kb.models.hub``), then kept beside
the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.errors import ModelError
from kb.models.prompts import BARE, E5, NOMIC, QWEN3, Prompts

Pooling = Literal["mean", "cls", "last"]

# Families by the architecture in the GGUF header, for files that are not in the table.
BY_ARCHITECTURE: Mapping[str, Prompts] = {"qwen3": QWEN3}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """One GGUF file of a repository: its quantisation, exact name and approximate size in GB."""

    quant: str
    name: str
    size_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model and how it is used.

    Attributes:
        name: what users call it.
        repository: owner and name on Hugging Face, empty for the built-in one.
        on_modelscope: ModelScope has the same repository.
        files: the default first.
        architecture, layers, dimensions: what the GGUF header must say.
        mrl: least and most width that vectors may be cut to, None where it was not trained so.
        pooling: how token vectors become one.
        context_tokens: most tokens of one input.
        prompts: how queries and documents are worded.
        licence: SPDX expression.
        card: similarities of its model card's two queries by two documents, if it has them.
    """

    name: str
    repository: str
    on_modelscope: bool
    files: tuple[KnownFile, ...]
    architecture: str
    layers: int
    dimensions: int
    mrl: tuple[int, int] | None
    pooling: Pooling
    context_tokens: int
    prompts: Prompts
    licence: str
    card: tuple[tuple[float, float], tuple[float, float]] | None = None

    @property
    def built_in(self) -> bool:
        """Whether its weights come with the packages."""
        return not self.repository

    def file(self, quant: str | None = None) -> KnownFile:
        """Return the file of a quantisation, in any case of letters; the default for None.

        Raises:
            ModelError: there is none; the message lists those that there are.
        """
        if quant is None:
            return self.files[0]
        for each in self.files:
            if each.quant.casefold() == quant.casefold():
                return each
        offered = ", ".join(each.quant for each in self.files)
        msg = f"{self.name} is not offered as {quant}; choose one of {offered}"
        raise ModelError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model on disk.

    ``known`` is its entry here, None for a file that the table lacks: the GGUF's header says all
    of it then. ``prompts`` is given where neither shall decide how inputs are worded.
    """

    model_id: str
    path: Path
    known: KnownModel | None = None
    prompts: Prompts | None = None


def _qwen3(
    size: str,
    *,
    layers: int,
    dimensions: int,
    files: Mapping[str, float],
    card: tuple[tuple[float, float], tuple[float, float]],
) -> KnownModel:
    name = f"Qwen3-Embedding-{size}"
    return KnownModel(
        name=name,
        repository=f"Qwen/{name}-GGUF",
        on_modelscope=True,
        files=tuple(
            KnownFile(
                quant=quant,
                name=f"{name}-{'f16' if quant == 'F16' else quant}.gguf",
                size_gb=size_gb,
            )
            for quant, size_gb in files.items()
        ),
        architecture="qwen3",
        layers=layers,
        dimensions=dimensions,
        mrl=(32, dimensions),
        pooling="last",
        context_tokens=32768,
        prompts=QWEN3,
        licence="Apache-2.0",
        card=card,
    )


KNOWN: tuple[KnownModel, ...] = (
    KnownModel(
        name="multilingual-e5-small",
        repository="",
        on_modelscope=False,
        files=(KnownFile(quant="Q4_0", name="multilingual-e5-small-q4_0.gguf", size_gb=0.07),),
        architecture="bert",
        layers=12,
        dimensions=384,
        mrl=None,
        pooling="mean",
        context_tokens=512,
        prompts=E5,
        licence="MIT",
    ),
    _qwen3(
        "0.6B",
        layers=28,
        dimensions=1024,
        files={"Q8_0": 0.64, "F16": 1.20},
        card=((0.7646, 0.1414), (0.1355, 0.6000)),
    ),
    _qwen3(
        "4B",
        layers=36,
        dimensions=2560,
        files={
            "Q4_K_M": 2.50,
            "Q5_0": 2.82,
            "Q5_K_M": 2.89,
            "Q6_K": 3.31,
            "Q8_0": 4.28,
            "F16": 8.05,
        },
        card=((0.7534, 0.1147), (0.0320, 0.6258)),
    ),
    _qwen3(
        "8B",
        layers=36,
        dimensions=4096,
        files={
            "Q4_K_M": 4.68,
            "Q5_0": 5.27,
            "Q5_K_M": 5.42,
            "Q6_K": 6.21,
            "Q8_0": 8.05,
            "F16": 15.14,
        },
        card=((0.7493, 0.0751), (0.0880, 0.6318)),
    ),
    KnownModel(
        name="bge-m3",
        repository="gpustack/bge-m3-GGUF",
        on_modelscope=True,
        files=(
            KnownFile(quant="Q8_0", name="bge-m3-Q8_0.gguf", size_gb=0.64),
            KnownFile(quant="Q4_K_M", name="bge-m3-Q4_K_M.gguf", size_gb=0.44),
            KnownFile(quant="Q5_K_M", name="bge-m3-Q5_K_M.gguf", size_gb=0.47),
            KnownFile(quant="F16", name="bge-m3-FP16.gguf", size_gb=1.16),
        ),
        architecture="bert",
        layers=24,
        dimensions=1024,
        mrl=None,
        pooling="cls",
        context_tokens=8192,
        prompts=BARE,
        licence="MIT",
    ),
    KnownModel(
        name="nomic-embed-text-v1.5",
        repository="nomic-ai/nomic-embed-text-v1.5-GGUF",
        on_modelscope=False,
        files=(
            KnownFile(quant="Q8_0", name="nomic-embed-text-v1.5.Q8_0.gguf", size_gb=0.15),
            KnownFile(quant="Q4_K_M", name="nomic-embed-text-v1.5.Q4_K_M.gguf", size_gb=0.08),
            KnownFile(quant="F16", name="nomic-embed-text-v1.5.f16.gguf", size_gb=0.27),
        ),
        architecture="nomic-bert",
        layers=12,
        dimensions=768,
        mrl=(64, 768),
        pooling="mean",
        context_tokens=2048,
        prompts=NOMIC,
        licence="Apache-2.0",
    ),
)


def find_known(name: str) -> KnownModel | None:
    """Return the model of that name, in any case of letters; None if the table lacks it."""
    for model in KNOWN:
        if model.name.casefold() == name.casefold():
            return model
    return None


def known_by_file(file_name: str) -> tuple[KnownModel, KnownFile] | None:
    """Return the model whose repository offers a file of exactly that name."""
    for model in KNOWN:
        for file in model.files:
            if file.name == file_name:
                return model, file
    return None


def known_by_shape(architecture: str, layers: int, dimensions: int) -> KnownModel | None:
    """Return the model that has a card to check against and this shape, whatever its file's name.

    Shapes tell the three Qwen3-Embedding models apart; nothing else of that shape embeds.
    """
    for model in KNOWN:
        if model.card and (model.architecture, model.layers, model.dimensions) == (
            architecture,
            layers,
            dimensions,
        ):
            return model
    return None
