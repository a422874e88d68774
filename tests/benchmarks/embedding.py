"""Embedding speed of this project beside ``Llama.embed``, in one run, with the same threads.

    python tests/benchmarks/embedding.py [FILE]

Embeds about 100 chunks of 1,000 characters with the default model three ways, in turn, three
times over, and prints tokens per second and the ratio to the better of the upstream's two.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import llama_cpp  # noqa: TID251 - the upstream API is what is compared against

from kb import Settings
from kb.embedding.llama import LlamaEmbedder, available_cores
from kb.models.files import resolve_model

CHUNKS, CHARACTERS, ROUNDS = 96, 1000, 3


def chunks(path: Path | None) -> list[str]:
    """Return passages of a file, or of this project's own documentation."""
    root = Path(__file__).parent.parent.parent
    files = [path] if path else sorted(root.glob("*.md")) + sorted(root.glob("data/samples/*.md"))
    text = "\n".join(file.read_text("utf-8", "replace") for file in files)
    text = (text * (CHUNKS * CHARACTERS // max(1, len(text)) + 1))[: CHUNKS * CHARACTERS]
    return [text[at : at + CHARACTERS] for at in range(0, len(text), CHARACTERS)]


def main() -> None:
    """Measure and print."""
    settings = Settings.load()
    model = resolve_model(settings)
    threads = settings.threads or available_cores()
    ours = LlamaEmbedder(model, threads=threads)
    texts = chunks(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    texts = [
        t for t, n in zip(texts, ours.count_tokens(texts), strict=True) if n <= ours.max_tokens
    ]
    worded = [f"passage: {text}" for text in texts]
    tokens = sum(ours.count_tokens(worded))
    theirs = llama_cpp.Llama(
        str(model.path),
        embedding=True,
        n_ctx=512,
        n_batch=2048,
        n_ubatch=2048,
        n_threads=threads,
        n_threads_batch=threads,
        verbose=False,
    )
    ways: dict[str, Callable[[], object]] = {
        "this project": lambda: ours.embed_documents(texts),
        "Llama.embed, one at a time": lambda: [theirs.embed(text) for text in worded],
        "Llama.embed, a list": lambda: theirs.embed(worded),
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            started = time.perf_counter()
            run()
            speeds[name].append(tokens / (time.perf_counter() - started))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    print(f"{len(texts)} chunks, {tokens} tokens, {threads} threads, {model.model_id}")
    for name, values in speeds.items():
        spread = f"{min(values):,.0f}–{max(values):,.0f}"
        print(f"{name:28} {medians[name]:8,.0f} tokens/s  ({spread})")
    best = max(speed for name, speed in medians.items() if name != "this project")
    print(f"ratio to the better of the two: {medians['this project'] / best:.2f}")
    ours.close()


if __name__ == "__main__":
    main()
