"""The committed goldens are what the references give today; needs them installed.

``KB_GOLDEN_PYTHON`` names a Python with the packages of ``requirements.txt`` beside, and
``KB_LLAMA_CPP`` the folder ``vendor/llama.cpp`` of llama-cpp-python's source package.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_texts import golden_texts
from header_of import header_of

from kb.embedding.llama import LlamaEmbedder
from kb.models.convert import convert_checkpoint
from kb.models.registry import ModelFile

HERE = Path(__file__).parent
PYTHON = os.environ.get("KB_GOLDEN_PYTHON")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PYTHON is None,
        reason="KB_GOLDEN_PYTHON names no Python with tests/golden/requirements.txt installed",
    ),
]
needs_llama_cpp = pytest.mark.skipif(
    "KB_LLAMA_CPP" not in os.environ,
    reason="KB_LLAMA_CPP does not name vendor/llama.cpp of llama-cpp-python's source package",
)


def _make(kind: str, out: Path) -> None:
    command = [str(PYTHON), str(HERE / "make_goldens.py"), kind, str(out)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def _stored(name: str) -> dict[str, Any]:
    return dict(json.loads((HERE / name).read_text("utf-8")))


def test_transformers_gives_the_committed_vectors(tmp_path: Path) -> None:
    _make("vectors", tmp_path / "vectors.json")
    made = json.loads((tmp_path / "vectors.json").read_text("utf-8"))
    stored = _stored("vectors.json")
    for name, entries in stored.items():
        assert made[name].keys() == entries.keys()
        for title, entry in entries.items():
            assert made[name][title]["ids"] == entry["ids"], (name, title)
            one, other = (
                np.frombuffer(base64.b64decode(e["vector"]), dtype="<f4")
                for e in (made[name][title], entry)
            )
            np.testing.assert_allclose(one, other, atol=1e-5, err_msg=f"{name} {title}")


@needs_llama_cpp
def test_llama_cpps_converter_writes_the_committed_headers(tmp_path: Path) -> None:
    _make("headers", tmp_path / "headers.json")
    assert json.loads((tmp_path / "headers.json").read_text("utf-8")) == _stored("headers.json")


@needs_llama_cpp
def test_the_whole_qwen_vocabulary_is_converted_and_read_as_the_references_do(
    tmp_path: Path,
) -> None:
    _make("full", tmp_path)
    convert_checkpoint(tmp_path / "qwen3", tmp_path / "ours.gguf", quantize="F16")
    assert header_of(tmp_path / "ours.gguf") == header_of(tmp_path / "qwen3.gguf")
    embedder = LlamaEmbedder(
        ModelFile(model_id="full", path=tmp_path / "ours.gguf"), n_gpu_layers=0
    )
    ids = json.loads((tmp_path / "ids.json").read_text("utf-8"))
    texts = golden_texts()
    assert ids.keys() == texts.keys()
    for title, text in texts.items():
        assert embedder._tokenizer.tokens(text).tolist() == ids[title], title
    embedder.close()
