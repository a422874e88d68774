"""Options of one run of ingestion."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ingest.loaders.base import LoadOptions
from kb.records import Source
from kb.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """Options of one run.

    ``checksum`` hashes files even if size and time are unchanged. ``prune`` removes documents whose
    files no longer exist in the given folders, or are excluded now by an ignore file, ``exclude``
    or another rule. ``force_prune`` allows that even for more than half of the files. ``retry``
    reads failed files again. ``passwords`` are tried on encrypted files and never stored. Two
    options are for watchers: ``vanished`` are files and folders whose deletion was seen.
    ``taken_in`` are files that a run found, excluded by no rule, since watching began. The run
    removes vanished files, and files taken in that a rule excludes now, even without ``prune``.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    checksum: bool = False
    prune: bool = False
    force_prune: bool = False
    dry_run: bool = False
    retry: bool = False
    ocr: bool | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)
    vanished: frozenset[Path] = frozenset()
    taken_in: frozenset[Source] = frozenset()

    def loading(self, settings: Settings) -> LoadOptions:
        """Return the options of reading: these, else the settings'."""
        return LoadOptions(
            passwords=self.passwords,
            ocr=settings.ocr if self.ocr is None else self.ocr,
            max_file_bytes=settings.max_file_mb * 2**20,
        )
