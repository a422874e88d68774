"""Measures one embedder in a process of its own: this project's, or sentence-transformers.

A process of its own gives its memory back whole, and a crash of the card's driver costs one
figure. Both kinds are timed by the same code. For sentence-transformers the Python may be one
that has nothing of this project: this file imports the standard library, and the rest where it
is needed. It is started by ``gpu.py`` with a job, a JSON file; the answer is written beside it.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

_BATCH_TOKENS = (8_192, 32_768, 131_072)  # tried for sentence-transformers; the fastest is taken
_WARM_UP_TOKENS = 16_384
_WARM_UP_QUERIES = 5
_SHOWN_TEXTS = 4


class Embeds(Protocol):
    """What is measured; vectors are rows of floats of unit length, in input order."""

    about: dict[str, Any]

    def documents(self, texts: Sequence[str]) -> Any: ...  # noqa: ANN401 - an array of numpy's, which this file does not import

    def query(self, text: str) -> Any: ...  # noqa: ANN401 - as above

    def tokens(self, text: str) -> int: ...

    def prepare(self, texts: Sequence[str], tokens: int) -> None: ...


class Ours:
    """This project's embedder, opened as users have it: no option but the file."""

    def __init__(self, job: dict[str, Any]) -> None:
        from kb.embedding.llama import LlamaEmbedder  # noqa: PLC0415 - absent from a peer's Python
        from kb.models.registry import ModelFile  # noqa: PLC0415

        path = Path(job["model"])
        self._embedder = LlamaEmbedder(ModelFile(model_id=path.stem, path=path))
        self.about = dict(self._embedder.description)
        self.documents = self._embedder.embed_documents
        self.query = self._embedder.embed_query

    def tokens(self, text: str) -> int:
        return self._embedder.count_tokens([text])[0] + 1  # the end token

    def prepare(self, texts: Sequence[str], tokens: int) -> None:
        """Nothing to choose: users choose nothing either."""


class Peer:
    """sentence-transformers with the batch size that is fastest for each length of text."""

    def __init__(self, job: dict[str, Any]) -> None:
        import sentence_transformers  # noqa: PLC0415 - optional, and slow to import
        import torch  # noqa: PLC0415
        import transformers  # noqa: PLC0415

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        if job["needs_gpu"] and self._device == "cpu":
            message = f"PyTorch {torch.__version__} sees no GPU"
            raise SystemExit(message)
        self._model = sentence_transformers.SentenceTransformer(
            job["model"],
            device=self._device,
            model_kwargs={"dtype": getattr(torch, job["dtype"]), "attn_implementation": "sdpa"},
        )
        self._prompt = job["query_prompt"]
        self._batch = 1
        self.about = {
            "device": self._device,
            "sentence_transformers": sentence_transformers.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "batches": {},
        }

    def documents(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - as in Embeds
        return self._model.encode(
            list(texts),
            batch_size=self._batch,
            normalize_embeddings=True,
            show_progress_bar=False,
        )

    def query(self, text: str) -> Any:  # noqa: ANN401 - as in Embeds
        return self.documents([self._prompt + text])[0]

    def tokens(self, text: str) -> int:
        return len(self._model.tokenizer(text)["input_ids"])

    def prepare(self, texts: Sequence[str], tokens: int) -> None:
        speeds: dict[int, float] = {}
        for size in dict.fromkeys(min(len(texts), max(1, n // tokens)) for n in _BATCH_TOKENS):
            self._batch = size
            part = texts[: 2 * size]
            try:
                self.documents(part)  # the first of a size is slower
                speeds[size] = len(part) / _seconds(partial(self.documents, part))
            except RuntimeError as error:  # too large a batch for the card
                if "out of memory" not in str(error):
                    raise
        self._batch = max(speeds, key=lambda size: speeds[size])
        self.about["batches"][str(tokens)] = self._batch


def main() -> None:
    """Do the job whose file is named on the command line."""
    job_file = Path(sys.argv[1])
    job: dict[str, Any] = json.loads(job_file.read_text("utf-8"))
    said = _Said()
    logging.getLogger("kb").addHandler(said)
    embedder: Embeds = Ours(job) if job["kind"] == "ours" else Peer(job)
    answer = {
        "lengths": {
            name: _measure(embedder, texts, int(name), job) for name, texts in job["texts"].items()
        },
        "query": _latency(embedder, job["queries"]),
    }
    # The description last: a fallback under way changes it.
    answer |= {"about": embedder.about, "said": said.messages}
    job_file.with_suffix(".answer").write_text(json.dumps(answer), "utf-8")


class _Said(logging.Handler):
    """Keeps warnings, which tell of fallbacks."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _measure(
    embedder: Embeds, texts: list[str], tokens: int, job: dict[str, Any]
) -> dict[str, Any]:
    found = {embedder.tokens(text) for text in texts[:_SHOWN_TEXTS]}
    if found != {tokens}:
        message = f"texts of {tokens} tokens have {sorted(found)}: the tokenizers differ"
        raise SystemExit(message)
    few = texts[: max(1, min(len(texts), _WARM_UP_TOKENS // tokens))]
    embedder.prepare(texts, tokens)
    vectors = embedder.documents(few)[:_SHOWN_TEXTS].tolist()
    rate = len(few) / _seconds(partial(embedder.documents, few))
    many = texts[: max(1, int(rate * job["round_s"]))]
    rounds = [len(many) / _seconds(partial(embedder.documents, many)) for _ in range(job["rounds"])]
    return {
        "documents_per_s": statistics.median(rounds),
        "slowest_round": min(rounds),
        "fastest_round": max(rounds),
        "documents_in_a_round": len(many),
        "vectors": vectors,
    }


def _latency(embedder: Embeds, queries: list[str]) -> dict[str, float]:
    for query in queries[:_WARM_UP_QUERIES]:
        embedder.query(query)
    times = sorted(_seconds(partial(embedder.query, query)) for query in queries)
    return {
        "p50_ms": 1000 * times[(len(times) - 1) // 2],
        "p95_ms": 1000 * times[(len(times) - 1) * 95 // 100],
    }


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
