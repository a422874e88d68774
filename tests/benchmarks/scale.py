"""How a collection of up to a million chunks does: filling, searching, changing, upkeep.

    python tests/benchmarks/scale.py [--sizes 10000,100000] [--kinds chroma,server,exact]
        [--width 384] [--stores DIR] [--json FILE] [--plot FILE]

Texts are varied sentences, vectors mixtures of real ones (``tests/helpers/large_library.py``), ten
chunks a document; a wider store has the same vectors, turned into a wider space. The store in a
folder is filled; ``kb migrate`` makes those on a Chroma server and of the exact kind from it. Then
each part is measured in a process of its own: searches (p50 and p95 of a hundred queries, by the
clock and of processor time, without and with filters that pass one chunk, a hundredth and a half;
open until the first answer; memory), opening with a model that is yet to be loaded, changes
(median of five), and upkeep (``kb doctor``, export, restore, compaction).
Search times leave out the marking of hits. Those named ``new`` are of queries that the process has
not met before. The others leave out the embedding of the query and the counting of its words, which
the searcher keeps. Files are in the file cache of the system.

A million takes about an hour to fill and 11 GB, and the same again to be restored; ``--stores``
keeps the stores. With ``--json`` what is measured is added to a file, which ``--plot`` draws (needs
matplotlib, which nothing else does); with ``--sizes ""`` nothing is measured before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
# The package goes before ingest.py in this folder.
sys.path.insert(0, str(Path(__file__).parents[2]))

from scale_parts import plot
from scale_parts.measures import PARTS, QUERIES, command
from scale_parts.stores import Measured, make

KINDS = ("chroma", "server", "exact")


def main() -> None:
    """Measure stores of each kind and size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--stores", type=Path, help="folder to keep the stores in")
    parser.add_argument("--json", type=Path, help="file that figures are added to")
    parser.add_argument("--plot", type=Path, help="picture to draw of that file")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = [int(each) for each in arguments.sizes.split(",") if each]
    kinds = arguments.kinds.split(",")
    with ExitStack() as held:
        root = arguments.stores or Path(held.enter_context(tempfile.TemporaryDirectory()))
        root.mkdir(parents=True, exist_ok=True)
        if arguments.part:
            store = Measured(kinds[0], arguments.width, sizes[0], root)
            print(json.dumps(PARTS[arguments.part](store, arguments.queries)))
            return
        for size in sizes:
            for kind in sorted(kinds, key=KINDS.index):
                measure(Measured(kind, arguments.width, size, root), sizes, arguments)
    if arguments.plot:
        plot.draw(plot.read(arguments.json), arguments.plot)


def measure(store: Measured, sizes: list[int], arguments: argparse.Namespace) -> None:
    """Make a store, print what each part gives, and add it to the file."""
    if store.kind != "chroma":
        make(Measured("chroma", store.width, store.size, store.root), sizes)
    found = make(store, sizes)
    print(f"\n{store.kind}, {store.width} wide, {store.size:,} chunks")
    tell(found)
    for part in arguments.parts.split(","):
        done = subprocess.run(
            command(part, store, arguments.queries), stdout=subprocess.PIPE, check=True, text=True
        )
        figures = json.loads(done.stdout.splitlines()[-1])
        tell(figures)
        found |= figures
    if arguments.json:
        plot.add(arguments.json, store, found)


def tell(figures: dict[str, float]) -> None:
    """Print figures, one a line."""
    for name, value in figures.items():
        print(f"{name:28} {value:12,.2f}", flush=True)


if __name__ == "__main__":
    main()
