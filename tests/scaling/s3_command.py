"""``python -m ingest`` with an embedder that costs nothing, in a process of its own."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "helpers"))

from hashing_embedder import HashingEmbedder

from ingest import cli
from kb import KnowledgeBase

if __name__ == "__main__":
    opened = functools.partial(KnowledgeBase.open, embedder=HashingEmbedder())
    KnowledgeBase.open = opened  # type: ignore[method-assign] # for this process
    cli.main()
