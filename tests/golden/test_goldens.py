"""The committed goldens are what the references give today; needs them installed.

``make test-full`` installs them (``set_up.py``). ``KB_GOLDEN_PYTHON`` names another Python with the
packages of ``requirements.txt``, and ``KB_LLAMA_CPP`` another folder ``vendor/llama.cpp`` of
llama-cpp-python's source package.
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
from references import llama_cpp_source, reference_python

from kb.embedding.llama import LlamaEmbedder
from kb.models.convert import convert_checkpoint
from kb.models.registry import ModelFile

HERE = Path(__file__).parent
PYTHON = reference_python()
LLAMA_CPP = llama_cpp_source()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PYTHON is None,
        reason="transformers is not there: run `make test-full`, or set KB_GOLDEN_PYTHON",
    ),
]
needs_llama_cpp = pytest.mark.skipif(
    LLAMA_CPP is None,
    reason="llama.cpp's sources are not there: run `make test-full`, or set KB_LLAMA_CPP",
)


def _make(kind: str, out: Path) -> None:
    command = [str(PYTHON), str(HERE / "make_goldens.py"), kind, str(out)]
    environment = {**os.environ, "KB_LLAMA_CPP": str(LLAMA_CPP)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
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
