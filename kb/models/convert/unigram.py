"""SentencePiece's unigram vocabularies, of XLM-R and of BERT models that use one."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import gguf

from kb.errors import ModelError
from kb.models.convert.checkpoint import Checkpoint

_UNUSED_SCORE = -10000.0


@dataclass(slots=True, kw_only=True)
class Pieces:
    """A vocabulary in the order of its ids; ``scores`` is empty if the kind has none."""

    texts: list[bytes]
    kinds: list[gguf.TokenType]
    scores: list[float]


def write_unigram(writer: gguf.GGUFWriter, checkpoint: Checkpoint, rows: int) -> Pieces:
    """Write a vocabulary's spacing rules, from SentencePiece's own file if there is one.

    Returns:
        The pieces, at least ``rows`` of them, in XLM-R's order.

    Raises:
        ModelError: the file is damaged, or its normalisation is unknown.
    """
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    rows = max(rows, checkpoint.config.get("vocab_size", 0))
    model = checkpoint.folder / "sentencepiece.bpe.model"
    if model.is_file():
        return _unigram_of_model(writer, model, rows)
    return _unigram_of_json(writer, checkpoint, rows)


def _unigram_of_model(writer: gguf.GGUFWriter, path: Path, rows: int) -> Pieces:
    from google.protobuf.message import (  # type: ignore[import-untyped] # noqa: PLC0415 - slow to import, has no stubs
        DecodeError,
    )
    from sentencepiece import sentencepiece_model_pb2  # noqa: PLC0415

    try:
        model = sentencepiece_model_pb2.ModelProto.FromString(  # type: ignore[attr-defined] # made at import by protobuf
            path.read_bytes()
        )
    except DecodeError as error:
        msg = f"{path} is damaged ({error}); fetch it again"
        raise ModelError(msg) from error
    if model.trainer_spec.model_type != model.trainer_spec.UNIGRAM:
        msg = f"{path} is not a unigram model, which is the only kind that XLM-R uses"
        raise ModelError(msg)
    rule = model.normalizer_spec
    _write_spacing(
        writer,
        prefix=rule.add_dummy_prefix,
        squeeze=rule.remove_extra_whitespaces,
        table=rule.precompiled_charsmap,
    )
    # User-defined pieces count as normal ones, as in llama.cpp's converter.
    normal = {gguf.TokenType.NORMAL, gguf.TokenType.USER_DEFINED}
    kinds = [
        gguf.TokenType.NORMAL if piece.type in normal else gguf.TokenType(piece.type)
        for piece in model.pieces
    ]
    pieces = Pieces(
        texts=[piece.piece.encode() for piece in model.pieces],
        kinds=kinds,
        scores=[piece.score for piece in model.pieces],
    )
    _pad(pieces, rows)
    # XLM-R's ids come from fairseq: first four tokens of its own, then the pieces from the fourth
    # on. The place of <mask> at the end remains an unused piece.
    control, unknown = gguf.TokenType.CONTROL, gguf.TokenType.UNKNOWN
    return Pieces(
        texts=[b"<s>", b"<pad>", b"</s>", b"<unk>", *pieces.texts[3:-1]],
        kinds=[control, control, control, unknown, *pieces.kinds[3:-1]],
        scores=[0.0, 0.0, 0.0, 0.0, *pieces.scores[3:-1]],
    )


def _unigram_of_json(writer: gguf.GGUFWriter, checkpoint: Checkpoint, rows: int) -> Pieces:
    """Read the pieces from ``tokenizer.json``.

    llama.cpp's converter takes ``remove_extra_whitespaces`` from a decoding option
    (``clean_up_tokenization_spaces``) here. In fact every tokenizer of this kind removes extra
    spaces.
    """
    tokenizer = checkpoint.tokenizer
    model = tokenizer["model"]
    rule = tokenizer.get("normalizer") or {}
    tables = [
        part["precompiled_charsmap"]
        for part in rule.get("normalizers", [rule])
        if part.get("type") == "Precompiled"
    ]
    if not tables:
        msg = (
            f"{checkpoint.folder / 'tokenizer.json'} lacks SentencePiece's normalisation table "
            "(normalizer of type Precompiled), so its rule is not known"
        )
        raise ModelError(msg)
    cutting = tokenizer.get("pre_tokenizer") or {}
    prefixes = [
        part.get("add_prefix_space", part.get("prepend_scheme", "always") != "never")
        for part in cutting.get("pretokenizers", [cutting])
        if part.get("type") == "Metaspace"
    ]
    _write_spacing(writer, prefix=any(prefixes), squeeze=True, table=base64.b64decode(tables[0]))
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    unknown = model.get("unk_id", 3)
    kinds = []
    for id_ in range(len(model["vocab"])):
        if id_ == unknown:
            kinds.append(gguf.TokenType.UNKNOWN)
        elif id_ in added:
            special = added[id_].get("special")
            kinds.append(gguf.TokenType.CONTROL if special else gguf.TokenType.USER_DEFINED)
        else:
            kinds.append(gguf.TokenType.NORMAL)
    pieces = Pieces(
        texts=[text.encode() for text, _ in model["vocab"]],
        kinds=kinds,
        scores=[float(score) for _, score in model["vocab"]],
    )
    _pad(pieces, rows)
    return pieces


def _write_spacing(writer: gguf.GGUFWriter, *, prefix: bool, squeeze: bool, table: bytes) -> None:
    writer.add_add_space_prefix(prefix)
    writer.add_remove_extra_whitespaces(squeeze)
    if table:
        writer.add_precompiled_charsmap(table)


def _pad(pieces: Pieces, rows: int) -> None:
    for id_ in range(len(pieces.texts), rows):
        pieces.texts.append(f"[PAD{id_}]".encode())
        pieces.kinds.append(gguf.TokenType.UNUSED)
        pieces.scores.append(_UNUSED_SCORE)
