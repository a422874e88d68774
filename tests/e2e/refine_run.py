"""Refines a collection with hashed words, slowly, in a process that a test kills.

usage: refine_run.py DATA_FOLDER SECONDS_A_TEXT
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kb import KnowledgeBase, Settings
from kb.embedding.base import Vectors
from tests.helpers.hashing_embedder import HashingEmbedder


class Slow(HashingEmbedder):
    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        time.sleep(len(texts) * float(sys.argv[2]))
        return super().embed_documents(texts, on_progress)


def tell(done: int, total: int) -> None:
    sys.stdout.write(f"{done} of {total}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with KnowledgeBase.open(Settings(data_dir=Path(sys.argv[1])), embedder=Slow()) as base:
        base.refine(on_progress=tell)
