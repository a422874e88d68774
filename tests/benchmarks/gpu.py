"""Embedding speed on an NVIDIA GPU with the exact shape of Qwen3-Embedding-4B, random weights.

    python tests/benchmarks/gpu.py [--folder DIR] [--json FILE] [--quants F16,Q8_0,Q4_K_M]
        [--dtypes bfloat16,float16] [--peer-python PYTHON] [--device N] [--peak-tflops X] [--tiny]

Prints markdown tables: documents/s and tokens/s for texts of 32, 256 and 1,024 tokens, the share
of the card's peak, the latency of one query, GPU memory, the agreement of vectors, and whether
embedding goes on when the card has too little memory free. sentence-transformers is measured in
the same run on the same card. Needs 24 GB of disk and 10 GB of GPU memory. ``--folder`` keeps the
files for the next run. Without an NVIDIA GPU it says so and ends; ``--tiny`` runs all of it with
a model of two layers, on the processor if need be.

How to run it, on a machine with an NVIDIA GPU, its driver and nvcc:

    make setup                                   # compiles llama.cpp for the card it finds
    python3 -m venv .cache/peer && .cache/peer/bin/pip install sentence-transformers
    .venv/bin/python tests/benchmarks/gpu.py --peer-python .cache/peer/bin/python --json gpu.json

Where that machine has no network, but a Python with PyTorch, sentence-transformers, cmake and
ninja, fetch the rest on another of the same Python version and platform, carry it over in the
checkout, and compile there (``WHAT`` stands for ``diskcache gguf packaging pathspec platformdirs
pydantic pydantic-settings annotated-types typing-extensions typing-inspection python-dotenv
scikit-build-core`` and
the ``pydantic-core`` that pydantic asks for):

    pip download --no-deps -d .cache/wheels WHAT
    pip download --no-deps -d .cache/wheels --no-binary :all: llama-cpp-python==0.3.36

    pip install --no-index --no-deps --target .cache/site .cache/wheels/*.whl
    export PYTHONPATH=$PWD/.cache/site CMAKE_BUILD_PARALLEL_LEVEL=$(nproc)
    export CMAKE_ARGS="-G Ninja -DLLAVA_BUILD=OFF -DCMAKE_UNITY_BUILD=ON -DGGML_CUDA=on
        -DCMAKE_CUDA_ARCHITECTURES=native
        -DCMAKE_PROJECT_llama.cpp_INCLUDE=$PWD/kb/install/llama.cmake"
    pip install --no-index --no-deps --no-build-isolation --target .cache/site .cache/wheels/*.gz
    python3 tests/benchmarks/gpu.py --folder .cache/made --json gpu.json

Method. The weights are drawn once with a fixed seed (see ``gpu_model.py``), written as a
checkpoint, and converted by this project; every embedder computes with them. Texts are words of
one token each, exactly as many as stated with the end token, checked on both sides. Each embedder
runs alone in a process of its own. This project's is opened with no option but the file; for
sentence-transformers (scaled-dot-product attention of PyTorch) batch sizes are tried at each
length and the fastest is taken. After a warm-up, each round embeds a list of texts for about
three seconds; the figure is the median of three rounds and holds all that users wait for:
tokenizing, computing, copying back, scaling to unit length. A query is worded with the model's
instruction; p50 and p95 are of 100 queries, one after another. GPU memory is the most that the
driver saw in use, twenty times a second, above what was in use before. FLOPs are two for
each token and parameter outside the embeddings, and causal attention's (``Shape.flops``); peaks
are those of ``gpu_device.PEAK_TFLOPS`` for dense F16 with F32 sums, for quantised weights too.
The memory check takes memory away until what is free holds (1) the weights and little more,
(2) half of the weights; embedding must go on, give the vectors of before (cosine 0.999) and say
what it fell back to. Exit code 1: a check failed; 2: it could not be run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent
ROOT = BENCHMARKS.parent.parent
# The checkout need not be installed, and makers of tokenizers are shared with the golden tests.
sys.path[:0] = [str(ROOT), str(BENCHMARKS.parent / "golden"), str(BENCHMARKS)]

from gpu_device import find_card  # noqa: E402 - path set above
from gpu_model import QWEN3_4B, TINY  # noqa: E402 - as above
from gpu_report import tables  # noqa: E402 - as above
from gpu_run import Plan, Run  # noqa: E402 - as above

from kb.llama import library  # noqa: E402 - as above
from kb.models.convert.conversion import QUANTIZATIONS  # noqa: E402 - as above

LENGTHS = (32, 256, 1024)


def main() -> int:
    """Measure and print; return the exit code."""
    options = _options()
    # One card, numbered as nvidia-smi does, for llama.cpp, PyTorch and the driver alike.
    os.environ |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(options.device)}
    card = find_card(options.device)
    if card is None and not options.tiny:
        print("no NVIDIA GPU here (the driver shows none): nothing measured; --tiny tries it out")
        return 0
    if card is not None and not library.supports_gpu():
        _say("llama.cpp was built without CUDA; install nvcc, then run `make setup` again")
        return 2
    plan = Plan(
        shape=TINY if options.tiny else QWEN3_4B,
        quants=options.quants,
        dtypes=options.dtypes,
        lengths=LENGTHS,
        round_tokens=max(LENGTHS) if options.tiny else 524_288,
        rounds=2 if options.tiny else 3,
        round_s=0.02 if options.tiny else 3.0,
        queries=5 if options.tiny else 100,
        peer_python=options.peer_python,
        peak_tflops=options.peak_tflops,
    )
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="gpu-benchmark-") as scratch:
        folder = options.folder or Path(scratch)
        run = Run(plan, card, folder=folder, scratch=Path(scratch), say=_say)
        report = run.measure()
    print(tables(report))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 1 if run.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Embedding speed on an NVIDIA GPU; the file's head says how it is measured."
    )
    parser.add_argument("--folder", type=Path, help="where the made files are kept for next time")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--quants", type=_listed, default=["F16", "Q8_0", "Q4_K_M"])
    parser.add_argument("--dtypes", type=_listed, default=["bfloat16", "float16"])
    parser.add_argument("--peer-python", default=sys.executable, help="has sentence-transformers")
    parser.add_argument("--device", type=int, default=0, help="the card's index in nvidia-smi")
    parser.add_argument("--peak-tflops", type=float, help="the card's peak, if not in the table")
    parser.add_argument("--tiny", action="store_true", help="try it out with a tiny model")
    options = parser.parse_args()
    if unknown := set(options.quants) - set(QUANTIZATIONS):
        parser.error(f"unknown quants {', '.join(unknown)}; known: {', '.join(QUANTIZATIONS)}")
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    return options


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
