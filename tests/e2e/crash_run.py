"""Ingests a folder and writes down, line by line, each file that was reported as stored.

Run by ``test_crash.py`` in a process of its own, which is killed: ``DATA_DIR FOLDER JOURNAL KIND``,
the last one ``hashed`` or ``model``, by which texts are embedded.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from hashing_embedder import HashingEmbedder

from ingest import FileEvent, ingest
from kb import KnowledgeBase, Settings


def main() -> None:
    data_dir, folder, journal = map(Path, sys.argv[1:4])
    embedder = HashingEmbedder() if sys.argv[4] == "hashed" else None
    with journal.open("a", encoding="utf-8") as file:

        def on_event(event: FileEvent) -> None:
            if event.stage == "stored":
                file.write(event.source.path + "\n")
                file.flush()
                os.fsync(file.fileno())

        with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
            sys.stdout.write("open\n")
            sys.stdout.flush()
            ingest(base, [folder], on_event=on_event)


if __name__ == "__main__":
    main()
