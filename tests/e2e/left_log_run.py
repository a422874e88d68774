"""Adds a document and ends as killed: the log of the catalog stays beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "helpers"))

from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings


def main() -> None:
    settings = Settings.load(data_dir=Path(sys.argv[1]))
    base = KnowledgeBase.open(settings, embedder=HashingEmbedder())
    base.add("The ferry leaves at nine. 渡轮九点开。", name="ferry")
    base.begin_run(["ferry"])
    os._exit(0)


if __name__ == "__main__":
    main()
