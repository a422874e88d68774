"""How fast folders are ingested, how busy the embedder is kept, and in how much memory.

    python tests/benchmarks/ingestion.py [mixed|unchanged|large …] [--megabytes N]

``mixed`` reads Markdown, text, DOCX and PDF files into an empty knowledge base; ``unchanged``
checks 10,000 files that have not changed; ``large`` reads texts of ``--megabytes`` MB in all
(50 takes about an hour on two cores). Each runs in a process of its own, whose peak memory
includes the model; the processes that read files are counted apart.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ingest import IngestReport, ingest
from kb import KnowledgeBase, Settings
from kb.models.bundled import ensure_bundled_model

SAMPLES = Path(__file__).parent.parent.parent / "data" / "samples"
UNCHANGED_FILES = 10_000
MIXED_TEXTS = 40
LARGE_FILE_CHARACTERS = 1_000_000
_WORDS = re.findall(
    r"\w+",
    "harbour pump ledger orchard lantern winter copper bridge market sailor engine garden "
    "window letter valley station record summer bottle machine paper river",
)
_WORDS_ZH = re.findall(
    r"\w+", "港口 水泵 账本 果园 灯笼 冬天 铜器 桥梁 市场 水手 发动机 花园 窗户 信件"
)
ENGLISH_SHARE, PARAGRAPH_END_SHARE = 0.7, 0.15


def prose(draw: random.Random, characters: int) -> str:
    """Return paragraphs of words in both languages, no two alike."""
    parts: list[str] = []
    length = 0
    while length < characters:
        if draw.random() < ENGLISH_SHARE:
            sentence = " ".join(draw.choices(_WORDS, k=12)).capitalize() + ". "
        else:
            sentence = "".join(draw.choices(_WORDS_ZH, k=12)) + "。"
        end = "\n\n" if draw.random() < PARAGRAPH_END_SHARE else ""
        sentence = f"{draw.randrange(10**6)} {sentence}{end}"
        parts.append(sentence)
        length += len(sentence)
    return "".join(parts)


def mixed(folder: Path, _: int) -> None:
    """Make a folder of the samples and texts of 2,000 to 40,000 characters."""
    draw = random.Random(1)  # noqa: S311 - sizes and words, no secret
    for sample in SAMPLES.iterdir():
        shutil.copy(sample, folder)
    for number in range(MIXED_TEXTS):
        size = int(2000 * 20 ** (number / MIXED_TEXTS))
        suffix = "md" if number % 2 else "txt"
        text = prose(draw, size)
        (folder / f"file-{number:03}.{suffix}").write_text(f"# Part {number}\n\n{text}", "utf-8")


def large(folder: Path, megabytes: int) -> None:
    """Make texts of a million characters each."""
    draw = random.Random(2)  # noqa: S311 - words, no secret
    left, number = megabytes * 10**6, 0
    while left > 0:
        text = prose(draw, LARGE_FILE_CHARACTERS)
        data = text.encode()[:left]
        (folder / f"large-{number:03}.txt").write_bytes(data)
        left -= len(data)
        number += 1


def unchanged(folder: Path, _: int) -> None:
    """Make 10,000 files in 100 folders, all with the same few words."""
    for number in range(UNCHANGED_FILES):
        place = folder / f"{number % 100:02}"
        place.mkdir(exist_ok=True)
        (place / f"{number:05}.txt").write_text("The lighthouse is painted every spring.", "utf-8")


KINDS: dict[str, Callable[[Path, int], None]] = {
    "mixed": mixed,
    "unchanged": unchanged,
    "large": large,
}


def measure(kind: str, folder: Path, data_dir: Path) -> dict[str, object]:
    """Ingest a folder in this process and return the figures."""
    with KnowledgeBase.open(Settings.load(data_dir=data_dir)) as base:
        base.embedder.embed_query("warm")
        if kind == "unchanged":
            ingest(base, [folder])
        report = ingest(base, [folder])
        pages = sum(info.pages for info in base.documents())
    return figures(report, pages)


def figures(report: IngestReport, pages: int) -> dict[str, object]:
    """Return a run's figures; memory in MiB, the readers' being that of the largest."""
    seconds = report.seconds
    return {
        "files": len(report.files),
        "outcomes": report.summary(),
        "seconds": round(seconds, 2),
        "files/s": round(len(report.files) / seconds, 1),
        "pages/s": round(pages / seconds, 2),
        "chunks/s": round(report.embedded / seconds, 1),
        "tokens/s": round(report.tokens / seconds),
        "embedder busy": f"{report.busy_share:.1%}",
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak MiB of a reader": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def main() -> None:
    """Make each folder, ingest it in a process of its own, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], default=list(KINDS))
    parser.add_argument("--megabytes", type=int, default=1, help="size of the large texts")
    parser.add_argument("--inside", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        sys.stdout.write(json.dumps(measure(given.kinds[0], *given.inside), ensure_ascii=False))
        return
    with tempfile.TemporaryDirectory() as temporary:
        for kind in given.kinds:
            folder, data_dir = Path(temporary, kind), Path(temporary, f"{kind}-data")
            folder.mkdir()
            KINDS[kind](folder, given.megabytes)
            ensure_bundled_model(data_dir / "models")
            started = time.monotonic()
            done = subprocess.run(
                [sys.executable, __file__, kind, "--inside", folder, data_dir],
                stdout=subprocess.PIPE,
                check=True,
            )
            sys.stdout.write(f"{kind} ({time.monotonic() - started:.0f} s with start)\n")
            for name, value in json.loads(done.stdout).items():
                sys.stdout.write(f"  {name:22}{value}\n")


if __name__ == "__main__":
    main()
