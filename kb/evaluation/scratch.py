"""A throw-away folder that is gone afterwards, however the process ends."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb import interrupts
from kb.locked_files import LockedFile

_PREFIX = "kb-eval-"
_LOCK = "in-use.lock"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make an empty folder for the block.

    A second Ctrl-C removes it on its way out. What a process that was killed left behind is
    removed by the next one.
    """
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    with interrupts.cleaning_up(remove):
        try:
            with LockedFile(folder / _LOCK).held():
                yield folder
        finally:
            remove()


def _remove_abandoned() -> None:
    """Remove the folders whose process is gone: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = folder / _LOCK
        # One that was made a moment ago has no lock yet, and others' folders are not ours.
        try:
            ours = lock.is_file() and folder.lstat().st_uid == os.getuid()
            if ours and not folder.is_symlink():
                with LockedFile(lock).held():
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # somebody is at work in it, or it is not ours after all
            continue
