"""Names of models to download: those of the registry, and ``hf:…`` and ``ms:…``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kb.errors import ModelError
from kb.models.registry import find_known, offered_for

Hub = Literal["hf", "ms"]
HUB_NAMES = {"hf": "Hugging Face", "ms": "ModelScope"}

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_PATTERN = re.compile(rf"(hf|ms):({_PART}/{_PART})/((?:{_PART}/)*{_PART}\.gguf)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One file of one repository of a hub."""

    hub: Hub
    repository: str
    file: str

    def __str__(self) -> str:
        return f"{self.hub}:{self.repository}/{self.file}"


def parse_reference(text: str, *, hub: Hub = "hf", quant: str | None = None) -> Reference:
    """Return the file that ``text`` names.

    Args:
        text: ``Qwen3-Embedding-4B``, ``Qwen3-Embedding-4B:Q8_0``, ``hf:owner/repo/file.gguf`` or
            ``ms:owner/repo/file.gguf``.
        hub: the hub of models of the registry.
        quant: its quantisation; the default is that in ``text``, or else the model's own.

    Raises:
        ModelError: the text names no model, or one that needs no download.
    """
    match = _PATTERN.fullmatch(text)
    if match:
        chosen: Hub = "hf" if match[1] == "hf" else "ms"
        return Reference(hub=chosen, repository=match[2], file=match[3])
    name, _, named_quant = text.partition(":")
    known = find_known(name)
    if known is None:
        msg = (
            f"there is no model {text!r}: name one of {offered_for(name)}, "
            "or a file as hf:owner/repo/file.gguf or ms:owner/repo/file.gguf"
        )
        raise ModelError(msg)
    if known.built_in:
        msg = f"{known.name} is built in: there is nothing to download"
        raise ModelError(msg)
    if hub == "ms" and not known.on_modelscope:
        msg = f"{known.name} is not known to be on ModelScope; pull it from Hugging Face"
        raise ModelError(msg)
    file = known.file(quant or named_quant or None)
    return Reference(hub=hub, repository=known.repository, file=file.name)
