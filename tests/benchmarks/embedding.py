"""Embedding speed of this project beside ``Llama.embed`` and PyTorch, in one run, same threads.

    [KB_TORCH_PYTHON=/path/to/python] python tests/benchmarks/embedding.py [FILE]

Embeds about 100 chunks of 1,000 characters with the default model several ways, in turn, three
times over, and prints tokens per second and the ratio to the best of the others: by the clock,
and by processor seconds, which other work on the machine disturbs less. ``KB_TORCH_PYTHON`` names
a Python that has torch, transformers and numpy; it gets the same weights, in fp32, and the same
tokens ready made. Its vectors must agree with this project's. Then single queries are timed,
alone and during a bulk. ``KB_BENCH_CHUNKS`` sets another number of chunks.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import gguf
import llama_cpp  # noqa: TID251 - the upstream API is what is compared against
import numpy as np

from kb import Settings
from kb.cores import available_cores
from kb.embedding.llama import LlamaEmbedder
from kb.models.files import resolve_model

CHUNKS, CHARACTERS, ROUNDS = int(os.environ.get("KB_BENCH_CHUNKS", "96")), 1000, 3
QUERIES = 40
TORCH_BATCHES = (4, 32)  # 4 was best of 1, 2, 4, 8, 16, 32; 32 is sentence-transformers' default
SAME_COSINE = 0.999

Seconds = tuple[float, float]
"""By the clock, and of the processor."""


def chunks(path: Path | None) -> list[str]:
    """Return passages of a file, or of this project's own documentation."""
    root = Path(__file__).parent.parent.parent
    files = [path] if path else sorted(root.glob("*.md")) + sorted(root.glob("data/samples/*.md"))
    text = "\n".join(file.read_text("utf-8", "replace") for file in files)
    text = (text * (CHUNKS * CHARACTERS // max(1, len(text)) + 1))[: CHUNKS * CHARACTERS]
    return [text[at : at + CHARACTERS] for at in range(0, len(text), CHARACTERS)]


def timed(run: Callable[[], object]) -> Seconds:
    """Run and return how long it took."""
    started, used = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - started, time.process_time() - used


def export_fp32(path: Path, target: Path) -> None:
    """Write a BERT's GGUF as float32 arrays and the config that ``torch_bert.py`` wants."""
    reader = gguf.GGUFReader(path)
    arrays = {
        tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type)
        .astype(np.float32)
        .reshape([int(size) for size in reversed(tensor.shape)])
        for tensor in reader.tensors
    }
    arrays["token_types.weight"] = np.atleast_2d(arrays["token_types.weight"])
    header = {name: field.contents() for name, field in reader.fields.items()}
    vocabulary, hidden = arrays["token_embd.weight"].shape
    config = {
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "num_hidden_layers": header["bert.block_count"],
        "num_attention_heads": header["bert.attention.head_count"],
        "intermediate_size": header["bert.feed_forward_length"],
        "max_position_embeddings": len(arrays["position_embd.weight"]),
        "type_vocab_size": len(arrays["token_types.weight"]),
        "layer_norm_eps": header["bert.attention.layer_norm_epsilon"],
    }
    np.savez(target, config=json.dumps(config), **arrays)


@contextmanager
def torch_peer(
    python: str, model: Path, ids: list[list[int]], threads: int
) -> Iterator[Callable[[str], str]]:
    """Start ``torch_bert.py`` and give a function that sends it a line and returns its answer."""
    with tempfile.TemporaryDirectory() as folder:
        weights, tokens = Path(folder, "weights.npz"), Path(folder, "tokens.json")
        export_fp32(model, weights)
        tokens.write_text(json.dumps(ids), "ascii")
        script = Path(__file__).with_name("torch_bert.py")
        command = [python, str(script), str(weights), str(tokens), str(threads)]
        with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:

            def ask(line: str) -> str:
                process.stdin.write(f"{line}\n")
                process.stdin.flush()
                return process.stdout.readline().strip()

            print(process.stdout.readline().strip(), flush=True)
            yield ask
            process.stdin.close()


def check_vectors(ask: Callable[[str], str], ours: LlamaEmbedder, texts: list[str]) -> None:
    """Stop unless PyTorch's vectors are those of this project."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vectors.npy")
        ask(f"vectors {path}")
        least = float((np.load(path) * ours.embed_documents(texts)).sum(axis=1).min())
    print(f"least cosine between PyTorch's vectors and this project's: {least:.5f}")
    if least < SAME_COSINE:
        sys.exit("the peer computes another model")


def measure(ways: dict[str, Callable[[], Seconds]], tokens: int) -> None:
    """Run all ways in turn, three times over, and print tokens per second."""
    rates: dict[str, list[Seconds]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            clock, processor = run()
            rates[name].append((tokens / clock, tokens / processor))
    medians: dict[str, Seconds] = {}
    for name, values in rates.items():
        clock, processor = zip(*values, strict=True)
        medians[name] = statistics.median(clock), statistics.median(processor)
        print(
            f"{name:28} {medians[name][0]:8,.0f} tokens/s  ({min(clock):,.0f}–{max(clock):,.0f})"
            f"{medians[name][1]:8,.0f} per processor second"
        )
    ours = medians.pop("this project")
    ratios = [ours[kind] / max(value[kind] for value in medians.values()) for kind in (0, 1)]
    print(f"ratio to the best of the others: {ratios[0]:.2f}, {ratios[1]:.2f} by processor time")


def measure_queries(ours: LlamaEmbedder, texts: list[str]) -> None:
    """Time single queries alone, then while a thread embeds in bulk."""
    stop, begun = threading.Event(), threading.Event()

    def bulk() -> None:
        while not stop.is_set():
            begun.set()
            ours.embed_documents(texts[:24])

    def latencies() -> list[float]:
        took = []
        for number in range(QUERIES):
            took.append(timed(lambda n=number: ours.embed_query(f"how is file {n} read?"))[0])
            time.sleep(0.02)
        return sorted(took)

    alone = latencies()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(bulk)
        begun.wait()
        beside = latencies()
        stop.set()
        running.result()  # a bulk that failed would make the figures worthless
    for name, took in (("alone", alone), ("during a bulk", beside)):
        p50, p95 = took[len(took) // 2], took[len(took) * 95 // 100]
        print(f"one query {name:18} p50 {1000 * p50:5.0f} ms, p95 {1000 * p95:5.0f} ms")


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
    ways: dict[str, Callable[[], Seconds]] = {
        "this project": lambda: timed(lambda: ours.embed_documents(texts)),
        "Llama.embed, one at a time": lambda: timed(lambda: [theirs.embed(t) for t in worded]),
        "Llama.embed, a list": lambda: timed(lambda: theirs.embed(worded)),
    }
    print(f"{len(texts)} chunks, {tokens} tokens, {threads} threads, {model.model_id}")
    python = os.environ.get("KB_TORCH_PYTHON")
    if python is None:
        print("PyTorch: skipped; KB_TORCH_PYTHON names a Python with torch and transformers")
        measure(ways, tokens)
    else:
        ids = [ours._tokenizer.tokens(text).tolist() for text in worded]
        with torch_peer(python, model.path, ids, threads) as ask:
            check_vectors(ask, ours, texts)
            for size in TORCH_BATCHES:
                ways[f"PyTorch fp32, batches of {size}"] = lambda size=size: tuple(
                    float(seconds) for seconds in ask(str(size)).split()
                )
            measure(ways, tokens)
    measure_queries(ours, texts)
    ours.close()


if __name__ == "__main__":
    main()
