"""The working memory of a model does not grow with its vocabulary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Room for a score of each of 250,000 pieces for each of 512 tokens takes 512 MB in each context.
SCRIPT = """
import sys
from pathlib import Path
from kb.embedding.llama import LlamaEmbedder
from kb.models.prompts import E5
from kb.models.registry import ModelFile

def resident_mib():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 // 2**20

model = ModelFile(model_id="e5", path=Path(sys.argv[1]), prompts=E5)
embedder = LlamaEmbedder(model, n_gpu_layers=0, threads=3)
embedder.embed_query("warm")
before = resident_mib()
embedder.embed_documents([f"{n} " + "harbour " * 150 for n in range(6)])
print(resident_mib() - before)
embedder.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_long_texts_on_three_contexts_take_little_memory(models_dir: Path) -> None:
    path = models_dir / "multilingual-e5-small-q4_0.gguf"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 200
