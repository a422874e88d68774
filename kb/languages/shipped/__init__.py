"""The means of languages that come with the program, for the default model.

Each model's file is named by the first digits of its fingerprint: the hash of its weights and of
all options that change vectors. ``tests/files/make_means.py`` makes it from
:mod:`kb.languages.questions`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from kb.embedding.base import EmbedderIdentity, Vector
from kb.languages.neutral import ModelMeans
from kb.languages.trial import RecallFigures, Trial

_NUMBER = np.dtype("<f2")


def name_of(fingerprint: str) -> str:
    """Return the file name of a model's means."""
    return f"{fingerprint[:16]}.json"


def encode(identity: EmbedderIdentity, trials: Mapping[str, Trial]) -> str:
    """Return the text of a model's file."""
    languages = {
        name: {
            "query": _text(trial.query),
            "passage": _text(trial.passage),
            "figures": asdict(trial.figures),
        }
        for name, trial in sorted(trials.items())
    }
    content = {
        "model_id": identity.model_id,
        "fingerprint": identity.fingerprint,
        "dim": identity.dim,
        "languages": languages,
    }
    return json.dumps(content, indent=1) + "\n"


@cache
def shipped_trials(fingerprint: str) -> Mapping[str, Trial]:
    """Return a model's means by language, with figures; empty for a model without any."""
    file = files(__name__).joinpath(name_of(fingerprint))
    if not file.is_file():
        return {}
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if content["fingerprint"] != fingerprint:
        return {}
    return {
        name: Trial(
            language=name,
            query=_vector(found["query"]),
            passage=_vector(found["passage"]),
            figures=RecallFigures(**found["figures"]),
        )
        for name, found in content["languages"].items()
    }


@cache
def shipped_means(fingerprint: str) -> ModelMeans | None:
    """Return a model's means; None if none come with the program."""
    found = shipped_trials(fingerprint)
    if not found:
        return None
    return ModelMeans(
        queries={name: trial.query for name, trial in found.items()},
        passages={name: trial.passage for name, trial in found.items()},
        complete=True,
    )


def _text(vector: Vector) -> str:
    return base64.b64encode(vector.astype(_NUMBER).tobytes()).decode("ascii")


def _vector(text: str) -> Vector:
    return np.frombuffer(base64.b64decode(text), _NUMBER).astype(np.float32)
