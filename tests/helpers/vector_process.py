"""Another process that opens a vector store and changes it: ``ADDRESS FOLDER VERB FIRST LAST``.

``put`` stores the vectors of :func:`vectors`, ``delete`` deletes those ids; both in the
collection ``col``. In between, each hundred is a change of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from kb.embedding.base import Vectors
from kb.store.lock import WriteLock
from kb.vectors.address import Address
from kb.vectors.base import VectorRecord, VectorStore
from kb.vectors.opening import Site, open_vectors

DIM = 16
STEP = 100


def opened(address: str, folder: Path, **site: object) -> VectorStore:
    """Open a store as a knowledge base does whose store is in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = WriteLock(folder / "write.lock", timeout_s=60)
    return open_vectors(Address(address), Site(folder=folder, lock=lock, **site))  # type: ignore[arg-type]


def vectors(first: int, last: int) -> Vectors:
    """Return a vector for each id, the same in every process."""
    rows = np.stack(
        [np.random.default_rng(number).normal(size=DIM) for number in range(first, last)]
    )
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def records(first: int, last: int) -> list[VectorRecord]:
    """Ten chunks are a document; every second document is Chinese."""
    return [
        VectorRecord(
            id=number,
            document_id=number // 10,
            language="zh" if number // 10 % 2 else "en",
            text=f"文本 {number}",
            metadata={"source": f"{number}.txt"},
        )
        for number in range(first, last)
    ]


def in_another_process(
    address: str, folder: Path, verb: str, first: int, last: int
) -> subprocess.Popen[bytes]:
    """Start it; wait for its end."""
    command = [sys.executable, __file__, address, str(folder), verb, str(first), str(last)]
    return subprocess.Popen(command)


def main() -> None:
    address, folder, verb, first, last = sys.argv[1:]
    store = opened(address, Path(folder))
    for at in range(int(first), int(last), STEP):
        end = min(at + STEP, int(last))
        if verb == "put":
            store.upsert("col", records(at, end), vectors(at, end))
        else:
            store.delete("col", range(at, end))
    store.close()


if __name__ == "__main__":
    main()
