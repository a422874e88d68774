"""What is compared of two GGUF files: every key with its type and value, every tensor's digest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from gguf import GGUFReader

_LONG = 300


def header_of(path: Path) -> dict[str, dict[str, list[object]]]:
    """Return ``keys`` (types and value) and ``tensors`` (type, shape and digest) of a GGUF.

    Long values, such as the vocabulary, stand as their digest.
    """
    reader = GGUFReader(path)
    keys = {}
    for name, field in reader.fields.items():
        if name.startswith("GGUF."):
            continue  # counts of what follows
        value = field.contents()
        text = json.dumps(value, ensure_ascii=False)
        if len(text) > _LONG:
            value = hashlib.sha256(text.encode()).hexdigest()
        keys[name] = [[kind.name for kind in field.types], value]
    tensors = {
        tensor.name: [
            tensor.tensor_type.name,
            tensor.shape.tolist(),
            hashlib.sha256(tensor.data.tobytes()).hexdigest()[:16],
        ]
        for tensor in reader.tensors
    }
    return {"keys": keys, "tensors": tensors}
