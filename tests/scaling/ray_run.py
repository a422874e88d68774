"""A run on a Ray cluster in a process of its own: ``ray_run.py DATA FOLDER ADDRESS``.

Prints a line for each file that is stored, and the report as JSON at last.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hashing_embedder import HashingEmbedder

from ingest.engines.choice import RayCluster
from ingest.results import FileEvent
from ingest.run import ingest
from kb import KnowledgeBase, Settings


def told(event: FileEvent) -> None:
    if event.stage == "stored":
        sys.stdout.write(f"stored {event.source.path}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    settings = Settings(data_dir=Path(sys.argv[1]), sentences=False)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        report = ingest(base, sys.argv[2], engine=RayCluster(address=sys.argv[3]), on_event=told)
    sys.stdout.write(json.dumps(report.to_json()) + "\n")
