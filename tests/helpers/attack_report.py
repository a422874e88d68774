"""What an attack reports to: the table of figures at the end of a run."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, str, str], None]
"""Takes the attack, its figure before the mend, and its figure now."""
