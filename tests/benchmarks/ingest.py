"""How fast folders are ingested, how busy the embedder is kept, and in how much memory.

    python tests/benchmarks/ingest.py [mixed|tiny|unchanged|many|single …] [--megabytes N]
        [--sample N]

``mixed`` reads Markdown, text, DOCX and PDF files into an empty knowledge base, ``tiny`` 1,000
files of one paragraph; ``unchanged`` checks 10,000 files that have not changed; ``many`` reads
texts of 1 MB, ``single`` one text, of ``--megabytes`` MB in all (50 takes hours on two cores).

``--sample 20`` computes one call of twenty and makes the other vectors up: the same run in the same
memory, the whole model loaded and at work, in a fraction of the time. Rates and shares then say
nothing of the embedder, and everything of the rest.

Each kind runs in a process of its own. Its peak includes the model; the processes that read files
are counted apart. The timeline shows, for each stage and each fortieth of the run, how busy it
was: ``█`` all the time, blank not at all.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# This file has the name of the package that it measures: the package goes first.
sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from folders import KINDS
from sampled_embedder import SampledEmbedder

from ingest import IngestReport, ingest
from kb import KnowledgeBase, Settings
from kb.embedding import open_embedder
from kb.models.bundled import ensure_bundled_model

MIB = 2**20
_BARS = " ▁▂▃▄▅▆▇█"


def measure(kind: str, folder: Path, data_dir: Path, sample: int) -> dict[str, object]:
    """Ingest a folder in this process and return the figures."""
    settings = Settings.load(data_dir=data_dir)
    embedder = SampledEmbedder(open_embedder(settings), sample)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        embedder.embed_query("warm")
        ready = _peak_mib(resource.RUSAGE_SELF)
        if kind == "unchanged":
            ingest(base, [folder])
        report = ingest(base, [folder])
        infos = base.documents()
        pages = sum(info.pages for info in infos)
        characters = sum(info.characters for info in infos)
    embedder.close()
    return {
        **_rates(report, pages, characters),
        "peak MiB": _peak_mib(resource.RUSAGE_SELF),
        "of them with the model loaded": ready,
        "peak MiB of a reader": _peak_mib(resource.RUSAGE_CHILDREN),
        **{stage: "|" + _bars(shares) + "|" for stage, shares in report.timeline.items()},
    }


def _rates(report: IngestReport, pages: int, characters: int) -> dict[str, object]:
    seconds = report.seconds
    return {
        "files": len(report.files),
        "outcomes": report.summary(),
        "seconds": round(seconds, 2),
        "files/s": round(len(report.files) / seconds, 1),
        "pages/s": round(pages / seconds, 2),
        "chunks/s": round(report.embedded / seconds, 1),
        "tokens/s": round(report.tokens / seconds),
        "characters": characters,
        "embedder busy": f"{report.busy_share:.1%} from its first chunk to its last",
        "of the whole run": f"{_mean(report.timeline['embedding']):.1%}",
    }


def _peak_mib(who: int) -> int:
    # Linux counts in KiB, macOS in bytes.
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024) // MIB


def _mean(shares: tuple[float, ...]) -> float:
    return sum(shares) / len(shares)


def _bars(shares: tuple[float, ...]) -> str:
    return "".join(_BARS[round(share * (len(_BARS) - 1))] for share in shares)


def main() -> None:
    """Make each folder, ingest it in a process of its own, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], default=list(KINDS))
    parser.add_argument("--megabytes", type=float, default=1, help="size of many and of single")
    parser.add_argument("--sample", type=int, default=1, help="compute one call in so many")
    parser.add_argument("--inside", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        figures = measure(given.kinds[0], *given.inside, given.sample)
        sys.stdout.write(json.dumps(figures, ensure_ascii=False))
        return
    with tempfile.TemporaryDirectory() as temporary:
        for kind in given.kinds:
            folder, data_dir = Path(temporary, kind), Path(temporary, f"{kind}-data")
            folder.mkdir()
            KINDS[kind](folder, given.megabytes)
            ensure_bundled_model(data_dir / "models")  # not in the process that is measured
            started = time.monotonic()
            done = subprocess.run(
                [
                    *(sys.executable, __file__, kind, "--sample", str(given.sample)),
                    *("--inside", folder, data_dir),
                ],
                stdout=subprocess.PIPE,
                check=True,
            )
            print(f"{kind} ({time.monotonic() - started:.0f} s with start)")
            for name, value in json.loads(done.stdout).items():
                print(f"  {name:30}{value}")


if __name__ == "__main__":
    main()
