"""Small checkpoints with weights that are the same everywhere and always: no random generator.

Each weight comes from SHAKE-256 of its tensor's name, so the tests make the very checkpoints
that the golden vectors were computed from, without PyTorch.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from made_tokenizers import write_bert_tokenizer, write_qwen_tokenizer, write_xlmr_tokenizer

Shapes = dict[str, tuple[int, ...]]


def write_qwen3(
    folder: Path,
    *,
    ranks: Sequence[bytes] | None = None,
    rope: dict[str, object] | None = None,
    answers: bool = False,
) -> None:
    """Write a Qwen3-Embedding of two layers, in BF16 and two shards, as the real one comes.

    ``answers`` makes it a Qwen3-Reranker, which is saved as a model that writes text.
    """
    folder.mkdir(parents=True)
    tokens = write_qwen_tokenizer(folder, ranks, answers=answers)
    hidden, heads, kv_heads, head, wide = 256, 4, 2, 32, 512
    shapes: Shapes = {"embed_tokens.weight": (tokens + 5, hidden), "norm.weight": (hidden,)}
    for layer in range(2):
        at = f"layers.{layer}"
        shapes |= {
            f"{at}.self_attn.q_proj.weight": (heads * head, hidden),
            f"{at}.self_attn.k_proj.weight": (kv_heads * head, hidden),
            f"{at}.self_attn.v_proj.weight": (kv_heads * head, hidden),
            f"{at}.self_attn.o_proj.weight": (hidden, heads * head),
            f"{at}.self_attn.q_norm.weight": (head,),
            f"{at}.self_attn.k_norm.weight": (head,),
            f"{at}.mlp.gate_proj.weight": (wide, hidden),
            f"{at}.mlp.up_proj.weight": (wide, hidden),
            f"{at}.mlp.down_proj.weight": (hidden, wide),
            f"{at}.input_layernorm.weight": (hidden,),
            f"{at}.post_attention_layernorm.weight": (hidden,),
        }
    if answers:
        shapes = {f"model.{name}": shape for name, shape in shapes.items()}
    config = {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "hidden_size": hidden,
        "num_hidden_layers": 2,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": head,
        "intermediate_size": wide,
        "max_position_embeddings": 32768,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000,
        "rope_scaling": rope,
        "hidden_act": "silu",
        "attention_bias": False,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "sliding_window": None,
        "vocab_size": tokens + 5,
        "bos_token_id": tokens - 7,
        "eos_token_id": tokens - 7,
        "torch_dtype": "bfloat16",
    }
    pooling = "" if answers else "lasttoken"
    _write(folder, config, shapes, dtype="BF16", shards=2, pooling=pooling)
    (folder / "generation_config.json").write_text('{"top_p": 0.8, "repetition_penalty": 1.05}')
    (folder / "README.md").write_text(
        "---\nlicense: apache-2.0\ntags:\n- sentence-similarity\n---\n# Made for tests\n"
    )


def write_bert(folder: Path) -> None:
    """Write a BERT of two layers in F32, pooled by its first token, as bge-small is."""
    folder.mkdir(parents=True)
    config = _encoder_config(write_bert_tokenizer(folder), positions=512)
    config |= {"architectures": ["BertModel"], "model_type": "bert", "pad_token_id": 0}
    _write(folder, config, _encoder_shapes(config), dtype="F32", pooling="cls")


def write_e5(folder: Path) -> None:
    """Write a BERT with XLM-R's vocabulary, pooled by the mean, as multilingual-e5-small is."""
    folder.mkdir(parents=True)
    config = _encoder_config(write_xlmr_tokenizer(folder) + 9, positions=512)
    config |= {"architectures": ["BertModel"], "model_type": "bert", "pad_token_id": 0}
    _write(folder, config, _encoder_shapes(config), dtype="F32", pooling="mean")


def write_xlmr(folder: Path, *, ranks: bool = False) -> None:
    """Write an XLM-R of two layers in F16 that reads 8,192 tokens, pooled by the mean.

    ``ranks`` makes it a cross-encoder, as bge-reranker-v2-m3 is.
    """
    folder.mkdir(parents=True)
    config = _encoder_config(write_xlmr_tokenizer(folder), positions=8194)
    config |= {
        "architectures": ["XLMRobertaForSequenceClassification" if ranks else "XLMRobertaModel"],
        "model_type": "xlm-roberta",
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }
    shapes = _encoder_shapes(config)
    if ranks:
        config["id2label"] = {"0": "LABEL_0"}
        shapes = {
            f"roberta.{name}": shape for name, shape in shapes.items() if "pooler" not in name
        }
        shapes |= {
            "classifier.dense.weight": (128, 128),
            "classifier.dense.bias": (128,),
            "classifier.out_proj.weight": (1, 128),
            "classifier.out_proj.bias": (1,),
        }
    _write(folder, config, shapes, dtype="F16", pooling="" if ranks else "mean")


CHECKPOINTS: dict[str, Callable[[Path], None]] = {
    "qwen3": write_qwen3,
    "bert": write_bert,
    "xlmr": write_xlmr,
    "e5": write_e5,
    "xlmr-reranker": lambda folder: write_xlmr(folder, ranks=True),
    "qwen3-reranker": lambda folder: write_qwen3(folder, answers=True),
    "qwen3-yarn": lambda folder: write_qwen3(
        folder,
        rope={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8192},
    ),
}
EMBEDDING = {"qwen3": 32768, "bert": 512, "xlmr": 8192, "e5": 512, "qwen3-yarn": 32768}
"""Those that give vectors, and the tokens that each reads at most."""


def weights(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Return a tensor's values: float32, evenly spread, scaled so that layers matter."""
    digest = hashlib.shake_256(name.encode()).digest(2 * math.prod(shape))
    even = np.frombuffer(digest, dtype="<u2").astype(np.float32).reshape(shape) / 32768 - 1
    if "norm" in name.lower() and name.endswith("weight"):
        return 1 + even / 4
    if len(shape) == 1:
        return even / 8
    return even if "embed" in name else even * (2 * (3 / shape[1]) ** 0.5)


def write_safetensors(path: Path, shapes: Shapes, dtype: str) -> None:
    """Write tensors of :func:`weights` to one file, dtype F32, F16 or BF16."""
    blobs = {name: _stored(weights(name, shape), dtype) for name, shape in shapes.items()}
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, blob in blobs.items():
        offsets = [at, at + len(blob)]
        header[name] = {"dtype": dtype, "shape": shapes[name], "data_offsets": offsets}
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs.values()))


def _stored(values: npt.NDArray[np.float32], dtype: str) -> bytes:
    if dtype == "F32":
        return values.tobytes()
    if dtype == "F16":
        return values.astype(np.float16).tobytes()
    # Cutting the lower half off gives a bfloat16, rounded towards zero.
    return (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()


def _encoder_config(tokens: int, *, positions: int) -> dict[str, object]:
    return {
        "hidden_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 256,
        "max_position_embeddings": positions,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "position_embedding_type": "absolute",
        "vocab_size": tokens,
    }


def _encoder_shapes(config: dict[str, object]) -> Shapes:
    hidden, wide = 128, 256
    tables = {
        "word": config["vocab_size"],
        "position": config["max_position_embeddings"],
        "token_type": config["type_vocab_size"],
    }
    shapes: Shapes = {
        f"embeddings.{name}_embeddings.weight": (int(str(rows)), hidden)
        for name, rows in tables.items()
    }
    shapes |= _norm("embeddings.LayerNorm", hidden)
    for layer in range(2):
        at = f"encoder.layer.{layer}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value"):
            shapes |= _linear(f"{at}.{part}", hidden, hidden)
        shapes |= _linear(f"{at}.attention.output.dense", hidden, hidden)
        shapes |= _norm(f"{at}.attention.output.LayerNorm", hidden)
        shapes |= _linear(f"{at}.intermediate.dense", hidden, wide)
        shapes |= _linear(f"{at}.output.dense", wide, hidden)
        shapes |= _norm(f"{at}.output.LayerNorm", hidden)
    return shapes | _linear("pooler.dense", hidden, hidden)


def _linear(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _write(
    folder: Path,
    config: dict[str, object],
    shapes: Shapes,
    *,
    dtype: str,
    pooling: str,
    shards: int = 1,
) -> None:
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    if shards == 1:
        write_safetensors(folder / "model.safetensors", shapes, dtype)
    else:
        placed: dict[str, str] = {}
        names = list(shapes)
        for shard in range(shards):
            file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
            part = {name: shapes[name] for name in names[shard::shards]}
            write_safetensors(folder / file, part, dtype)
            placed |= dict.fromkeys(part, file)
        index = {"metadata": {"total_size": 0}, "weight_map": placed}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    if pooling:
        kinds = ["Transformer", "Pooling", "Normalize"]
        modules = [
            {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{k}"}
            for at, (k, path) in enumerate(
                zip(kinds, ["", "1_Pooling", "2_Normalize"], strict=True)
            )
        ]
        (folder / "modules.json").write_text(json.dumps(modules))
        (folder / "1_Pooling").mkdir()
        modes = {f"pooling_mode_{m}": False for m in ("cls_token", "mean_tokens", "lasttoken")}
        key = {"cls": "cls_token", "mean": "mean_tokens"}.get(pooling, pooling)
        modes[f"pooling_mode_{key}"] = True
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))
