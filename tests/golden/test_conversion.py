"""Conversion: key for key and tensor for tensor what llama.cpp's converter writes, or an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFReader
from header_of import header_of
from made_checkpoints import write_safetensors

from kb.embedding.llama import LlamaEmbedder
from kb.errors import ModelError
from kb.models.convert import QUANTIZATIONS, convert_checkpoint
from kb.models.convert.checkpoint import open_checkpoint
from kb.models.registry import ModelFile

HEADERS = json.loads((Path(__file__).parent / "headers.json").read_text("utf-8"))

# Keys that differ from llama.cpp's converter on purpose. A cross-encoder says so itself; there,
# whoever loads the file must know.
ADDED = {"xlmr-reranker F16": {"bert.pooling_type": [["UINT32"], 4]}}


# Reading a GGUF with SentencePiece's table back takes three seconds; one is enough for each day.
CASES = [
    pytest.param(case, marks=pytest.mark.slow) if case.startswith("xlmr-reranker") else case
    for case in HEADERS
]


@pytest.mark.parametrize("case", CASES)
def test_the_file_is_that_of_llama_cpps_converter(
    case: str, checkpoints: Path, tmp_path: Path
) -> None:
    name, dtype = case.split()
    out = tmp_path / "out.gguf"
    convert_checkpoint(checkpoints / name, out, quantize="F16" if dtype == "F16" else None)
    made = json.loads(json.dumps(header_of(out)))
    assert made["tensors"] == HEADERS[case]["tensors"]
    assert made["keys"] == HEADERS[case]["keys"] | ADDED.get(case, {})


@pytest.mark.parametrize(
    ("quantize", "embeddings", "gates"),
    [
        ("Q4_K_M", "Q6_K", "Q4_K"),
        ("Q5_K_M", "Q6_K", "Q5_K"),
        ("Q6_K", "Q6_K", "Q6_K"),
        ("Q8_0", "Q8_0", "Q8_0"),
        ("F16", "F16", "F16"),
    ],
)
def test_quantised_files_hold_llama_cpps_mixture_and_load(
    quantize: str, embeddings: str, gates: str, checkpoints: Path, tmp_path: Path
) -> None:
    out = tmp_path / "small.gguf"
    model = convert_checkpoint(checkpoints / "qwen3", out, quantize=quantize)
    types = {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(out).tensors}
    assert types["token_embd.weight"] == embeddings
    assert types["blk.1.ffn_gate.weight"] == gates
    assert types["output_norm.weight"] == "F32"
    assert (model.dtype, model.size_bytes) == (quantize, out.stat().st_size)
    embedder = LlamaEmbedder(ModelFile(model_id="small", path=out), n_gpu_layers=0)
    assert embedder.embed_documents(["软件著作权"]).shape == (1, 256)
    embedder.close()
    assert [path.name for path in tmp_path.iterdir()] == ["small.gguf"]


def test_what_was_written_is_told(checkpoints: Path, tmp_path: Path) -> None:
    told = {
        name: convert_checkpoint(checkpoints / name, tmp_path / f"{name}.gguf")
        for name in ("qwen3", "bert", "xlmr", "e5")
    }
    assert {
        name: (m.architecture, m.dtype, m.dim, m.context_tokens, m.pooling)
        for name, m in told.items()
    } == {
        "qwen3": ("qwen3", "BF16", 256, 32768, "last"),
        "bert": ("bert", "F32", 128, 512, "cls"),
        "xlmr": ("bert", "F16", 128, 8192, "mean"),
        "e5": ("bert", "F32", 128, 512, "mean"),
    }


@pytest.mark.parametrize("quantize", [None, "Q8_0"])
def test_progress_rises_to_the_whole(
    quantize: str | None, checkpoints: Path, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    convert_checkpoint(
        checkpoints / "qwen3",
        tmp_path / "out.gguf",
        quantize=quantize,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert len({total for _, total in seen}) == 1
    assert seen[-1][0] == seen[-1][1]


def test_an_encoder_with_a_sentencepiece_vocabulary_is_converted_by_either_file(
    copied: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = copied("xlmr")
    convert_checkpoint(folder, tmp_path / "model.gguf")
    (folder / "sentencepiece.bpe.model").unlink()
    convert_checkpoint(folder, tmp_path / "json.gguf")
    ids = []
    for name in ("model", "json"):
        path = tmp_path / f"{name}.gguf"
        embedder = LlamaEmbedder(ModelFile(model_id=name, path=path), n_gpu_layers=0)
        ids.append(embedder._tokenizer.tokens("Der Hafen  ist\toffen: 港口开放。").tolist())
        embedder.close()
    assert ids[0] == ids[1]


def _config(**changes: object) -> Callable[[Path], None]:
    return lambda folder: _edit(folder / "config.json", changes)


def _edit(path: Path, changes: dict[str, Any]) -> None:
    value = json.loads(path.read_text("utf-8"))
    value.update(changes)
    path.write_text(json.dumps({k: v for k, v in value.items() if v is not ...}), "utf-8")


def _drop(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _cut_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def _garble_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)


def _without_a_bias(folder: Path) -> None:
    shapes = {t.name: t.shape for t in open_checkpoint(folder).tensors.values()}
    del shapes["encoder.layer.1.output.dense.bias"]
    write_safetensors(folder / "model.safetensors", shapes, "F32")


def _with_a_stranger(folder: Path) -> None:
    shapes = {t.name: t.shape for t in open_checkpoint(folder).tensors.values()}
    write_safetensors(folder / "model.safetensors", shapes | {"experts.0.weight": (4, 4)}, "F32")


def _with_a_dense_layer(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    modules.append({"path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))


def _pooled_by(text: str) -> Callable[[Path], None]:
    return lambda folder: Path(folder / "1_Pooling" / "config.json").write_text(text) and None


def _cut_by_another_rule(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_text(path.read_text("utf-8").replace(r"|\\p{N}|", r"|\\p{N}{1,3}|"), "utf-8")


SPOILED: list[tuple[str, str, Callable[[Path], None], str]] = [
    ("unknown", "bert", _config(architectures=["T5Model"]), "T5Model, which is not converted"),
    ("nameless", "bert", _config(architectures=...), "does not say its architecture"),
    ("no config", "bert", _drop("config.json"), r"lacks .*config\.json"),
    ("no tokenizer", "qwen3", _drop("tokenizer.json"), r"lacks .*tokenizer\.json; save the"),
    ("no weights", "bert", _drop("model.safetensors"), r"holds no model\.safetensors"),
    ("no shard", "qwen3", _drop("model-00002-of-00002.safetensors"), "lacks model-00002-of-00002"),
    ("cut", "bert", _cut_weights, r"model\.safetensors is damaged or cut short"),
    ("garbled", "bert", _garble_weights, r"model\.safetensors is damaged or cut short"),
    ("a tensor less", "bert", _without_a_bias, r"lacks tensors \(layer 1: ffn_down\.bias\)"),
    ("a tensor more", "bert", _with_a_stranger, r"holds experts\.0\.weight"),
    ("no heads", "bert", _config(num_attention_heads=...), "no whole number for num_attention"),
    ("no eps", "qwen3", _config(rms_norm_eps="x"), "no number for rms_norm_eps"),
    ("no theta", "qwen3", _config(rope_theta=...), "gives no rope_theta"),
    ("rope", "qwen3", _config(rope_scaling={"type": "ntk", "factor": 2}), "scales positions by 'n"),
    ("act", "bert", _config(hidden_act="relu"), "hidden_act='relu'"),
    ("window", "qwen3", _config(use_sliding_window=True), "sliding window"),
    ("quantised", "qwen3", _config(quantization_config={}), "quantised already"),
    ("rows", "bert", _config(vocab_size=9999), "9999 tokens but embeddings for"),
    ("rule", "qwen3", _cut_by_another_rule, "by a rule that is not recognised"),
    ("no pooling", "bert", _drop("modules.json"), "does not say how token vectors become one"),
    ("dense", "bert", _with_a_dense_layer, "a layer of the kind Dense"),
    ("pooling", "bert", _pooled_by('{"pooling_mode": "max"}'), "pools by max"),
    ("half", "bert", _pooled_by("{"), r"cannot read .*1_Pooling"),
]


@pytest.mark.parametrize(
    ("name", "spoil", "message"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED]
)
def test_what_cannot_be_converted_is_named_and_costs_nothing(
    name: str,
    spoil: Callable[[Path], None],
    message: str,
    copied: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    folder = copied(name)
    spoil(folder)
    out = tmp_path / "out" / "good.gguf"
    out.parent.mkdir()
    out.write_bytes(b"an older file")
    with pytest.raises(ModelError, match=message):
        convert_checkpoint(folder, out)
    assert out.read_bytes() == b"an older file"
    assert list(out.parent.iterdir()) == [out]


def test_values_beyond_f16_are_refused_and_kept_without_it(
    copied: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = copied("bert")
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    tensor = open_checkpoint(folder).tensors["encoder.layer.0.output.dense.weight"]
    data[tensor.offset : tensor.offset + 4] = bytes.fromhex("00004049")  # 786432.0
    weights.write_bytes(data)
    with pytest.raises(ModelError, match=r"output\.dense\.weight holds values beyond F16"):
        convert_checkpoint(folder, tmp_path / "out.gguf", quantize="F16")
    assert convert_checkpoint(folder, tmp_path / "out.gguf").dtype == "F32"


def test_a_quantisation_that_does_not_exist_is_refused(checkpoints: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=", ".join(QUANTIZATIONS)):
        convert_checkpoint(checkpoints / "bert", tmp_path / "out.gguf", quantize="Q3_XXL")


def test_a_place_that_cannot_be_written_is_named(checkpoints: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match=r"cannot write .*out\.gguf"):
        convert_checkpoint(checkpoints / "bert", tmp_path / "file" / "out.gguf")
