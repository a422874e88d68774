"""Files whose truth nobody knows, compared with what another program reads in them."""

from __future__ import annotations

import subprocess
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fidelity_parts.measures import common, units
from fidelity_parts.reading import ReaderEndedError, read_apart

_TIMEOUT_S = 120
_MOST_UNITS = 60_000
_READERS = {
    ".pdf": ["pdftotext", "-enc", "UTF-8", "{}", "-"],
    ".docx": ["pandoc", "--from", "docx", "--to", "plain", "--wrap", "none", "{}"],
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Shares of the other reader's words that we miss, and of ours that it has not."""

    path: Path
    missing: float
    extra: float
    glued: float
    order: float
    examples: str


def compare(folder: Path, worst: int) -> None:
    """Print the files that differ most."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _READERS)
    with ThreadPoolExecutor(2) as pool:
        found = [d for d in pool.map(difference, paths) if d]
    print(f"{len(found)} of {len(paths)} compared (pdftotext or pandoc has no text in the rest)\n")
    print("| File | Missing | Extra | Glued | Order | Missing words; extra words |")
    print("| --- " * 6 + "|")
    for d in sorted(found, key=lambda d: -(d.missing + d.extra + 1 - d.order))[:worst]:
        print(
            f"| {d.path.relative_to(folder)} | {d.missing:.3f} | {d.extra:.3f} | {d.glued:.3f} "
            f"| {d.order:.3f} | {d.examples} |"
        )


def difference(path: Path) -> Difference | None:
    """Compare one file; None where the other program reads nothing."""
    command = [part.format(path) for part in _READERS[path.suffix.lower()]]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    other = units(_printable(done.stdout.decode(errors="replace")))[:_MOST_UNITS]
    try:
        ours = units(read_apart(path))
    except ReaderEndedError as error:
        print(f"reader ended: {path}: {error}")
        ours = []
    if not other:
        return None
    if not ours:
        examples = f"{_some(Counter(other))}; (nothing read)"
        return Difference(path, 1.0, 0.0, 0.0, 1.0, examples)
    ours = ours[: int(_MOST_UNITS * 1.2)]
    us, them = Counter(ours), Counter(other)
    missing, extra = them - us, us - them
    glued = sum(
        n
        for word, n in extra.items()
        if any(word[:at] in them and word[at:] in them for at in range(2, len(word) - 1))
    )
    shared = (us & them).total() or 1
    return Difference(
        path,
        missing.total() / len(other),
        extra.total() / len(ours),
        glued / len(ours),
        common(other, ours) / shared,
        f"{_some(missing)}; {_some(extra)}",
    )


def _some(words: Counter[str]) -> str:
    return " ".join(word.replace("|", "") for word, _ in words.most_common(6))


def _printable(text: str) -> str:
    return "".join(c if c.isspace() or unicodedata.category(c) != "Cc" else " " for c in text)
