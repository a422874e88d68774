"""The registry's rerankers and chat models.

The repository is that of the model's makers, or the most used one if they offer no GGUF files.
Sizes are approximate, in GB of 10^9 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

from kb.models.known import KnownChat, KnownFile, KnownReranker

_QWEN3_CONTEXT = 32768
"""Tokens of Qwen3's training; its files state 40,960, which includes room for an answer."""


def _files(pattern: str, sizes: Mapping[str, float]) -> tuple[KnownFile, ...]:
    """Return the files of a repository; ``{}`` in the pattern stands for the quantisation."""
    return tuple(
        KnownFile(quant=quant, name=pattern.format(quant), size_gb=size)
        for quant, size in sizes.items()
    )


RERANKERS: tuple[KnownReranker, ...] = (
    KnownReranker(
        name="Qwen3-Reranker-0.6B",
        repository="ggml-org/Qwen3-Reranker-0.6B-Q8_0-GGUF",
        on_modelscope=False,
        files=(KnownFile(quant="Q8_0", name="qwen3-reranker-0.6b-q8_0.gguf", size_gb=0.64),),
        architecture="qwen3",
        layers=28,
        context_tokens=_QWEN3_CONTEXT,
        licence="Apache-2.0",
        scored_by="yes or no",
    ),
    KnownReranker(
        name="Qwen3-Reranker-4B",
        repository="giladgd/Qwen3-Reranker-4B-GGUF",
        on_modelscope=False,
        files=_files("Qwen3-Reranker-4B.{}.gguf", {"Q4_K_M": 2.50, "Q8_0": 4.28}),
        architecture="qwen3",
        layers=36,
        context_tokens=_QWEN3_CONTEXT,
        licence="Apache-2.0",
        scored_by="yes or no",
    ),
    KnownReranker(
        name="bge-reranker-v2-m3",
        repository="gpustack/bge-reranker-v2-m3-GGUF",
        on_modelscope=True,
        files=(
            *_files("bge-reranker-v2-m3-{}.gguf", {"Q8_0": 0.64, "Q4_K_M": 0.44, "Q5_K_M": 0.47}),
            KnownFile(quant="F16", name="bge-reranker-v2-m3-FP16.gguf", size_gb=1.16),
        ),
        architecture="bert",
        layers=24,
        context_tokens=8192,
        licence="Apache-2.0",
        scored_by="classifier",
    ),
)

CHAT: tuple[KnownChat, ...] = (
    KnownChat(
        name="Qwen3-0.6B",
        repository="Qwen/Qwen3-0.6B-GGUF",
        on_modelscope=True,
        files=_files("Qwen3-0.6B-{}.gguf", {"Q8_0": 0.64}),
        architecture="qwen3",
        layers=28,
        context_tokens=_QWEN3_CONTEXT,
        licence="Apache-2.0",
        thinks=True,
    ),
    KnownChat(
        name="Qwen3-1.7B",
        repository="Qwen/Qwen3-1.7B-GGUF",
        on_modelscope=True,
        files=_files("Qwen3-1.7B-{}.gguf", {"Q8_0": 1.83}),
        architecture="qwen3",
        layers=28,
        context_tokens=_QWEN3_CONTEXT,
        licence="Apache-2.0",
        thinks=True,
    ),
    KnownChat(
        name="Qwen3-4B-Instruct",
        repository="unsloth/Qwen3-4B-Instruct-2507-GGUF",
        on_modelscope=True,
        files=_files(
            "Qwen3-4B-Instruct-2507-{}.gguf",
            {"Q4_K_M": 2.50, "Q5_K_M": 2.89, "Q6_K": 3.31, "Q8_0": 4.28},
        ),
        architecture="qwen3",
        layers=36,
        context_tokens=262144,
        licence="Apache-2.0",
        thinks=False,
    ),
)
