"""How faithfully documents are read: words, order, cells, inventions; measured, not believed.

    python tests/benchmarks/fidelity.py [--seeds 1-2] [--kinds WORDS] [--makers NAMES]
        [--worst N] [--keep FOLDER]
    python tests/benchmarks/fidelity.py --corpora FOLDER

Makes documents whose text is known, most of them by programs that are not ours: LaTeX, groff,
LibreOffice, Chromium's print to PDF, pandoc (Debian: texlive-xetex texlive-lang-chinese
texlive-latex-extra lmodern groff libreoffice-writer-nogui chromium pandoc fonts-wqy-zenhei).
Languages, fonts, sizes and words vary by seed. Reads each with the loader, options as by default,
and prints markdown: for each kind the shares of all documents, and behind them of the worst tenth.
``--keep`` writes each document that falls short, with its truth and its reading, into a folder.
A maker whose program is missing is skipped by name. ``fidelity_parts/measures.py`` says exactly
what the figures are. Seeds from 1001 are not used in development: they give the published table.

With ``--corpora`` (or ``KB_CORPORA`` and ``--corpora ""``) it compares every file of a folder with
another reader, pdftotext for PDF and pandoc for DOCX, and lists the files that differ most.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from pathlib import Path

# The benchmark beside that is named as the package would hide it.
sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from fidelity_parts.compare import compare
from fidelity_parts.content import Content
from fidelity_parts.kinds import KINDS, draw
from fidelity_parts.makers import MAKERS, turn
from fidelity_parts.measures import Figures, measure
from fidelity_parts.reading import read, read_by_python_docx
from fidelity_parts.reportlab_maker import stamp_over
from fidelity_parts.truth import Truth, truth_of

COLUMNS = ("found", "order", "cells", "invented", "repeated")
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Case:
    """A document to be made at ``path``; where its maker fails there is no file."""

    kind: str
    maker: str
    seed: int
    content: Content
    truth: Truth
    path: Path


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    reading: str
    figures: Figures

    @property
    def faults(self) -> float:
        """How much is wrong: the larger, the worse."""
        f = self.figures
        kept = f.found.value * f.order.value * f.cells.value
        return 1 - kept + f.invented.value + f.repeated.value


def make(cases: Sequence[Case]) -> list[Case]:
    """Make all documents, each maker's in one go; return those that there are."""
    for name, maker in MAKERS.items():
        jobs = [case for case in cases if case.maker == name]
        if not jobs:
            continue
        if maker.missing():
            print(f"skipped: {name} (not installed: {', '.join(maker.missing())})")
            continue
        maker.make([(case.content, case.path) for case in jobs])
    made = [case for case in cases if case.path.exists()]
    for case in made:
        kind = KINDS[case.kind]
        if kind.turned:
            turn(case.path)
        if kind.scan:
            stamp_over(case.path, case.path, case.content.stamp, case.seed)
    return made


def judge(case: Case, *, by: Callable[[Path], str] = read) -> Result:
    """Read a document and compare it with its truth."""
    reading = by(case.path)
    return Result(case, reading, measure(case.truth, reading))


def plan(arguments: argparse.Namespace, folder: Path) -> list[Case]:
    """Return what is to be made."""
    cases = []
    for name, kind in KINDS.items():
        if arguments.kinds and not any(w in name.lower() for w in arguments.kinds):
            continue
        for maker in kind.makers:
            if arguments.makers and maker not in arguments.makers:
                continue
            for seed in arguments.seeds:
                content = draw(kind, name, maker, seed)
                suffix = MAKERS[maker].suffix
                file = re.sub(r"\W+", "-", f"{name} {maker} {seed}") + suffix
                truth = truth_of(content, every=suffix == ".docx")
                cases.append(Case(name, maker, seed, content, truth, folder / file))
    return cases


def total(results: Iterable[Result]) -> Figures:
    return reduce(add, (result.figures for result in results))


def row(name: str, results: Sequence[Result]) -> str:
    """Return a line of the table: all documents, and the worst tenth of them."""
    ranked = sorted(results, key=lambda result: -result.faults)
    worst = total(ranked[: math.ceil(len(ranked) / 10)])
    every = total(results)
    cells = []
    for column in COLUMNS:
        share, low = getattr(every, column), getattr(worst, column)
        cells.append(f"{share.value:.4f} / {low.value:.3f}" if share.all else "")
    return f"| {name} | {len(results)} | " + " | ".join(cells) + " |"


def report(results: Sequence[Result]) -> None:
    """Print the tables by kind and by maker."""
    for title, key in (("Kind", "kind"), ("Maker", "maker")):
        print(f"\n| {title} | Files | Found | In order | Cells | Invented | Repeated |")
        print("| --- " * 7 + "|")
        for name in dict.fromkeys(getattr(result.case, key) for result in results):
            print(row(name, [r for r in results if getattr(r.case, key) == name]))
    print(row("**All**", results))


def keep(result: Result, folder: Path) -> None:
    """Write a document, its truth and its reading down."""
    folder.mkdir(parents=True, exist_ok=True)
    path = result.case.path
    shutil.copy(path, folder / path.name)
    truth = json.dumps(result.case.truth.as_json(), ensure_ascii=False, indent=1)
    (folder / f"{path.name}.truth.json").write_text(truth, "utf-8")
    (folder / f"{path.name}.reading.txt").write_text(result.reading, "utf-8")


def span(text: str) -> range:
    """Return the seeds of ``7`` or ``1-10``."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main() -> int:
    """Measure and print; return 0."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=span, default=range(1, 3), help="7 or 1-10")
    parser.add_argument("--kinds", type=lambda t: t.lower().split(","), help="parts of names")
    parser.add_argument("--makers", type=lambda t: t.split(","))
    parser.add_argument("--worst", type=int, default=10, help="how many to list")
    parser.add_argument("--keep", type=Path, help="folder for the worst of each kind and maker")
    parser.add_argument(
        "--python-docx", action="store_true", help="read by python-docx alone; with --kinds docx"
    )
    parser.add_argument("--corpora", type=Path, help="compare a folder's files instead")
    arguments = parser.parse_args()
    if arguments.corpora is not None:
        compare(arguments.corpora, arguments.worst)
        return 0
    with tempfile.TemporaryDirectory() as name:
        cases = make(plan(arguments, Path(name)))
        with ProcessPoolExecutor(WORKERS) as pool:
            by = read_by_python_docx if arguments.python_docx else read
            results = list(pool.map(partial(judge, by=by), cases, chunksize=4))
        report(results)
        ranked = sorted(results, key=lambda result: -result.faults)
        print("\nWorst documents:")
        for result in ranked[: arguments.worst]:
            shares = " ".join(f"{c} {getattr(result.figures, c).value:.3f}" for c in COLUMNS)
            print(f"- {result.case.path.name} ({result.case.content.language}): {shares}")
        if arguments.keep:
            seen: set[tuple[str, str]] = set()
            for result in ranked:
                key = (result.case.kind, result.case.maker)
                if key not in seen and result.faults > 0.01:
                    keep(result, arguments.keep)
                seen.add(key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
