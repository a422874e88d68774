"""Changes a knowledge base from another process, as told on standard input.

A line ``put NAME TEXT`` adds or replaces a document, ``remove NAME`` removes it; each is
answered by a line ``done`` when it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kb import KnowledgeBase, Settings


def main() -> None:
    with KnowledgeBase.open(Settings.load(data_dir=Path(sys.argv[1]))) as base:
        for line in sys.stdin:
            verb, name, *text = line.rstrip("\n").split(" ", 2)
            if verb == "put":
                base.add(text[0], name=name)
            else:
                (info,) = (i for i in base.documents() if i.sources[0].path == name)
                base.remove(info.id)
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
