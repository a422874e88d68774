"""Choices of one run of ingestion."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ingest.loaders.base import LoadOptions
from kb.records import Source
from kb.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """Choices of one run.

    ``checksum`` hashes files even where size and time are unchanged; ``prune`` removes
    documents whose files are gone from the folders given, or are left out now by an ignore file,
    ``exclude`` or another rule (``force_prune`` even if that is more than half); ``retry`` reads
    files again that could not be read; ``passwords`` are tried on encrypted files and never
    stored. Two are for who watches: ``vanished`` are files and folders that were seen to be
    deleted, and ``taken_in`` those that a run found, with no rule that left them out, since
    watching began. What vanished, and what was taken in and is left out now, is removed without
    being asked for.
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
        """Return how files are read: as these options say, else as the settings do."""
        return LoadOptions(
            passwords=self.passwords,
            ocr=settings.ocr if self.ocr is None else self.ocr,
            max_file_bytes=settings.max_file_mb * 2**20,
        )
