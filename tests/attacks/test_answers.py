"""Attacks on the models of this process: many borrowers of one context, readers that go away."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from llama_server import smollm2

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.embedding.llama import LlamaEmbedder
from kb.llama.calibration import Setup
from kb.llama.fitting import spread
from kb.llama.pool import ContextPool
from kb.models.files import resolve_model

if TYPE_CHECKING:
    from attack_report import Report

BORROWERS = 4
TURNS_EACH = 100
MOST_TURNS = 2 * BORROWERS
MOST_S = 60.0


def test_four_borrowers_of_one_context_take_turns(models_dir: Path, report: Report) -> None:
    model = resolve_model(Settings(data_dir=models_dir.parent / "none"))
    with closing(LlamaEmbedder(model, threads=1)) as embedder:
        made = spread(
            embedder._model,
            replace(embedder._traits, context_tokens=64),
            Setup(contexts=1, threads=1),
        )
        pool = ContextPool(made)
        tokens = np.array([0, *range(5, 40), 2], dtype=np.int32)
        turns: list[int] = []
        start = threading.Barrier(BORROWERS)

        def work(number: int) -> None:
            start.wait(30)
            for _ in range(TURNS_EACH):
                with pool.borrow() as context:
                    turns.append(number)
                    context.encode([tokens])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(BORROWERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        pool.close()
    assert len(turns) == BORROWERS * TURNS_EACH
    longest = longest_wait(turns)
    before, now = "245 to 301 turns", f"{longest} turns"
    report("four borrowers of one context, 400 turns: longest wait", before, now)
    assert longest <= MOST_TURNS


def longest_wait(turns: list[int]) -> int:
    """Return the most turns between two of one borrower, and before its first."""
    places = [[-1, *(at for at, who in enumerate(turns) if who == n)] for n in range(BORROWERS)]
    return max(later - before for each in places for before, later in itertools.pairwise(each))


def test_a_command_whose_reader_has_gone_ends(
    settings: Settings, embedder: Embedder, report: Report
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add("The warranty on the coffee machine lasts 24 months.", name="warranty.txt")
    ask = f'"{sys.executable}" -m kb ask "Tell me all about the warranty of the coffee machine."'
    chosen = {"KB_DATA_DIR": str(settings.data_dir), "KB_CHAT_MODEL": str(smollm2())}
    began = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", f"{ask} | head -c 1"],
        env={**os.environ, **chosen},
        capture_output=True,
        timeout=MOST_S + 30,
        check=False,
    )
    took = time.monotonic() - began
    report("kb ask | head", "never ends (killed after 60 s)", f"{took:.1f} s")
    assert done.returncode == 0
    assert took <= MOST_S
