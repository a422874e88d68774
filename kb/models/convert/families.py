"""The convertible architectures: required values of their configuration, and tensor names.

Tensor names come from the ``gguf`` library's table. This module has the additions that llama.cpp's
converter makes by hand for each family.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import gguf
import numpy as np
import numpy.typing as npt

from kb.errors import ModelError
from kb.models.convert.checkpoint import Checkpoint
from kb.models.convert.safetensors import StoredTensor

# Heads trained beside the encoder, which embeddings do not use, and buffers.
_UNUSED_PREFIXES = ("pooler.", "cls.", "lm_head.")
_UNUSED_SUFFIXES = (".position_ids", ".token_type_ids", ".rotary_emb.inv_freq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The special features of some architectures' checkpoints.

    ``shifted_positions``: position embeddings start after that of the padding token, as in RoBERTa.
    ``ranks``: a cross-encoder that scores a query and a passage and gives no vector.
    """

    arch: gguf.MODEL_ARCH
    prefix: str
    shifted_positions: bool = False
    ranks: bool = False

    @property
    def is_decoder(self) -> bool:
        """Whether tokens attend only to the tokens before them."""
        return self.arch is gguf.MODEL_ARCH.QWEN3


_QWEN3 = Family(arch=gguf.MODEL_ARCH.QWEN3, prefix="model.")
_BERT = Family(arch=gguf.MODEL_ARCH.BERT, prefix="bert.")
_XLM_R = Family(arch=gguf.MODEL_ARCH.BERT, prefix="roberta.", shifted_positions=True)

FAMILIES = {
    "BertForMaskedLM": _BERT,
    "BertModel": _BERT,
    "Qwen3ForCausalLM": _QWEN3,
    "Qwen3Model": _QWEN3,
    "XLMRobertaForSequenceClassification": Family(
        arch=gguf.MODEL_ARCH.BERT, prefix="roberta.", shifted_positions=True, ranks=True
    ),
    "XLMRobertaModel": _XLM_R,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTensor:
    """A tensor of the GGUF: its name there and the place of its values.

    The first ``skip_rows`` rows are left out; or only the ``chosen`` rows are taken, in that order.
    """

    name: str
    source: StoredTensor
    skip_rows: int = 0
    chosen: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape in the GGUF, outermost dimension first."""
        rows, *rest = self.source.shape
        return (len(self.chosen) or rows - self.skip_rows, *rest)

    def blocks(self) -> Iterator[npt.NDArray[np.generic]]:
        """Yield the values as :meth:`StoredTensor.blocks` does."""
        if self.chosen:
            return self.source.rows(self.chosen)
        return self.source.blocks(skip_rows=self.skip_rows)

    @property
    def always_f32(self) -> bool:
        """Whether llama.cpp requires this tensor unquantised: vectors, norms, position tables."""
        return (
            len(self.shape) == 1
            or self.name.endswith("_norm.weight")
            or self.name in {"position_embd.weight", "token_types.weight"}
        )


def family_of(checkpoint: Checkpoint) -> Family:
    """Return the family of a checkpoint, which decides its conversion.

    Raises:
        ModelError: its architecture is unknown, or its configuration asks for arithmetic that
            llama.cpp does differently: vectors would be silently wrong.
    """
    name = checkpoint.architecture
    family = FAMILIES.get(name)
    if family is None:
        msg = (
            f"{checkpoint.folder} is a {name}, which is not converted here (known: "
            f"{', '.join(sorted(FAMILIES))}); look for a GGUF of it that somebody made"
        )
        raise ModelError(msg)
    wanted = {"hidden_act": "silu" if family.is_decoder else "gelu"}
    if not family.is_decoder:
        wanted["position_embedding_type"] = "absolute"
    for key, value in wanted.items():
        given = checkpoint.config.get(key, value)
        if given != value:
            msg = f"{checkpoint.folder} has {key}={given!r}; llama.cpp computes {value!r} only"
            raise ModelError(msg)
    if checkpoint.config.get("use_sliding_window"):
        msg = f"{checkpoint.folder} uses a sliding window, which llama.cpp's {name} lacks"
        raise ModelError(msg)
    if "quantization_config" in checkpoint.config:
        msg = f"{checkpoint.folder} is quantised already; convert the original checkpoint"
        raise ModelError(msg)
    if family.is_decoder and is_qwen3_reranker(checkpoint):
        return replace(family, ranks=True)
    return family


def is_qwen3_reranker(checkpoint: Checkpoint) -> bool:
    """Return whether a Qwen3 ranks, by its folder's name or model card, as llama.cpp does.

    Nothing else tells it apart: it is saved like any model that writes text.
    """
    names = (checkpoint.folder.resolve().name, str(checkpoint.config.get("_name_or_path", "")))
    if any("qwen3-reranker" in name.lower() for name in names):
        return True
    card = checkpoint.folder / "README.md"
    return card.is_file() and "# qwen3-reranker" in card.read_text("utf-8", "replace").lower()


def position_offset(checkpoint: Checkpoint, family: Family) -> int:
    """Return the number of rows of the position table that stand for no position."""
    if not family.shifted_positions or checkpoint.config.get("pad_token_id") is None:
        return 0
    return checkpoint.number("pad_token_id") + 1


def plan_tensors(checkpoint: Checkpoint, family: Family) -> list[PlannedTensor]:
    """Return the tensors of the GGUF in the checkpoint's order.

    Raises:
        ModelError: a tensor is unknown, or a layer lacks a tensor of other layers.
    """
    layers = checkpoint.number("num_hidden_layers")
    names = gguf.get_tensor_name_map(family.arch, layers)
    planned = []
    for stored, tensor in checkpoint.tensors.items():
        source = stored.removeprefix(family.prefix)
        source = source.replace(".gamma", ".weight").replace(".beta", ".bias")
        if _is_unused(source, family):
            continue
        # The table knows Qwen3's tensors best by their names in the causal model.
        looked_up = (
            f"model.{source}" if family.is_decoder and source != "lm_head.weight" else source
        )
        name = names.get_name(looked_up, try_suffixes=(".weight", ".bias"))
        if name is None:
            msg = (
                f"{tensor.path} holds {stored}, which a {checkpoint.architecture} of {layers} "
                "layers does not have; this is another kind of model than it says"
            )
            raise ModelError(msg)
        if family.is_decoder and family.ranks and _is_head(source, checkpoint):
            chosen = answer_rows(checkpoint)
            planned.append(PlannedTensor(name="cls.output.weight", source=tensor, chosen=chosen))
            if name == "output.weight":
                continue  # its other possible answers are not used
        skip = position_offset(checkpoint, family) if name == "position_embd.weight" else 0
        planned.append(PlannedTensor(name=name, source=tensor, skip_rows=skip))
    _check_complete(checkpoint, planned, layers)
    return planned


def answer_rows(checkpoint: Checkpoint) -> tuple[int, int]:
    """Return the ids of "yes" and "no", whose scores are the output of a ranking Qwen3.

    Raises:
        ModelError: the vocabulary lacks one of them.
    """
    vocabulary = checkpoint.tokenizer["model"]["vocab"]
    try:
        return int(vocabulary["yes"]), int(vocabulary["no"])
    except KeyError as error:
        msg = f"{checkpoint.folder / 'tokenizer.json'} has no token {error}, so it cannot rank"
        raise ModelError(msg) from error


def _is_head(name: str, checkpoint: Checkpoint) -> bool:
    tied = bool(checkpoint.config.get("tie_word_embeddings"))
    return name == ("embed_tokens.weight" if tied else "lm_head.weight")


def _is_unused(name: str, family: Family) -> bool:
    unused = () if family.is_decoder else _UNUSED_PREFIXES
    return name.startswith(unused) or name.endswith(_UNUSED_SUFFIXES)


def _check_complete(checkpoint: Checkpoint, planned: list[PlannedTensor], layers: int) -> None:
    blocks: defaultdict[int, set[str]] = defaultdict(set)
    for tensor in planned:
        if tensor.name.startswith("blk."):
            _, layer, rest = tensor.name.split(".", 2)
            blocks[int(layer)].add(rest)
    everywhere = set().union(*blocks.values())
    lacking = [
        f"layer {layer}: {', '.join(sorted(absent))}"
        for layer in range(layers)
        if (absent := everywhere - blocks[layer])
    ]
    if not everywhere or not any(tensor.name == "token_embd.weight" for tensor in planned):
        lacking.append("the token embeddings or all layers")
    if lacking:
        msg = f"{checkpoint.folder} lacks tensors ({'; '.join(lacking[:3])}); fetch it again"
        raise ModelError(msg)
