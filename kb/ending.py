"""Whether this process is about to end, so that the system may free its memory all at once.

Only a program started for a single command calls :func:`after_one_command`. Any other process, a
test or a program that uses this library, frees everything itself. Imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class _State:
    one_command: bool = False
    near: bool = False


_state = _State()


def after_one_command() -> None:
    """Declare that this process runs one command and then ends."""
    _state.one_command = True


def begin() -> None:
    """Declare that the command is done and only its memory is still to be freed."""
    _state.near = _state.one_command


def is_near() -> bool:
    """Return whether memory may be left to the end of this process."""
    return _state.near
