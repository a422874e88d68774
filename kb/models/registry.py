"""The models this release knows, and how to find the one that the settings name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.embedding.prompts import BARE, E5, QWEN3, Prompts
from kb.errors import ModelError
from kb.models import bundled
from kb.settings import Settings

# Families by the architecture in the GGUF header; a name in the file proves nothing.
_BY_ARCHITECTURE: Mapping[str, Prompts] = {"qwen3": QWEN3}

_SAMPLE_BYTES = 1 << 16
_SAMPLES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model on disk. ``prompts`` is None where the GGUF's architecture must decide."""

    model_id: str
    path: Path
    prompts: Prompts | None = None


def resolve_model(settings: Settings) -> ModelFile:
    """Find the model named in ``settings``, writing the bundled one if it is not there yet.

    Raises:
        ModelError: there is no such model; the message says what can be named.
    """
    if settings.model == bundled.MODEL_ID:
        path = bundled.ensure_bundled_model(settings.models_dir)
        return ModelFile(model_id=bundled.MODEL_ID, path=path, prompts=E5)
    named = Path(settings.model).expanduser()
    for path in (named, settings.models_dir / named):
        if path.is_file():
            return ModelFile(model_id=path.stem, path=path.resolve())
    msg = (
        f"there is no model {settings.model!r}: name {bundled.MODEL_ID!r} (built in), or give "
        f"the path of a GGUF file, or put the file into {settings.models_dir}"
    )
    raise ModelError(msg)


def prompts_for(model: ModelFile, architecture: str | None) -> Prompts:
    """Return how ``model`` wants its inputs, by the table or by its architecture."""
    return model.prompts or _BY_ARCHITECTURE.get(architecture or "", BARE)


def weights_fingerprint(path: Path) -> str:
    """Return a hash of a model file: its size, head and 64 samples spread over it.

    Hashing all of a 2.5 GB file would cost seconds at each start; quantised weights differ in
    nearly every block, so samples tell two models apart.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for sample in range(_SAMPLES):
            file.seek(max(0, size - _SAMPLE_BYTES) * sample // max(1, _SAMPLES - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()
