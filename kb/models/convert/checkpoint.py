"""A checkpoint folder in the format of Hugging Face libraries: JSON files and tensors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from kb.errors import ModelError
from kb.models.convert.safetensors import StoredTensor, read_tensors

Json: TypeAlias = dict[str, Any]
"""A JSON object from outside; each reader checks the values that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The inputs of a conversion. ``tokenizer_config`` is empty if that file is missing."""

    folder: Path
    config: Json
    tokenizer: Json = field(repr=False)
    tokenizer_config: Json = field(repr=False)
    tensors: dict[str, StoredTensor] = field(repr=False)

    @property
    def architecture(self) -> str:
        """Class name of the saved model, such as ``BertModel``."""
        names = self.config.get("architectures") or []
        if not names:
            msg = f"{self.folder / 'config.json'} does not say its architecture (architectures)"
            raise ModelError(msg)
        return str(names[0])

    def number(self, key: str) -> int:
        """Return a whole number of ``config.json``.

        Raises:
            ModelError: the value is missing or not a whole number.
        """
        value = self.config.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            msg = f"{self.folder / 'config.json'} gives no whole number for {key}: {value!r}"
            raise ModelError(msg)
        return value

    def real(self, key: str) -> float:
        """Return a number of ``config.json``; raises as :meth:`number` does."""
        value = self.config.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            msg = f"{self.folder / 'config.json'} gives no number for {key}: {value!r}"
            raise ModelError(msg)
        return float(value)


def open_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint's JSON files and the headers of its weights.

    Raises:
        ModelError: a file is missing or damaged. The message names it.
    """
    if not folder.is_dir():
        msg = f"there is no checkpoint folder {folder}"
        raise ModelError(msg)
    optional = folder / "tokenizer_config.json"
    return Checkpoint(
        folder=folder,
        config=read_json(folder / "config.json"),
        tokenizer=read_json(folder / "tokenizer.json"),
        tokenizer_config=read_json(optional) if optional.is_file() else {},
        tensors=read_tensors(folder),
    )


def read_json(path: Path) -> Json:
    """Return the object in a JSON file.

    Raises:
        ModelError: the file is missing, damaged or not an object.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        advice = (
            "; save the tokenizer with AutoTokenizer.from_pretrained(…).save_pretrained(…)"
            if path.name == "tokenizer.json"
            else ""
        )
        msg = f"the checkpoint lacks {path}{advice or '; fetch the whole checkpoint'}"
        raise ModelError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"cannot read {path}: {error}; fetch it again"
        raise ModelError(msg) from error
    if not isinstance(value, dict):
        msg = f"{path} does not hold a JSON object; fetch it again"
        raise ModelError(msg)
    return value
