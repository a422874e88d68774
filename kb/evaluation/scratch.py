"""A temporary folder that is deleted however the process ends."""

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
_NEW = "kb-new-eval-"
_LOCK = "in-use.lock"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder that is deleted after the block.

    A second Ctrl-C deletes it, too. The next process deletes the folder of a killed one.
    """
    _remove_abandoned()
    new = Path(tempfile.mkdtemp(prefix=_NEW))
    folder = new.with_name(new.name.replace(_NEW, _PREFIX, 1))

    def remove() -> None:
        for each in (new, folder):
            shutil.rmtree(each, ignore_errors=True)

    with interrupts.cleaning_up(remove):
        try:
            with LockedFile(new / _LOCK).held():
                new.rename(folder)  # others see it only now that it is locked
                yield folder
        finally:
            remove()


def _remove_abandoned() -> None:
    """Delete the folders of dead processes: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = folder / _LOCK
        # Other users' folders are not ours.
        try:
            ours = lock.is_file() and folder.lstat().st_uid == os.getuid()
            if ours and not folder.is_symlink():
                with LockedFile(lock).held():
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another process works in it, or it belongs to somebody else
            continue
