"""Where memory is refused, less is done at once, and it is said. The refusals are the system's own.

Each script measures what it needs, then limits its own address space (RLIMIT_AS) to less. Only a
GPU's refusals are played, on a processor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.embedding.llama import LlamaEmbedder
from kb.errors import OutOfMemoryError
from kb.llama import fitting
from kb.llama.context import Context
from kb.llama.library import devices
from kb.models.prompts import E5
from kb.models.registry import ModelFile

BEGIN = """
import dataclasses, json, logging, resource, sys
from pathlib import Path
import numpy as np
from kb.llama import fitting
from kb.llama.context import Context
from kb.embedding.llama import LlamaEmbedder
from kb.llama.native import Model
from kb.models.prompts import E5
from kb.embedding.traits import read_traits
from kb.models.registry import ModelFile

logging.basicConfig(level=logging.WARNING)
file = ModelFile(model_id="e5", path=Path(sys.argv[1]), prompts=E5)

def used():
    return int(Path("/proc/self/statm").read_text().split()[0]) * 4096

def allow(more):
    limit = -1 if more is None else used() + int(more)
    resource.setrlimit(resource.RLIMIT_AS, (limit, -1))

def needed(model, tokens):
    before = used()
    made = Context(
        model, n_batch=tokens, n_ubatch=tokens, n_seq=fitting.PACKED_SEQUENCES, threads=1, pooling=1
    )
    needs = used() - before
    made.close()
    return needs
"""

SMALLER_CALLS = """
model = Model(file.path, n_gpu_layers=0)
traits = dataclasses.replace(read_traits(model, file), context_tokens=512)
half, whole = needed(model, 8192), needed(model, 16384)
fitting.PACKED_TOKENS = 16384  # so much that the refusal is of the call, not of something small
notices = []
wish = fitting.Wish(n_gpu_layers=0, pack=True, cores=1)
allow((half + whole) / 2)
context = fitting._largest_packed(model, traits, wish, gpu=False, notices=notices)
allow(None)
vectors = context.encode([model.tokenize("one text"), model.tokenize("another")])
print(json.dumps([context.n_ubatch, notices, bool(np.isfinite(vectors).all())]))
"""

SMALLER_CALLS_LATER = """
texts = [f"{n} " + "harbour " * 80 for n in range(4)]
embedder = LlamaEmbedder(file, n_gpu_layers=0, threads=1, pack=True)
# Room for scores, which llama.cpp makes on the first call, takes 1 MB a token.
tokens = sum(embedder.count_tokens(texts))
allow(0.7 * 2**20 * tokens)
limited = embedder.embed_documents(texts)
allow(None)
whole = embedder.embed_documents(texts)
print(json.dumps(float((limited * whole).sum(axis=1).min())))
"""

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def run(script: str, models_dir: Path) -> tuple[Any, str]:
    """Return what a script printed as JSON, and what it warned of."""
    path = models_dir / "multilingual-e5-small-q4_0.gguf"
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + script, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"GGML_NO_BACKTRACE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@needs_proc
def test_calls_are_halved_until_their_memory_is_granted(models_dir: Path) -> None:
    (tokens, notices, finite), log = run(SMALLER_CALLS, models_dir)
    assert tokens == 8192
    assert finite
    assert len(notices) == 1
    assert "calls of 16384 tokens do not fit" in notices[0]
    assert "lower KB_CONTEXT_TOKENS or KB_N_GPU_LAYERS" in notices[0]
    assert "8192 are tried" in notices[0]
    assert notices[0] in log


@needs_proc
def test_a_call_whose_memory_is_refused_is_made_in_two(models_dir: Path) -> None:
    cosine, log = run(SMALLER_CALLS_LATER, models_dir)
    assert cosine > 0.9999
    assert "are embedded in two calls instead of one" in log


def test_every_device_tells_its_memory() -> None:
    assert any(not device.gpu for device in devices())
    assert all(0 < device.free <= device.total for device in devices())


def slow(refused: int, layers: int, said: list[str]) -> object:
    """A case that `make test` leaves out: the model is opened as often as it is refused."""
    return pytest.param(refused, layers, said, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("refused", "layers", "said"),
    [
        slow(0, 12, []),
        slow(2, 12, ["calls of 2048 tokens", "calls of 1024 tokens"]),
        (3, 9, ["calls of 2048 tokens", "calls of 1024 tokens", "all layers"]),
        slow(99, 0, ["all layers", "9 layers", "6 layers", "3 layers"]),
    ],
)
def test_smaller_calls_are_tried_before_fewer_layers_on_the_gpu(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch, refused: int, layers: int, said: list[str]
) -> None:
    left = refused

    def refuse(context: Context) -> None:
        nonlocal left
        if left:
            left -= 1
            context.close()
            message = "no room"
            raise OutOfMemoryError(message)

    monkeypatch.setattr(fitting, "supports_gpu", lambda: True)
    monkeypatch.setattr(fitting, "_check_spare", refuse)
    path = models_dir / "multilingual-e5-small-q4_0.gguf"
    file = ModelFile(model_id="e5", path=path, prompts=E5)
    with closing(LlamaEmbedder(file, threads=1)) as embedder:
        assert embedder.description["layers_on_gpu"] == layers
        notes = str(embedder.description.get("notes", ""))
        assert np.isfinite(embedder.embed_query("one text")).all()
    assert [note for note in said if note not in notes] == []
