"""Hours of ordinary work: a folder is worked in, read, searched and checked again and again.

    python tests/benchmarks/soak.py [--minutes 60] [--seed 0]

This is the soak of the knowledge base without a server; `soak_serving.py` is that of `kb serve`.

Every round changes the folder between and during two runs, then compares what the collection
holds with the folder, and checks the store. Printed are rounds, differences (0 is right), memory
after the first rounds and at the end, and the size of the store on disk after `compact`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

# The package goes before ingest.py in this folder.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from hashing_embedder import HashingEmbedder
from ordinary_folder import OrdinaryFolder
from processes import resident_mib

from ingest import IngestOptions, ingest
from kb import KnowledgeBase, Settings

PRUNE = IngestOptions(prune=True, force_prune=True)
WARM_ROUNDS = 10
CHANGES = 8


def main() -> None:
    """Work until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.minutes * 60
    with tempfile.TemporaryDirectory() as scratch:
        data_dir, folder = Path(scratch, "data"), Path(scratch, "folder")
        settings = Settings.load(data_dir=data_dir, workers=1)
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            work(base, OrdinaryFolder(folder, arguments.seed), end)
            base.compact()
        files = [path for path in data_dir.rglob("*") if path.is_file()]
        print(f"the store after compacting: {sum(f.stat().st_size for f in files) / 2**20:.1f} MiB")


def work(base: KnowledgeBase, folder: OrdinaryFolder, end: float) -> None:
    """Do rounds of changes, runs and searches, and print what they showed."""
    rounds = differences = 0
    warm = resident_mib(os.getpid())
    while time.monotonic() < end:
        rounds += 1
        folder.change(CHANGES)
        changes = iter(range(CHANGES))
        ingest(
            base,
            [folder.root],
            options=PRUNE,
            on_event=lambda _, left=changes: folder.change(1) if next(left, None) else None,
        )
        ingest(base, [folder.root], options=PRUNE)
        held = {
            source.path: base.document_text(document.id)
            for document in base.documents()
            for source in document.sources
        }
        for text in held.values():
            base.search(text[:60])
        if held != folder.visible() or not base.check().ok:
            differences += 1
            print(f"round {rounds} differs; the last steps: {folder.done[-3 * CHANGES :]}")
        if rounds == WARM_ROUNDS:
            warm = resident_mib(os.getpid())
    print(
        f"{rounds} rounds, {len(folder.done)} changes, {differences} differences; memory "
        f"{warm:.0f} MiB after {WARM_ROUNDS} rounds, {resident_mib(os.getpid()):.0f} MiB at the end"
    )


if __name__ == "__main__":
    main()
