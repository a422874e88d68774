"""``make demo``: ingests the samples, then searches them three times, as a user would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console

from kb.cli.presentation import print_hits
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase

ROOT = Path(__file__).resolve().parents[2]
SEARCHES = (
    "如何申请软件著作权？",
    "How many copies of my files should I keep?",
    "咖啡机如何除垢？",  # an English document answers it
)
_TOP_K = 3


def main() -> int:
    """Run the demo; return the exit code of a failed ingestion, or 1 for a failed search."""
    console = Console(highlight=False, soft_wrap=True)
    console.print("\n$ python -m ingest data/samples")
    # The first program that needs the default model writes its file: here, the ingestion.
    code = subprocess.call([sys.executable, "-m", "ingest", "data/samples"], cwd=ROOT)
    if code != 0:
        sys.stderr.write(f"\nThe demo stopped: the ingestion ended with exit code {code}.\n")
        return code
    try:
        # In one process: three `kb search` commands would load the model three times.
        with KnowledgeBase.open() as base:
            for query in SEARCHES:
                console.print(f"\n$ kb search '{query}' --top-k {_TOP_K}")
                print_hits(query, base.search(query, top_k=_TOP_K), console)
    except KnowledgeBaseError as error:
        sys.stderr.write(f"\nThe demo stopped: {error}\n")
        return 1
    console.print("That was the command line. To search in the browser, run:  make ui")
    return 0


if __name__ == "__main__":
    sys.exit(main())
