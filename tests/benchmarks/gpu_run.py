"""One run of the GPU benchmark: the files it needs, the embedders one by one, the checks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gpu_device import Card, MemoryMeter, all_memory_but
from gpu_model import (
    Shape,
    make_gguf,
    make_queries,
    make_texts,
    vocabulary_ranks,
    write_checkpoint,
)
from gpu_report import add_derived, least_cosine

from kb.models.prompts import QWEN3

BENCHMARKS = Path(__file__).resolve().parent
SAME_COSINE = 0.999
SPARE_MIB = 1536  # beside the weights in the first memory check: a context, little else

_START = "import gpu_worker; gpu_worker.main()"
_LOOK = "import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, sys.argv[1:])))"
_CHECKED_LENGTH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and how long.

    ``round_tokens`` is the most of one round; ``peer_python`` the Python that has
    sentence-transformers; ``peak_tflops`` replaces the table's.
    """

    shape: Shape
    quants: Sequence[str]
    dtypes: Sequence[str]
    lengths: Sequence[int]
    round_tokens: int
    rounds: int
    round_s: float
    queries: int
    peer_python: str
    peak_tflops: float | None = None


class Run:
    """Does what a plan says. ``failed`` tells afterwards whether a figure or a check failed.

    ``folder`` keeps checkpoint and GGUF files; ``scratch`` is for this run alone; ``say`` is
    told what is under way.
    """

    def __init__(
        self,
        plan: Plan,
        card: Card | None,
        *,
        folder: Path,
        scratch: Path,
        say: Callable[[str], None],
    ) -> None:
        self._plan, self._card, self._say = plan, card, say
        self._folder, self._scratch = folder, scratch
        self._ranks, self._origin = vocabulary_ranks(plan.shape)
        self._job: dict[str, Any] = {
            "needs_gpu": card is not None,
            "texts": {
                str(length): make_texts(self._ranks, length, plan.round_tokens // length)
                for length in plan.lengths
            },
            "queries": make_queries(self._ranks, plan.queries),
            "query_prompt": QWEN3.word_query(""),
            "rounds": plan.rounds,
            "round_s": plan.round_s,
        }
        self._notes: list[str] = []
        self.failed = False

    def measure(self) -> dict[str, Any]:
        """Return the report, figures derived and vectors dropped."""
        self._check_space()
        self._say("writing the checkpoint")
        checkpoint = write_checkpoint(self._folder, self._plan.shape, self._ranks)
        figures: list[dict[str, Any]] = []
        checks: list[dict[str, Any]] = []
        for quant in self._plan.quants:
            model = make_gguf(self._folder, checkpoint, quant, self._say)
            self._say(f"measuring {quant}")
            found = self._embed("ours", model)
            if isinstance(found, str):
                self._fail(f"{quant}: {found}")
                continue
            figures.append({"name": quant, "label": f"this project, {quant}", **found})
            if not checks and self._card is not None:
                checks = self._check_memory(self._card, model, found)
        if self._card is None:
            self._notes.append("memory check: skipped, there is no GPU")
        figures += self._measure_peers(checkpoint)
        peak = self._plan.peak_tflops or (self._card.peak_tflops if self._card else None)
        card = None if self._card is None else asdict(self._card) | {"peak_tflops": peak}
        add_derived(figures, self._plan.shape, peak)
        return {
            "card": card,
            "shape": asdict(self._plan.shape)
            | {"computing_parameters": self._plan.shape.computing_parameters},
            "vocabulary": self._origin,
            "figures": figures,
            "memory_checks": checks,
            "notes": self._notes,
        }

    def _measure_peers(self, checkpoint: Path) -> list[dict[str, Any]]:
        python = self._plan.peer_python
        needed = ("torch", "sentence_transformers")
        if subprocess.run([python, "-c", _LOOK, *needed], check=False).returncode != 0:
            self._notes.append(
                f"sentence-transformers: skipped, {python} lacks {' or '.join(needed)}; name a "
                "Python that has both with --peer-python"
            )
            return []
        figures = []
        for dtype in self._plan.dtypes:
            name = f"sentence-transformers, {dtype}"
            self._say(f"measuring {name}")
            found = self._embed("peer", checkpoint, dtype=dtype, python=python)
            if isinstance(found, str):
                self._fail(f"{name}: {found}")
            else:
                figures.append({"name": name, "label": name, **found})
        return figures

    def _check_memory(
        self, card: Card, model: Path, before: dict[str, Any]
    ) -> list[dict[str, Any]]:
        weights = model.stat().st_size >> 20
        length = str(_CHECKED_LENGTH)
        few = {
            "texts": {length: self._job["texts"][length][:64]},
            "queries": self._job["queries"][:1],
            "rounds": 1,
            "round_s": 0,
        }
        expected = {"lengths": {length: before["lengths"][length]}}
        checks = []
        for free in (weights + SPARE_MIB, weights // 2):
            self._say(f"measuring with {free} MiB free")
            try:
                with all_memory_but(card, free):
                    found = self._embed("ours", model, **few)
            except OSError as error:
                self._notes.append(f"memory check with {free} MiB free: skipped, {error}")
                continue
            check: dict[str, Any] = {"model": model.name, "free_mib": free, "said": []}
            if isinstance(found, str):
                check["outcome"] = f"failed: {found}"
            else:
                check |= {"said": found["said"], **found["about"]}
                same = least_cosine(found, expected)
                check["cosine_with_before"] = same
                check["outcome"] = (
                    f"wrong vectors (cosine {same:.4f})"
                    if same < SAME_COSINE
                    else "embedded, but nothing was said of it"
                    if not found["said"]
                    else "embedded"
                )
            if check["outcome"] != "embedded":
                self.failed = True
            checks.append(check)
        return checks

    def _embed(
        self, kind: str, model: Path, *, python: str = sys.executable, **more: object
    ) -> dict[str, Any] | str:
        """Return what a worker measured, or why it failed."""
        file = self._scratch / "job.json"
        answer = file.with_suffix(".answer")
        answer.unlink(missing_ok=True)
        file.write_text(json.dumps(self._job | {"kind": kind, "model": str(model)} | more))
        path = os.pathsep.join(
            [
                str(BENCHMARKS.parent.parent),
                str(BENCHMARKS),
                *filter(None, [os.environ.get("PYTHONPATH")]),
            ]
        )
        with MemoryMeter(self._card) as meter:
            done = subprocess.run(
                [python, "-c", _START, str(file)],
                env=os.environ | {"PYTHONPATH": path},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                check=False,
            )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            # llama.cpp says what is wrong, then prints where it was.
            told = [line for line in lines if "error" in line.lower() or "memory" in line]
            return f"exit code {done.returncode}: {(told or lines)[-1][:300]}"
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return found | {"gpu_memory_mib": meter.peak_mib}

    def _fail(self, note: str) -> None:
        self._notes.append(note)
        self.failed = True

    def _check_space(self) -> None:
        needed = 3 * self._plan.shape.f16_bytes  # checkpoint, F16, and less than one for the rest
        free = shutil.disk_usage(self._folder).free
        if free < needed and not (self._folder / self._plan.shape.name).is_dir():
            message = (
                f"{self._folder} has {free / 1e9:.1f} GB free, but {needed / 1e9:.1f} GB are "
                "needed; name another folder with --folder"
            )
            raise SystemExit(message)
