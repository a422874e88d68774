"""The control tokens of a tokenizer, and those that it puts around a text.

The rules are those of the converter in the llama.cpp release in use. The ``gguf`` package on PyPI
(0.19) has an older version, so they are repeated here. That version lets ``tokenizer_config.json``
override the tokenizer, and ignores the switches of the normaliser.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import gguf

from kb.errors import ModelError
from kb.models.convert.checkpoint import Checkpoint, Json, read_json

_KINDS = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
_WRITTEN = ("bos", "eos", "unk", "sep", "pad", "mask", "eot")  # GGUF has no field for cls
_ADDABLE = ("bos", "eos", "sep")


@dataclass(slots=True, kw_only=True)
class SpecialTokens:
    """Contents and ids by kind, such as ``eos``; ``added`` are the kinds put around a text."""

    contents: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    added: dict[str, bool] = field(default_factory=dict)

    def write(self, writer: gguf.GGUFWriter) -> None:
        """Write them into a GGUF's header."""
        for kind, token in self.ids.items():
            # GGUF's older spelling, which llama.cpp's converter still writes.
            key = {"sep": "seperator", "unk": "unknown", "pad": "padding"}.get(kind, kind)
            writer.add_uint32(f"tokenizer.ggml.{key}_token_id", token)
        for kind, value in self.added.items():
            writer.add_bool(f"tokenizer.ggml.add_{kind}_token", value)


def read_special_tokens(checkpoint: Checkpoint, n_vocab: int) -> SpecialTokens:
    """Read them from ``tokenizer.json``, ``tokenizer_config.json`` and ``config.json``.

    Raises:
        ModelError: the tokenizer puts more than one token on a side of a text, and llama.cpp
            cannot.
    """
    settings = checkpoint.tokenizer_config
    special = SpecialTokens()
    for kind in _KINDS:
        content = settings.get(f"{kind}_token")
        content = content.get("content") if isinstance(content, dict) else content
        if isinstance(content, str):
            special.contents[kind] = content
    for kind, other in (("bos", "cls"), ("eos", "sep")):
        if kind not in special.contents and other in special.contents:
            special.contents[kind] = special.contents[other]
    processor = checkpoint.tokenizer.get("post_processor") or {}
    for part in processor.get("processors", [processor]):
        _apply_processor(special, part, checkpoint)
    for kind in _ADDABLE:
        if isinstance(value := settings.get(f"add_{kind}_token"), bool):
            special.added.setdefault(kind, value)
    added = {token["content"]: token["id"] for token in checkpoint.tokenizer["added_tokens"]}
    for kind in _WRITTEN:
        token = added.get(special.contents.get(kind))
        token = checkpoint.config.get(f"{kind}_token_id") if token is None else token
        if isinstance(token, int) and 0 <= token < n_vocab:
            special.ids[kind] = token
    return special


def write_normaliser(writer: gguf.GGUFWriter, tokenizer: Json) -> None:
    """Write whether the tokenizer lowers case and strips accents (BERT's switches)."""
    rule = tokenizer.get("normalizer") or {}
    for part in rule.get("normalizers", [rule]):
        kind = part.get("type")
        switches = {
            "lowercase": part.get("lowercase") if kind == "BertNormalizer" else kind == "Lowercase",
            "strip_accents": (
                part.get("strip_accents") if kind == "BertNormalizer" else kind == "StripAccents"
            ),
        }
        for name, value in switches.items():
            if value or (value is False and kind == "BertNormalizer"):
                writer.add_bool(f"tokenizer.ggml.normalizer.{name}", value)


def write_chat_template(writer: gguf.GGUFWriter, checkpoint: Checkpoint) -> None:
    """Copy the chat template, which embedding does not use but GGUF files contain.

    Alternatives in ``additional_chat_templates`` are left out, because nothing here can choose
    them.
    """
    template = checkpoint.tokenizer_config.get("chat_template")
    if template is None:
        jinja = checkpoint.folder / "chat_template.jinja"
        stored = checkpoint.folder / "chat_template.json"
        if jinja.is_file():
            template = jinja.read_text("utf-8")
        elif stored.is_file():
            template = read_json(stored).get("chat_template")
    if isinstance(template, str | list):
        writer.add_chat_template(template)


def _apply_processor(special: SpecialTokens, part: Json, checkpoint: Checkpoint) -> None:
    kind = part.get("type")
    if kind == "ByteLevel":
        special.added.setdefault("bos", False)
        special.added.setdefault("eos", False)
    elif kind == "RobertaProcessing":
        special.added.update(bos=True, eos=True, sep=True)
        special.contents.setdefault("cls", part["cls"][0])
        special.contents.setdefault("sep", part["sep"][0])
    elif kind == "TemplateProcessing":
        _apply_template(special, part, checkpoint)


def _apply_template(special: SpecialTokens, part: Json, checkpoint: Checkpoint) -> None:
    single = [_special_token(entry) for entry in part.get("single", [])]
    if single.count(None) != 1 or len(single) > 3:  # noqa: PLR2004 - one before, text, one after
        msg = (
            f"{checkpoint.folder / 'tokenizer.json'} surrounds a text with {single}; llama.cpp "
            "puts at most one token before and one after it"
        )
        raise ModelError(msg)
    contents = special.contents
    first, last = single[0], single[-1]
    if first is not None:
        contents.setdefault("bos", first)
        contents.setdefault("cls", first)
        special.added["bos"] = first in {contents["bos"], contents["cls"]}
    if last is not None:
        if "eos" in contents and contents["eos"] != last:
            # The end of a chat turn is not the end of a text to embed (Qwen3-Embedding).
            contents["eot"] = contents["eos"]
        contents["eos"] = last
        special.added["eos"] = True
    pair = part.get("pair") or []
    if pair:
        texts = [at for at, entry in enumerate(pair) if _special_token(entry) is None]
        between = [_special_token(entry) for entry in pair[texts[0] + 1 : texts[-1]]]
        separators = {contents.get("sep"), contents.get("eos")}
        # A single separator between two texts is the first text's end, unless no token ends a text.
        special.added["sep"] = (len(between) == 1 and between[0] in separators and not last) or (
            len(between) == 2 and between[1] in separators  # noqa: PLR2004
        )
        if special.added["sep"] and "eos" in contents:
            contents.setdefault("sep", contents["eos"])


def _special_token(entry: Json) -> str | None:
    token = entry.get("SpecialToken", {}).get("id")
    return None if token is None else str(token)
