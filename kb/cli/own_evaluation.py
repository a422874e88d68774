"""``kb eval my-questions``: questions whose hits people marked; and sets by their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from kb.cli.common import opened, stdout
from kb.knowledge_base import KnowledgeBase
from kb.records import SearchMode
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.evaluation.runs import Run

OWN = "my-questions"


def is_own(named: Path) -> bool:
    """Return whether an argument means these questions; a folder of that name takes precedence."""
    return str(named) == OWN and not named.is_dir()


def set_folder(named: Path) -> Path:
    """Return the folder of a set: the named folder, else the one in the data folder's ``sets``."""
    from kb.evaluation.judged import SETS  # noqa: PLC0415 - for this only

    known = Settings.load().data_dir / SETS / named
    return known if not named.is_dir() and known.is_dir() else named


def run_own(modes: Sequence[SearchMode], *, collection: str | None) -> list[Run]:
    """Search a collection's own questions in each mode.

    Raises:
        SettingsError: no question has a good passage.
    """
    from kb.evaluation import own  # noqa: PLC0415 - numpy is for this only

    with opened() as base:
        judged = own.own_set(base, collection)
        if judged.left_out or judged.gone:
            Console(stderr=True, highlight=False).print(
                f"not scored: {judged.left_out} questions without a good passage, "
                f"{judged.gone} good passages that no document holds any more"
            )
        return [own.run(base, judged, mode=mode) for mode in modes]


def write_own(base: KnowledgeBase, folder: Path, *, collection: str | None) -> None:
    """Write a collection's own questions as a judged set, and print the next steps."""
    from kb.evaluation.making import write_own_set  # noqa: PLC0415 - for this only
    from kb.evaluation.own import own_set  # noqa: PLC0415

    written = write_own_set(base, own_set(base, collection), folder)
    stdout().print(
        f"wrote {written} questions to {folder / 'queries.jsonl'}; run `kb eval {folder}`",
        markup=False,
    )
