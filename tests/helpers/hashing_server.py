"""A server in a process of its own whose embedder hashes words, as slowly as is wanted.

``python hashing_server.py FOLDER SECONDS``: SECONDS for each text of a document. Prints its
address, ends with its standard input.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hashing_embedder import HashingEmbedder

from kb.embedding.base import Vectors


@contextmanager
def hashing_server(folder: Path, *, text_s: float) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a server; give its address and its process."""
    command = [sys.executable, __file__, str(folder), str(text_s)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


class SlowEmbedder(HashingEmbedder):
    """Takes its time for each text."""

    def __init__(self, text_s: float) -> None:
        self._text_s = text_s

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        time.sleep(self._text_s * len(texts))
        return super().embed_documents(texts, on_progress)


if __name__ == "__main__":
    from served_app import served_app

    with served_app(Path(sys.argv[1]), embedder=SlowEmbedder(float(sys.argv[2]))) as running:
        sys.stdout.write(f"{running.url}\n")
        sys.stdout.flush()
        sys.stdin.read()
