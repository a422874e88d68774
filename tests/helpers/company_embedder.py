"""An embedder that waits until processes of two nodes embed, to prove that both got work."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hashing_embedder import HashingEmbedder

from kb.embedding.base import Vectors

WAIT_S = 300.0


class CompanyEmbedder(HashingEmbedder):
    """The vectors of a HashingEmbedder; each node leaves its mark in a folder, and waits for two.

    Args:
        marks: the folder. Processes of a node have its raylet as parent.
    """

    def __init__(self, marks: Path) -> None:
        self._marks = marks

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed once two nodes are at it.

        Raises:
            TimeoutError: no other node came.
        """
        (self._marks / str(os.getppid())).touch()
        until = time.monotonic() + WAIT_S
        while len(list(self._marks.iterdir())) < 2:
            if time.monotonic() > until:
                msg = "one node embeds alone"
                raise TimeoutError(msg)
            time.sleep(0.05)
        return super().embed_documents(texts, on_progress)
