"""Traits of a model that decide its use: read from GGUF header and registry, and checked."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from kb.errors import ModelError, SettingsError
from kb.llama import native
from kb.models.known import KnownEmbedder, KnownModel
from kb.models.prompts import BARE, Prompts
from kb.models.registry import BY_ARCHITECTURE, ModelFile

_log = logging.getLogger(__name__)

_POOLING = {name: value for value, name in native.POOLING_NAMES.items()}
_LEAST_DIMENSIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """How to use a loaded model.

    Attributes:
        known: its entry in the registry; None without one, or if the header contradicts it.
        prompts: the texts around its inputs, and their end token.
        pooling: llama.cpp's constant of its pooling.
        decoder: whether it reads from left to right, with a cache.
        context_tokens: most tokens of one input, at most those of its training.
        mrl: least and most width to which its vectors may be cut; None if unknown.
        notices: faults of the header, and their corrections.
    """

    known: KnownEmbedder | None
    prompts: Prompts
    pooling: int
    decoder: bool
    context_tokens: int
    mrl: tuple[int, int] | None
    notices: tuple[str, ...]


def read_traits(model: native.Model, file: ModelFile) -> Traits:
    """Read the traits of ``model``; replace and log what its header lacks.

    Early conversions of Qwen3-Embedding lack the pooling type or the end token; they get those of
    the family.

    Raises:
        ModelError: the model is a reranker, which gives no vectors.
    """
    architecture = model.metadata("general.architecture") or ""
    notices: list[str] = []
    known = _confirmed(model, architecture, file, notices)
    prompts = file.prompts or (known.prompts if known else BY_ARCHITECTURE.get(architecture, BARE))
    decoder = "bert" not in architecture
    wanted = _POOLING[known.pooling] if known else prompts.pooling
    traits = Traits(
        known=known,
        prompts=prompts,
        pooling=_pooling(model, architecture, wanted, notices, certain=known is not None),
        decoder=decoder,
        context_tokens=_context(model, known, notices),
        mrl=known.mrl if known else _mrl_of_family(model, prompts),
        notices=(*notices, *_end_notices(model, prompts)),
    )
    for notice in traits.notices:
        _log.warning("%s", notice)
    return traits


def check_dimensions(wanted: int | None, model: native.Model, traits: Traits) -> int:
    """Return the width of the vectors: the model's own, or ``wanted`` if the model allows it.

    Raises:
        SettingsError: the model was not trained for that width.
    """
    width, name = model.width, model.path.name
    if wanted is None or wanted == width:
        return width
    if traits.known is not None and traits.known.mrl is None:
        msg = (
            f"dimensions={wanted}, but {traits.known.name} was not trained to have its vectors "
            f"cut; leave the setting out (it gives {width})"
        )
        raise SettingsError(msg)
    least, most = traits.mrl or (_LEAST_DIMENSIONS, width)
    if not least <= wanted <= most:
        msg = f"dimensions={wanted}, but vectors of {name} may be cut to {least} to {most} only"
        raise SettingsError(msg)
    if traits.mrl is None:
        _log.warning(
            "it is not known whether %s was trained to have its vectors cut (dimensions=%d); "
            "if it was not, search finds less",
            name,
            wanted,
        )
    return wanted


def _confirmed(
    model: native.Model, architecture: str, file: ModelFile, notices: list[str]
) -> KnownEmbedder | None:
    known = file.known
    if not isinstance(known, KnownEmbedder):
        return None
    found = (architecture, model.layers, model.width)
    expected = (known.architecture, known.layers, known.dimensions)
    if found == expected:
        return known
    notices.append(
        f"{file.path.name} has the name of {known.name} but another shape (architecture, layers, "
        f"width: {found}, not {expected}); it is used as its header says"
    )
    return None


def _pooling(
    model: native.Model,
    architecture: str,
    wanted: int | None,
    notices: list[str],
    *,
    certain: bool,
) -> int:
    """Return the pooling type: the registry's, else the header's, else the family's."""
    stated = model.metadata(f"{architecture}.pooling_type")
    declared = _POOLING["none"] if stated is None else int(stated)
    name = model.path.name
    if declared == _POOLING["rank"]:
        msg = f"{name} is a reranker, which gives no vectors; name an embedding model"
        raise ModelError(msg)
    if declared != _POOLING["none"] and (not certain or declared == wanted):
        return declared
    if wanted is None:
        wanted = _POOLING["mean" if "bert" in architecture else "last"]
    used = native.POOLING_NAMES[wanted]
    if declared == _POOLING["none"]:
        notices.append(f"{name} does not say how it pools; {used} pooling is used")
    else:
        said = native.POOLING_NAMES.get(declared, str(declared))
        notices.append(f"{name} says {said} pooling, but its model has {used}, which is used")
    return wanted


def _context(model: native.Model, known: KnownModel | None, notices: list[str]) -> int:
    stated = model.context_length
    if known is None or stated <= known.context_tokens:
        return stated
    notices.append(
        f"{model.path.name} says that it reads {stated} tokens; {known.name} reads "
        f"{known.context_tokens}, which is the limit here"
    )
    return known.context_tokens


def _end_notices(model: native.Model, prompts: Prompts) -> list[str]:
    if not prompts.end_token:
        return []
    end = model.tokenize(prompts.end_token, special=False, parse_special=True).tolist()
    adds = model.metadata("tokenizer.ggml.add_eos_token") == "true"
    if adds and [int(model.metadata("tokenizer.ggml.eos_token_id") or -1)] == end:
        return []
    notice = (
        f"{model.path.name} does not say that inputs end with {prompts.end_token} (an early "
        "conversion); it is added all the same"
    )
    return [notice]


def _mrl_of_family(model: native.Model, prompts: Prompts) -> tuple[int, int] | None:
    # All embedding models of the family that take instructions were trained so.
    return (_LEAST_DIMENSIONS, model.width) if prompts.instruct else None
