"""The registry's embedding models.

Figures come from the models' cards and repositories. Sizes are approximate, in GB of 10^9 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

from kb.models.known import KnownEmbedder, KnownFile
from kb.models.prompts import BARE, E5, NOMIC, QWEN3


def _qwen3(
    size: str,
    *,
    layers: int,
    dimensions: int,
    files: Mapping[str, float],
    card: tuple[tuple[float, float], tuple[float, float]],
) -> KnownEmbedder:
    name = f"Qwen3-Embedding-{size}"
    return KnownEmbedder(
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


EMBEDDERS: tuple[KnownEmbedder, ...] = (
    KnownEmbedder(
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
    KnownEmbedder(
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
    KnownEmbedder(
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
