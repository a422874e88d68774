"""Another process over the same data folder, which needs no model: it does as it is told.

``put NAME TEXT`` adds or replaces a document, ``long NAME CHUNKS`` adds one of so many chunks,
``hold`` takes the write lock and ``release`` lets it go.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path


class Neighbour:
    """Starts the process, with settings of its own; end it with :meth:`close`."""

    def __init__(self, data_dir: Path, **settings: float | str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps({"data_dir": str(data_dir), **settings})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.wait()

    def tell(self, line: str) -> None:
        """Say what to do, and do not wait for it."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self) -> float:
        """Wait until it is done; return how many seconds that took."""
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        assert "error" not in said, said["error"]
        return float(said["seconds"])

    def do(self, line: str) -> float:
        """Have something done."""
        self.tell(line)
        return self.wait()

    def close(self) -> None:
        self.process.communicate(timeout=60)


def long_text(name: str, chunks: int) -> str:
    """Return a text of about so many chunks of 64 characters."""
    return "\n\n".join(
        f"{name}: lamp {n} burns in the great hall of the house." for n in range(chunks)
    )


def main() -> None:
    from hashing_embedder import HashingEmbedder  # noqa: PLC0415 - not for who starts this

    from kb import KnowledgeBase, Settings  # noqa: PLC0415 - likewise

    settings = Settings.load(**json.loads(sys.argv[1]))
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base, ExitStack() as held:
        _say(seconds=0)
        for line in sys.stdin:
            verb, *rest = line.rstrip("\n").split(" ", 2)
            started = time.monotonic()
            try:
                if verb == "put":
                    base.add(rest[1], name=rest[0])
                elif verb == "long":
                    base.add(long_text(rest[0], int(rest[1])), name=rest[0])
                elif verb == "hold":
                    held.enter_context(base._store.lock.hold())
                else:
                    held.close()
            except Exception as error:  # noqa: BLE001 - told to the test
                _say(error=f"{type(error).__name__}: {error}")
            else:
                _say(seconds=time.monotonic() - started)


def _say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
