"""Loads a model with the largest contexts that fit into memory, and reports the compromises.

It finds them by trying: llama.cpp allocates memory for weights, cache and the largest call when it
creates them, and the amount depends on backend and version.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from kb.errors import OutOfMemoryError
from kb.llama.calibration import Setup
from kb.llama.context import Context
from kb.llama.library import devices, multiplies_bf16, supports_gpu, system_info
from kb.llama.native import POOLING_LAST, Model

# Tokens of a packed call. 2,048 keep a GPU busy. With more, queries wait longer for a call, and the
# memory of attention (over the whole call) and of vocabulary scores (600 kB a token for Qwen3)
# grows.
PACKED_TOKENS = 2048
PACKED_SEQUENCES = 64
LEAST_TOKENS = 128
# On a processor, sentences share a call: a token of texts of 40 takes 0.67 ms in single calls and
# 0.33 ms in calls of 128. Calls of 64 gain nothing, calls of 256 no more than these.
SPREAD_TOKENS = 128
SPREAD_SEQUENCES = 16
# Longer queries are rare, and wait for their turn before the next document.
QUERY_TOKENS = 512
# Tokens that a decoder on a processor computes at once; their scores take 310 MB.
CPU_DECODER_TOKENS = 512
# CUDA takes more memory while it computes, and ends the process if there is none.
_SPARE_BYTES = 256 << 20
_FILE_TYPE_BF16 = "32"  # enum llama_ftype
_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)

_log = logging.getLogger(__name__)


class Reading(Protocol):
    """How a loaded model reads texts, as far as its memory depends on it."""

    @property
    def pooling(self) -> int:
        """llama.cpp's constant for pooling token vectors into one."""
        ...

    @property
    def decoder(self) -> bool:
        """Whether the model reads from left to right, with a cache."""
        ...

    @property
    def context_tokens(self) -> int:
        """Most tokens of one input."""
        ...


ReadingT = TypeVar("ReadingT", bound=Reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted(Generic[ReadingT]):
    """A loaded model with its contexts.

    ``layers_on_gpu`` is 0 on a processor. ``notices`` are the compromises made. All ``contexts``
    are alike. ``express`` is an extra one for queries of usual length; None if memory does not
    suffice. ``spread`` says that each text is a call of its own, so that calibration can choose how
    many run in parallel.
    """

    model: Model
    reading: ReadingT
    contexts: tuple[Context, ...]
    express: Context | None
    spread: bool
    layers_on_gpu: int
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The wanted layout, as far as memory allows.

    ``setup`` distributes an encoder's texts over the cores; None gives each core a text of its own.
    ``n_gpu_layers`` is -1 for all. ``pack`` None decides by device.
    """

    n_gpu_layers: int
    pack: bool | None
    cores: int
    setup: Setup | None = None


def fit(path: Path, wish: Wish, read: Callable[[Model], ReadingT]) -> Fitted[ReadingT]:
    """Load a file and create its contexts; shrink calls first, then move layers off the GPU.

    ``read`` tells how a loaded model reads texts; embedding and reranking recognise it by different
    signs. It is called for each load.

    Raises:
        ModelError: the file cannot be loaded.
        OutOfMemoryError: even the smallest calls on the processor do not fit.
    """
    notices: list[str] = []
    on_gpu = supports_gpu() and wish.n_gpu_layers != 0
    steps = list(_layer_steps(path, wish.n_gpu_layers)) if on_gpu else [wish.n_gpu_layers]
    for at, layers in enumerate(steps):
        gpu = on_gpu and layers != 0
        try:
            fitted = _fit_layers(path, wish, layers, read, gpu=gpu, notices=notices)
        except OutOfMemoryError as error:
            if at == len(steps) - 1:
                raise
            _say(
                notices,
                f"{_layers(layers)} of {path.name} do not fit on the GPU ({error}); "
                f"{_layers(steps[at + 1])} are tried, which is slower",
            )
        else:
            return fitted
    message = "there is always a last step"
    raise AssertionError(message)


def _layers(count: int) -> str:
    return "all layers" if count < 0 else f"{count} layers"


def _layer_steps(path: Path, wanted: int) -> Iterator[int]:
    yield wanted
    model = Model(path, n_gpu_layers=0, only_header=True)
    try:
        architecture = model.metadata("general.architecture") or ""
        count = int(model.metadata(f"{architecture}.block_count") or 0)
    finally:
        model.close()
    most = count if wanted < 0 else min(wanted, count)
    yield from sorted({int(most * share) for share in _SHARES[1:]}, reverse=True)


def _fit_layers(
    path: Path,
    wish: Wish,
    layers: int,
    read: Callable[[Model], ReadingT],
    *,
    gpu: bool,
    notices: list[str],
) -> Fitted[ReadingT]:
    model = Model(path, n_gpu_layers=layers)
    try:
        reading = read(model)
        if not gpu and (slow := bf16_notice(model, system_info())):
            _say(notices, slow)
        pack = gpu if wish.pack is None else wish.pack
        if pack or reading.decoder:
            contexts = [_largest_packed(model, reading, wish, gpu=gpu, notices=notices)]
        else:
            setup = wish.setup or Setup(contexts=wish.cores, threads=1)
            contexts = spread(model, reading, setup)
    except BaseException:
        model.close()
        raise
    if gpu:
        on_gpu = model.layers if layers < 0 else min(layers, model.layers)
    return Fitted(
        model=model,
        reading=reading,
        contexts=tuple(contexts),
        express=_express(model, reading, wish, notices),
        spread=not pack and not reading.decoder,
        layers_on_gpu=on_gpu if gpu else 0,
        notices=tuple(notices),
    )


def _largest_packed(
    model: Model, reading: Reading, wish: Wish, *, gpu: bool, notices: list[str]
) -> Context:
    """Create the one context of a packed or decoding model, halving its calls until they fit."""
    longest = reading.context_tokens
    packed = gpu if wish.pack is None else wish.pack
    # Only a decoder that pools by the last token can compute a text in pieces.
    in_pieces = reading.decoder and reading.pooling == POOLING_LAST
    least = LEAST_TOKENS if in_pieces else longest
    size = PACKED_TOKENS if packed else CPU_DECODER_TOKENS
    size = min(size, longest) if in_pieces and not packed else max(size, least)
    while True:
        try:
            context = Context(
                model,
                n_batch=max(longest, size),
                n_ubatch=size,
                n_seq=PACKED_SEQUENCES if packed else 1,
                threads=wish.cores,
                pooling=reading.pooling,
            )
            if gpu:
                _check_spare(context)
        except OutOfMemoryError as error:
            smaller = max(size // 2, least)
            if smaller == size:
                raise
            _say(notices, f"calls of {size} tokens do not fit ({error}); {smaller} are tried")
            size = smaller
        else:
            return context


def _check_spare(context: Context) -> None:
    tight = [device.name for device in devices() if device.gpu and device.free < _SPARE_BYTES]
    if tight:
        context.close()
        msg = f"less than {_SPARE_BYTES >> 20} MiB are left on {', '.join(tight)}"
        raise OutOfMemoryError(msg)


def _express(model: Model, reading: Reading, wish: Wish, notices: list[str]) -> Context | None:
    size = min(QUERY_TOKENS, reading.context_tokens)
    try:
        return Context(
            model,
            n_batch=size,
            n_ubatch=size,
            n_seq=1,
            threads=wish.cores if reading.decoder else 1,
            pooling=reading.pooling,
        )
    except OutOfMemoryError as error:
        _say(notices, f"queries wait for the call under way: no memory for their own ({error})")
        return None


def spread(model: Model, reading: Reading, setup: Setup) -> list[Context]:
    """Create the contexts of a setup: one text a call, or several texts declared short.

    Raises:
        OutOfMemoryError: memory does not suffice for all of them.
    """
    made: list[Context] = []
    try:
        for _ in range(setup.contexts):
            context = Context(
                model,
                n_batch=reading.context_tokens,
                n_ubatch=reading.context_tokens,
                n_seq=SPREAD_SEQUENCES,
                n_packed=min(SPREAD_TOKENS, reading.context_tokens),
                threads=setup.threads,
                pooling=reading.pooling,
            )
            made.append(context)
    except BaseException:
        for context in made:
            context.close()
        raise
    return made


def bf16_notice(model: Model, info: str) -> str | None:
    """Warn of BF16 weights if the processor, by its ``system_info``, is slow with them."""
    if model.metadata("general.file_type") != _FILE_TYPE_BF16 or multiplies_bf16(info):
        return None
    return (
        f"{model.path.name} has weights in BF16, for which this processor has no instructions: it "
        "computes about five times slower than with F16. Take the F16 or Q8_0 file of the model, "
        "or make one: kb models convert --quantize F16"
    )


def _say(notices: list[str], notice: str) -> None:
    notices.append(notice)
    _log.warning("%s", notice)
