"""Options that decide where a document is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kb.errors import SettingsError

SMALLEST_CHUNK = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """Sizes of chunks and of their overlap, in characters or in the model's tokens.

    Raises:
        SettingsError: the size is too small, or the overlap is not below half of it.
    """

    chunk_size: int = 1024
    chunk_overlap: int = 128
    unit: Literal["characters", "tokens"] = "characters"

    def __post_init__(self) -> None:
        if self.chunk_size < SMALLEST_CHUNK:
            msg = f"chunk_size is {self.chunk_size}; make it at least {SMALLEST_CHUNK}"
            raise SettingsError(msg)
        if not 0 <= self.chunk_overlap <= self.chunk_size // 2:
            msg = (
                f"chunk_overlap is {self.chunk_overlap} with chunk_size {self.chunk_size}; "
                f"make it 0 to {self.chunk_size // 2}"
            )
            raise SettingsError(msg)
        if self.unit not in ("characters", "tokens"):
            msg = f"unit is {self.unit!r}; make it 'characters' or 'tokens'"
            raise SettingsError(msg)
