"""Speed of models on this machine, measured on request and remembered."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kb.cores import available_cores
from kb.drafts import draft
from kb.models.files import weights_fingerprint
from kb.models.known import Kind
from kb.models.registry import ModelFile
from kb.settings import Settings

_log = logging.getLogger(__name__)

ENOUGH_S = 2.0
"""Seconds for one measurement: the input is doubled until reading it takes this long."""

_MOST_TEXTS = 64
_WRITTEN_TOKENS = 48
_LEAST_WRITTEN = 8
_TEXT = (
    "The reading room opens at nine and closes at six. Whoever takes a book home leaves a card at "
    "the desk; the card names the book, the day and the reader. 借出的书应在三十天内归还，逾期者"
    "须向服务台说明原因。 Maps and newspapers stay in the room. A lost book is replaced by the "
    "same edition, or paid for at the price of the day on which it was lost. "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Tokens that a model reads in a second; for a chat model, also those it writes.

    Attributes:
        read: for texts, questions with passages, or prompts.
        written: None for embedding and reranking models.
        device: ``CPU`` or ``GPU``.
        measured_on: the day, as 2026-01-31.
    """

    read: float
    written: float | None
    device: str
    measured_on: str


class Speeds:
    """Remembered speeds by processor, core count and weights. Reading one loads no model.

    Args:
        data_dir: folder of the file. A damaged or read-only file is ignored.
    """

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "speeds.json"
        self._known = _read(self._file)

    def of(self, path: Path) -> Speed | None:
        """Return the speed of a model file; None if not measured on this machine."""
        if not self._known:
            return None
        try:
            found = self._known.get(_key(path))
            return None if found is None else Speed(**found)
        except (OSError, TypeError):
            return None

    def keep(self, path: Path, speed: Speed) -> None:
        """Remember the speed of a model file."""
        self._known = {**_read(self._file), _key(path): asdict(speed)}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with draft(self._file) as part:
                part.write_text(json.dumps(self._known, indent=1), "utf-8")
        except OSError as error:
            _log.warning("%s cannot be written, so the speed is forgotten: %s", self._file, error)


def measure(file: ModelFile, kind: Kind, settings: Settings) -> Speed:
    """Load a model, measure it for a few seconds and remember the result.

    Raises:
        ModelError: the file is damaged or of another kind.
        OutOfMemoryError: it does not fit into memory.
    """
    from kb.llama.library import supports_gpu  # noqa: PLC0415 - llama.cpp takes a second to load

    measured: Callable[[ModelFile, Settings], tuple[float, float | None]] = {
        "embedding": _embedding,
        "reranking": _reranking,
        "chat": _chat,
    }[kind]
    read, written = measured(file, settings)
    speed = Speed(
        read=round(read, 1),
        written=None if written is None else round(written, 1),
        device="GPU" if supports_gpu() and settings.n_gpu_layers else "CPU",
        measured_on=datetime.now(UTC).date().isoformat(),
    )
    Speeds(settings.data_dir).keep(file.path, speed)
    return speed


def _embedding(file: ModelFile, settings: Settings) -> tuple[float, None]:
    from kb.embedding.llama import LlamaEmbedder  # noqa: PLC0415 - as above

    opened = LlamaEmbedder(file, n_gpu_layers=settings.n_gpu_layers, threads=settings.threads)
    with closing(opened) as model:

        def read(texts: Sequence[str]) -> int:
            model.embed_documents(texts)
            return sum(model.count_read(texts))

        return _rate(read), None


def _reranking(file: ModelFile, settings: Settings) -> tuple[float, None]:
    from kb.reranking.llama import LlamaReranker  # noqa: PLC0415 - as above

    opened = LlamaReranker(file, n_gpu_layers=settings.n_gpu_layers, threads=settings.threads)
    with closing(opened) as model:
        query = "When must a book be returned?"

        def read(texts: Sequence[str]) -> int:
            model.score(query, texts)
            return model.count_read(query, texts)

        return _rate(read), None


def _chat(file: ModelFile, settings: Settings) -> tuple[float, float | None]:
    from kb.chat.base import Message  # noqa: PLC0415 - as above
    from kb.chat.llama import LocalChat  # noqa: PLC0415

    opened = LocalChat(file.path, n_gpu_layers=settings.n_gpu_layers, threads=settings.threads)
    with closing(opened) as model:
        model.complete([Message(role="user", content="Hello")], most_tokens=1)
        prompt = f"{_TEXT}\n\nTell the rules above once more, each in two sentences."
        began = time.perf_counter()
        stream = model.stream([Message(role="user", content=prompt)], most_tokens=_WRITTEN_TOKENS)
        next(stream, "")
        at = time.perf_counter()
        written = model.count(stream.whole() + stream.thinking)
        took = time.perf_counter() - at
        rate = (written - 1) / took if written >= _LEAST_WRITTEN and took > 0 else None
        return model.count(prompt) / (at - began), rate


def _rate(read: Callable[[Sequence[str]], int]) -> float:
    """Return the tokens per second of the first call that took long enough."""
    read([_TEXT[:40]])  # the first call allocates memory
    count = 1
    while True:
        texts = [f"{number} {_TEXT}" for number in range(count)]
        began = time.perf_counter()
        tokens = read(texts)
        took = time.perf_counter() - began
        if took >= ENOUGH_S or count >= _MOST_TEXTS:
            return tokens / took
        # As many as should take long enough, at most four times as many.
        count = min(_MOST_TEXTS, max(count + 1, min(4 * count, round(count * ENOUGH_S / took))))


def _key(path: Path) -> str:
    from kb.llama.calibration import processor  # noqa: PLC0415 - for a model that was measured only

    return f"{processor()} | {available_cores()} cores | {weights_fingerprint(path)}"


def _read(file: Path) -> Mapping[str, dict[str, Any]]:
    try:
        known = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
