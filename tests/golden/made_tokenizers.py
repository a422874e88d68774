"""Small tokenizers with the real ones' rules, made from the golden texts: Qwen, BERT, XLM-R."""

from __future__ import annotations

import base64
import io
import itertools
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from golden_texts import SENTENCES

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# Content, and whether the tokenizer calls it special: Qwen3's, a representative third of them.
QWEN_ADDED = [
    ("<|endoftext|>", True),
    ("<|im_start|>", True),
    ("<|im_end|>", True),
    ("<|vision_start|>", True),
    ("<tool_call>", False),
    ("<|fim_prefix|>", False),
    ("<think>", False),
]

_MERGES = 400


def write_qwen_tokenizer(
    folder: Path, ranks: Sequence[bytes] | None = None, *, answers: bool = False
) -> int:
    """Write Qwen3-Embedding's tokenizer files, or Qwen3-Reranker's; return the number of tokens.

    Args:
        folder: the checkpoint.
        ranks: Qwen's own byte sequences by rank, for the full vocabulary; None makes a small one.
        answers: have ``yes``, ``no``, ``|`` and ``</think>``, and nothing that ends a text.
    """
    pieces, merges = _train_bpe() if ranks is None else _bpe_of_ranks(ranks)
    if answers:
        for a, b in ((b"n", b"o"), (b"y", b"e"), (b"ye", b"s")):
            if a + b not in pieces:
                pieces.append(a + b)
                merges.append((a, b))
    vocab = {_visible(piece): id_ for id_, piece in enumerate(pieces)}
    added = [
        _added(len(vocab) + at, content, special=special)
        for at, (content, special) in enumerate(
            [*QWEN_ADDED, *([("</think>", False)] if answers else [])]
        )
    ]
    end = {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}
    _write_json(
        folder / "tokenizer.json",
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {
                        "type": "Split",
                        "pattern": {"Regex": QWEN2_SPLIT},
                        "behavior": "Isolated",
                        "invert": False,
                    },
                    _byte_level(use_regex=False),
                ],
            },
            "post_processor": _byte_level(use_regex=False)
            if answers
            else {
                "type": "Sequence",
                "processors": [
                    _byte_level(use_regex=False),
                    {
                        "type": "TemplateProcessing",
                        "single": [_sequence("A"), end],
                        "pair": [_sequence("A"), end, _sequence("B"), end],
                        "special_tokens": _template_tokens(added[:1]),
                    },
                ],
            },
            "decoder": _byte_level(use_regex=False),
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": "",
                "end_of_word_suffix": "",
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": vocab,
                "merges": [[_visible(a), _visible(b)] for a, b in merges],
            },
        },
    )
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "add_bos_token": False,
            "add_prefix_space": False,
            "bos_token": None,
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "unk_token": None,
            "chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}",
        },
    )
    return len(vocab) + len(added)


def write_bert_tokenizer(folder: Path) -> int:
    """Write BERT's uncased WordPiece files; return the number of tokens.

    Georgian is left out of the vocabulary, so that unknown words occur.
    """
    words = Counter[str]()
    for name, sentence in SENTENCES.items():
        if name != "georgian":
            bare = unicodedata.normalize("NFD", sentence.lower())
            bare = "".join(c for c in bare if unicodedata.category(c) != "Mn")
            words.update(re.findall(r"\w+|[^\w\s]", bare))
    letters = sorted({letter for word in words for letter in word})
    common = [word for word, _ in words.most_common(150)]
    tails = sorted({f"##{word[-n:]}" for word in common for n in (2, 3) if len(word) > n})
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    listed = [*specials, "[unused0]", *letters, *(f"##{c}" for c in letters), *common, *tails]
    vocab = {text: id_ for id_, text in enumerate(dict.fromkeys(listed))}
    added = [_added(vocab[text], text, special=True) for text in specials]
    first, last = ({"SpecialToken": {"id": t, "type_id": 0}} for t in ("[CLS]", "[SEP]"))
    _write_json(
        folder / "tokenizer.json",
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [first, _sequence("A"), last],
                "pair": [first, _sequence("A"), last, _sequence("B", 1), last],
                "special_tokens": _template_tokens([added[2], added[3]]),
            },
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": vocab,
            },
        },
    )
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": True,
            **{f"{s[1:-1].lower()}_token": s for s in specials},
        },
    )
    return len(vocab)


def write_xlmr_tokenizer(folder: Path) -> int:
    """Write XLM-R's SentencePiece files; return the number of tokens."""
    from sentencepiece import sentencepiece_model_pb2 as pb  # noqa: PLC0415 - slow to import

    pieces = _unigram_pieces()
    rule = nmt_nfkc()
    model = pb.ModelProto()
    model.normalizer_spec.CopyFrom(rule)
    model.trainer_spec.model_type = model.trainer_spec.UNIGRAM
    kind = model.SentencePiece
    for text, score, type_ in [
        ("<unk>", 0.0, kind.UNKNOWN),
        ("<s>", 0.0, kind.CONTROL),
        ("</s>", 0.0, kind.CONTROL),
        *((text, score, kind.NORMAL) for text, score in pieces),
    ]:
        model.pieces.add(piece=text, score=score, type=type_)
    (folder / "sentencepiece.bpe.model").write_bytes(model.SerializeToString())
    listed = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    listed += [[text, score] for text, score in pieces] + [["<mask>", 0.0]]
    ids = {text: at for at, (text, _) in enumerate(listed)}
    added = [
        _added(ids[text], text, special=True)
        for text in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    ]
    first, last = ({"SpecialToken": {"id": t, "type_id": 0}} for t in ("<s>", "</s>"))
    _write_json(
        folder / "tokenizer.json",
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {
                "type": "Precompiled",
                "precompiled_charsmap": base64.b64encode(rule.precompiled_charsmap).decode(),
            },
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "WhitespaceSplit"},
                    {
                        "type": "Metaspace",
                        "replacement": "▁",
                        "prepend_scheme": "always",
                        "split": True,
                    },
                ],
            },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [first, _sequence("A"), last],
                "pair": [first, _sequence("A"), last, last, _sequence("B"), last],
                "special_tokens": _template_tokens([added[0], added[2]]),
            },
            "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
            "model": {"type": "Unigram", "unk_id": 3, "vocab": listed, "byte_fallback": False},
        },
    )
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "XLMRobertaTokenizer",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "cls_token": "<s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>",
            "mask_token": "<mask>",
        },
    )
    return len(listed)


def _train_bpe() -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    words = Counter[tuple[bytes, ...]]()
    for sentence in SENTENCES.values():
        for word in re.findall(r" ?\w+|[^\w\s]+", sentence):
            words[tuple(bytes([b]) for b in word.encode())] += 1
    pieces = [ord(c).to_bytes() for c in map(chr, _byte_order())]
    merges = []
    while len(merges) < _MERGES:
        pairs = Counter[tuple[bytes, bytes]]()
        for word, count in words.items():
            for pair in itertools.pairwise(word):
                pairs[pair] += count
        a, b = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if a + b not in pieces:
            pieces.append(a + b)
            merges.append((a, b))
        merged = Counter[tuple[bytes, ...]]()
        for word, count in words.items():
            merged[_merge(word, a, b)] += count
        words = merged
    return pieces, merges


def _merge(word: tuple[bytes, ...], a: bytes, b: bytes) -> tuple[bytes, ...]:
    out: list[bytes] = []
    at = 0
    while at < len(word):
        if word[at : at + 2] == (a, b):
            out.append(a + b)
            at += 2
        else:
            out.append(word[at])
            at += 1
    return tuple(out)


def _bpe_of_ranks(ranks: Sequence[bytes]) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    """Return pieces and the merge that makes each of them: its own bytes, merged by lower ranks."""
    order = {piece: rank for rank, piece in enumerate(ranks)}
    merges = []
    for rank, piece in enumerate(ranks):
        if len(piece) == 1:
            continue
        parts = [bytes([b]) for b in piece]
        while len(parts) > 2:
            known = [
                (order.get(a + b, rank), at) for at, (a, b) in enumerate(itertools.pairwise(parts))
            ]
            best, at = min(known)
            if best >= rank:
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        assert len(parts) == 2, piece
        merges.append((parts[0], parts[1]))
    return list(ranks), merges


def _byte_order() -> Iterable[int]:
    """Return bytes in GPT-2's order: those that print first."""
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [*printing, *(b for b in range(256) if b not in printing)]


def _visible(piece: bytes) -> str:
    """Return bytes as GPT-2 writes them: those that do not print as letters from 256 on."""
    return "".join(_VISIBLE[b] for b in piece)


_VISIBLE = {
    byte: chr(byte) if at < 188 else chr(256 + at - 188) for at, byte in enumerate(_byte_order())
}


def _unigram_pieces() -> list[tuple[str, float]]:
    counts = Counter[str]()
    for sentence in SENTENCES.values():
        for word in unicodedata.normalize("NFKC", sentence).split():
            counts[f"▁{word}"] += 3
            counts.update(word[:n] for n in (1, 2, 3))
            counts.update(word)
    counts["▁"] += 50
    total = sum(counts.values())
    ordered = sorted(counts, key=lambda text: (-counts[text], text))
    # Longer pieces win over the letters that they are made of.
    return [(text, math.log(counts[text] / total) / len(text) ** 0.5) for text in ordered]


def nmt_nfkc() -> Any:  # noqa: ANN401 - a protobuf message, which has no types
    """Return SentencePiece's standard normalisation, out of the tiniest model trained with it."""
    import sentencepiece  # noqa: PLC0415
    from sentencepiece import sentencepiece_model_pb2 as pb  # noqa: PLC0415

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
    return pb.ModelProto.FromString(buffer.getvalue()).normalizer_spec


def _added(id_: int, content: str, *, special: bool) -> dict[str, object]:
    return {
        "id": id_,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": special,
    }


def _sequence(id_: str, type_id: int = 0) -> dict[str, object]:
    return {"Sequence": {"id": id_, "type_id": type_id}}


def _template_tokens(added: list[dict[str, object]]) -> dict[str, object]:
    return {
        str(token["content"]): {
            "id": token["content"],
            "ids": [token["id"]],
            "tokens": [token["content"]],
        }
        for token in added
    }


def _byte_level(*, use_regex: bool) -> dict[str, object]:
    return {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": use_regex,
    }


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
