"""The header of a GGUF: the model's names, shape, pooling and positions."""

from __future__ import annotations

import json
from pathlib import Path

import gguf

from kb.errors import ModelError
from kb.models.convert.checkpoint import Checkpoint, read_json
from kb.models.convert.families import Family, position_offset
from kb.models.rerank_template import NO, QWEN3_TEXT, YES

_POOLING_KEYS = {
    "pooling_mode_mean_tokens": gguf.PoolingType.MEAN,
    "pooling_mode_cls_token": gguf.PoolingType.CLS,
    "pooling_mode_lasttoken": gguf.PoolingType.LAST,
}
_POOLING_WORDS = {
    "mean": gguf.PoolingType.MEAN,
    "cls": gguf.PoolingType.CLS,
    "lasttoken": gguf.PoolingType.LAST,
}


def write_names(writer: gguf.GGUFWriter, folder: Path) -> None:
    """Write ``general.*`` from the model card, the configuration and the folder's name.

    The tensors must already be in ``writer``: the size in the name is computed from them.
    """
    total, shared, expert, experts = writer.get_total_parameter_count()
    folder = folder.resolve()
    names = gguf.Metadata.load(None, folder, None, total)
    names.name = names.name or folder.name
    if names.size_label is None and total > 0:
        names.size_label = gguf.size_label(total, shared, expert, experts)
    if names.sampling_penalty_repeat is None:
        names.sampling_penalty_repeat = _repetition_penalty(folder)
    writer.add_type(gguf.GGUFType.MODEL)
    names.set_gguf_meta_model(writer)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _repetition_penalty(folder: Path) -> float | None:
    # Newer converters copy it; the library on PyPI does not yet.
    try:
        value = json.loads((folder / "generation_config.json").read_text("utf-8"))
        return float(value["repetition_penalty"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # only for text generation


def write_shape(writer: gguf.GGUFWriter, checkpoint: Checkpoint, family: Family) -> None:
    """Write the sizes, the attention and the positions.

    Raises:
        ModelError: ``config.json`` lacks a value, or scales positions by an unknown rule.
    """
    writer.add_block_count(checkpoint.number("num_hidden_layers"))
    writer.add_context_length(context_length(checkpoint, family))
    writer.add_embedding_length(checkpoint.number("hidden_size"))
    writer.add_feed_forward_length(checkpoint.number("intermediate_size"))
    writer.add_head_count(checkpoint.number("num_attention_heads"))
    if family.is_decoder:
        writer.add_head_count_kv(checkpoint.number("num_key_value_heads"))
        writer.add_key_length(checkpoint.number("head_dim"))
        writer.add_value_length(checkpoint.number("head_dim"))
        writer.add_layer_norm_rms_eps(checkpoint.real("rms_norm_eps"))
        _write_rope(writer, checkpoint)
    else:
        writer.add_layer_norm_eps(checkpoint.real("layer_norm_eps"))
    if not family.is_decoder or checkpoint.config.get("is_causal") is False:
        writer.add_causal_attention(False)  # noqa: FBT003 - the library's signature
    if family.ranks and family.is_decoder:
        writer.add_classifier_output_labels([YES, NO])
        writer.add_chat_template([{"name": "rerank", "template": QWEN3_TEXT}])
    elif family.ranks:
        _write_labels(writer, checkpoint)


def context_length(checkpoint: Checkpoint, family: Family) -> int:
    """Return the most tokens that the model reads."""
    return checkpoint.number("max_position_embeddings") - position_offset(checkpoint, family)


def _write_rope(writer: gguf.GGUFWriter, checkpoint: Checkpoint) -> None:
    """Write the rotary positions, from ``rope_theta`` or from ``rope_parameters``."""
    config = checkpoint.config
    rope = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    theta = rope.get("rope_theta", config.get("rope_theta"))
    if not isinstance(theta, int | float):
        msg = f"{checkpoint.folder / 'config.json'} gives no rope_theta"
        raise ModelError(msg)
    writer.add_rope_freq_base(float(theta))
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return
    factor = rope.get("factor")
    if kind not in {"linear", "yarn"} or not isinstance(factor, int | float):
        msg = (
            f"{checkpoint.folder / 'config.json'} scales positions by {kind!r} (factor {factor}); "
            "only linear and yarn are known"
        )
        raise ModelError(msg)
    writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
    writer.add_rope_scaling_factor(float(factor))
    if kind == "yarn":
        original = rope.get(
            "original_max_position_embeddings", config.get("original_max_position_embeddings")
        )
        if not isinstance(original, int):
            msg = (
                f"{checkpoint.folder / 'config.json'} scales positions by yarn without saying "
                "original_max_position_embeddings"
            )
            raise ModelError(msg)
        writer.add_rope_scaling_orig_ctx_len(original)
        for name, write in {
            "extrapolation_factor": writer.add_rope_scaling_yarn_ext_factor,
            "attention_factor": writer.add_rope_scaling_yarn_attn_factor,
            "beta_fast": writer.add_rope_scaling_yarn_beta_fast,
            "beta_slow": writer.add_rope_scaling_yarn_beta_slow,
        }.items():
            if rope.get(name) is not None:
                write(rope[name])


def _write_labels(writer: gguf.GGUFWriter, checkpoint: Checkpoint) -> None:
    labels = checkpoint.config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    ordered = [str(labels[key]) for key in sorted(labels, key=int)]
    if ordered != ["LABEL_0", "LABEL_1"]:  # transformers' default names
        writer.add_classifier_output_labels(ordered)


def read_pooling(checkpoint: Checkpoint, family: Family) -> gguf.PoolingType:
    """Return how token vectors become one, from sentence-transformers' files.

    llama.cpp's converter writes nothing in two cases that need a value. A Qwen3 without those files
    takes the last token, by its family's rule; otherwise the file would give no embedding at all. A
    cross-encoder ranks.

    Raises:
        ModelError: the files ask for a pooling that llama.cpp lacks, or an encoder names none.
    """
    if family.ranks:
        return gguf.PoolingType.RANK
    modules = checkpoint.folder / "modules.json"
    if not modules.is_file():
        if family.is_decoder:
            return gguf.PoolingType.LAST
        msg = (
            f"{checkpoint.folder} does not say how token vectors become one (no modules.json): "
            'add modules.json with [{"type": "sentence_transformers.models.Pooling", "path": '
            '"1_Pooling"}] and 1_Pooling/config.json with {"pooling_mode_mean_tokens": true}, '
            'or "pooling_mode_cls_token" if the model card says so'
        )
        raise ModelError(msg)
    pooling: gguf.PoolingType | None = None
    try:
        parts = json.loads(modules.read_text("utf-8"))
        for part in parts:
            kind = str(part["type"]).rpartition(".")[2]
            if kind == "Pooling":
                pooling = _pooling_of(checkpoint.folder / str(part["path"]) / "config.json")
            elif kind not in {"Transformer", "Normalize"}:
                msg = (
                    f"{modules} adds a layer of the kind {kind}, which llama.cpp does not "
                    "compute; its vectors would be wrong"
                )
                raise ModelError(msg)
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{modules} is damaged ({error}); fetch it again"
        raise ModelError(msg) from error
    if pooling is None:
        msg = f"{modules} has no Pooling part, so this model gives no vector of a text"
        raise ModelError(msg)
    return pooling


def _pooling_of(path: Path) -> gguf.PoolingType:
    settings = read_json(path)
    chosen = [
        key for key, value in settings.items() if key.startswith("pooling_mode_") and value is True
    ]
    word = settings.get("pooling_mode")
    if len(chosen) == 1 and chosen[0] in _POOLING_KEYS:
        return _POOLING_KEYS[chosen[0]]
    if not chosen and word in _POOLING_WORDS:
        return _POOLING_WORDS[word]
    msg = f"{path} pools by {chosen or word}; llama.cpp knows one of mean, cls and lasttoken"
    raise ModelError(msg)
