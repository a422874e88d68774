"""Imports an archive into an empty knowledge base without a model; says how that ended as JSON.

``error`` is what it was refused with, empty if it was not, ``peak_mib`` the most memory that it
took beyond what the program takes anyway.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from hashing_embedder import HashingEmbedder
from processes import peak_mib

from kb import KnowledgeBase, KnowledgeBaseError, Settings


def main() -> None:
    archive, data_dir = map(Path, sys.argv[1:])
    error = ""
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=HashingEmbedder()) as base:
        base.add("What is loaded anyway.", name="first", collection="first")
        before = peak_mib(os.getpid())
        try:
            base.import_archive(archive)
        except KnowledgeBaseError as refused:
            error = str(refused)
        peak = peak_mib(os.getpid()) - before
    sys.stdout.write(json.dumps({"error": error, "peak_mib": peak}))


if __name__ == "__main__":
    main()
