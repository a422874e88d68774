"""Queues uploads and does them; dies at a given step if told so.

Run by ``test_job_crash.py`` in a process of its own: ``DATA_DIR COUNT [before|after METHOD NTH]``.
COUNT is how many jobs of two files each are queued; then the process works until it is killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from hashing_embedder import HashingEmbedder

from ingest.jobs import Jobs, retry_options
from kb import KnowledgeBase, Settings

if TYPE_CHECKING:
    from collections.abc import Callable


def die_at(when: str, method: str, nth: int) -> None:
    """Have the nth call of ``module:Class.method`` end the process, before or after its work."""
    module, _, name = method.partition(":")
    owner_name, _, attribute = name.partition(".")
    owner = getattr(import_module(module), owner_name)
    original: Callable[..., object] = getattr(owner, attribute)
    calls = 0

    def dying(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **options)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, attribute, dying)


def main() -> None:
    data_dir, count = Path(sys.argv[1]), int(sys.argv[2])
    if len(sys.argv) > 3:
        die_at(sys.argv[3], sys.argv[4], int(sys.argv[5]))
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=HashingEmbedder()) as base:
        jobs = Jobs(base)
        for number in range(count):
            batch = jobs.batch()
            files = [
                batch.add(f"{number}-{part}.txt", [f"Text {number} {part}. ".encode() * 400])
                for part in "ab"
            ]
            job_id = jobs.add_uploads(files, options=retry_options())
            sys.stdout.write(f"{job_id}\n")
            sys.stdout.flush()
        sys.stdout.write("queued\n")
        sys.stdout.flush()
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
