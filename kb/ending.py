"""Whether this process is about to end: what it holds then is freed by its end, in no time.

A program that was started for one command says so; in any other process, a test or a program that
uses this library, nothing is ever left to the end. Imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class _State:
    one_command: bool = False
    near: bool = False


_state = _State()


def after_one_command() -> None:
    """Say that this process runs one command and then ends."""
    _state.one_command = True


def begin() -> None:
    """Say that the command is done but for letting go of what it holds."""
    _state.near = _state.one_command


def is_near() -> bool:
    """Say whether memory may be left to the end of this process."""
    return _state.near
