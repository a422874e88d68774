"""Vocabularies in GGUF's form: pieces, kinds and scores, and the rule that cuts text for them.

``tokenizer.json`` names the kind of tokenizer, and the architecture does not decide it: a BERT may
have a SentencePiece vocabulary (multilingual-e5-small).

llama.cpp's converter recognises a BPE tokenizer by a hash of its ids for one text. That requires
running the tokenizer and fails for unseen vocabularies. Only the rule that cuts text before merging
matters, and ``tokenizer.json`` contains it. So this module compares the rule and writes the same
name.
"""

from __future__ import annotations

import gguf

from kb.errors import ModelError
from kb.models.convert.checkpoint import Checkpoint
from kb.models.convert.special_tokens import (
    read_special_tokens,
    write_chat_template,
    write_normaliser,
)
from kb.models.convert.unigram import Pieces, write_unigram

# The rule of Qwen2 and Qwen3, which llama.cpp calls "qwen2".
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# llama.cpp's name for the standard WordPiece vocabulary. It selects no rule: llama.cpp always cuts
# WordPiece as BERT does.
_WORDPIECE_PRE = "jina-v2-en"

_SPACE = "\u2581"


def write_vocabulary(writer: gguf.GGUFWriter, checkpoint: Checkpoint, rows: int) -> None:
    """Write the tokenizer into a GGUF's header; ``rows`` is the number of token embeddings.

    Raises:
        ModelError: llama.cpp would read this kind of tokenizer differently.
    """
    kind = checkpoint.tokenizer.get("model", {}).get("type")
    if kind == "BPE":
        pieces = _write_bpe(writer, checkpoint, rows)
    elif kind == "WordPiece":
        pieces = _write_wordpiece(writer, checkpoint, rows)
    elif kind == "Unigram":
        pieces = write_unigram(writer, checkpoint, rows)
    else:
        msg = (
            f"{checkpoint.folder / 'tokenizer.json'} has a tokenizer of the kind {kind!r}; known "
            "are BPE as Qwen cuts it, WordPiece and Unigram"
        )
        raise ModelError(msg)
    if len(pieces.texts) != rows:
        msg = (
            f"{checkpoint.folder} has {len(pieces.texts)} tokens but embeddings for {rows}; "
            "tokenizer and weights are not of one model"
        )
        raise ModelError(msg)
    writer.add_token_list(pieces.texts)
    writer.add_token_types(pieces.kinds)
    if pieces.scores:
        writer.add_token_scores(pieces.scores)
    if kind != "BPE":
        writer.add_token_type_count(checkpoint.config.get("type_vocab_size", 1))
    read_special_tokens(checkpoint, len(pieces.texts)).write(writer)
    write_normaliser(writer, checkpoint.tokenizer)
    write_chat_template(writer, checkpoint)


def _write_bpe(writer: gguf.GGUFWriter, checkpoint: Checkpoint, rows: int) -> Pieces:
    tokenizer = checkpoint.tokenizer
    rule = tokenizer.get("pre_tokenizer") or {}
    patterns = [
        part.get("pattern", {}).get("Regex")
        for part in rule.get("pretokenizers", [rule])
        if part.get("type") == "Split"
    ]
    if patterns != [QWEN2_SPLIT]:
        msg = (
            f"{checkpoint.folder / 'tokenizer.json'} cuts text by a rule that is not recognised "
            f"({patterns or rule.get('type')}); of BPE tokenizers only Qwen's are known"
        )
        raise ModelError(msg)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    merges = [
        merge if isinstance(merge, str) else " ".join(merge)
        for merge in tokenizer["model"]["merges"]
    ]
    writer.add_token_merges(merges)
    return _listed(checkpoint, rows)


def _write_wordpiece(writer: gguf.GGUFWriter, checkpoint: Checkpoint, rows: int) -> Pieces:
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre(_WORDPIECE_PRE)
    pieces = _listed(checkpoint, rows)
    # llama.cpp marks the starts of words instead of their continuations.
    pieces.texts = [
        text
        if kind is gguf.TokenType.CONTROL
        else text[2:]
        if text.startswith(b"##")
        else _SPACE.encode() + text
        for text, kind in zip(pieces.texts, pieces.kinds, strict=True)
    ]
    return pieces


def _listed(checkpoint: Checkpoint, rows: int) -> Pieces:
    """Return the pieces of a vocabulary that maps texts to ids, padded to ``rows``."""
    size = checkpoint.config.get("vocab_size", rows)
    tokenizer = checkpoint.tokenizer
    by_id = {id_: text for text, id_ in tokenizer["model"]["vocab"].items()}
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    for id_, token in checkpoint.tokenizer_config.get("added_tokens_decoder", {}).items():
        added.setdefault(int(id_), token)
    top = max([*by_id, *added])
    if top >= size:
        msg = f"{checkpoint.folder} has a token {top}, but vocab_size is {size}"
        raise ModelError(msg)
    texts, kinds = [], []
    for id_ in range(size):
        if id_ in added:
            text = str(added[id_]["content"])
            control = added[id_].get("special") or (text.startswith("<|") and text.endswith("|>"))
            kinds.append(gguf.TokenType.CONTROL if control else gguf.TokenType.USER_DEFINED)
        else:
            text = by_id.get(id_, f"[PAD{id_}]")
            kinds.append(gguf.TokenType.NORMAL if id_ in by_id else gguf.TokenType.UNUSED)
        texts.append(text.encode())
    return Pieces(texts=texts, kinds=kinds, scores=[])
