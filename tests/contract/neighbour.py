"""Works on a knowledge base from another process, as told on standard input, without a model.

A line ``put NAME TEXT`` adds or replaces a document, ``hold`` takes the write lock and ``release``
lets it go; each is answered by a line ``done``.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "helpers"))

from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings


def main() -> None:
    settings = Settings.load(data_dir=Path(sys.argv[1]))
    held = ExitStack()
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base, held:
        for line in sys.stdin:
            verb, *rest = line.rstrip("\n").split(" ", 2)
            if verb == "put":
                name, text = rest
                base.add(text, name=name)
            elif verb == "hold":
                held.enter_context(base._store.lock.hold())
            else:
                held.close()
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
