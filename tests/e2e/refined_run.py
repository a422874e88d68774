"""Ingests a folder with hashed words, says when all can be found, then embeds sentences slowly.

usage: refined_run.py DATA_FOLDER FOLDER
Run by ``test_refined_runs.py`` in a process of its own, which is killed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from hashing_embedder import HashingEmbedder

from ingest import IngestReport, ingest
from ingest.pipeline.sentences import Refining
from kb import KnowledgeBase, Settings
from kb.embedding.base import Vectors


class Slow(HashingEmbedder):
    pause_s = 0.0

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        time.sleep(len(texts) * self.pause_s)
        return super().embed_documents(texts, on_progress)


def main() -> None:
    data_dir, folder = map(Path, sys.argv[1:3])
    embedder = Slow()

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def on_searchable(report: IngestReport) -> None:
        embedder.pause_s = 0.002
        say(f"searchable {report.chunks}")

    refining = Refining(
        on_searchable=on_searchable, on_progress=lambda done, total: say(f"{done} {total}")
    )
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
        ingest(base, [folder], refining=refining)


if __name__ == "__main__":
    main()
