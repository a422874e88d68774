"""A state of the catalog and a change of it, each one transaction."""

from __future__ import annotations

from kb.catalog.addresses import AddressReads
from kb.catalog.chunks import ChunkReads
from kb.catalog.collections import CollectionReads
from kb.catalog.documents import DocumentReads
from kb.catalog.file_names import FileNameChanges, FileNameReads
from kb.catalog.filters import FilterReads
from kb.catalog.hidden import HiddenChanges, HiddenReads
from kb.catalog.job_changes import JobChanges
from kb.catalog.jobs import JobReads
from kb.catalog.keys import KeyChanges, KeyReads
from kb.catalog.keywords import KeywordReads
from kb.catalog.language_means import LanguageMeanReads
from kb.catalog.making import CollectionChanges
from kb.catalog.overview import OverviewReads
from kb.catalog.questions import QuestionReads
from kb.catalog.remembered import RememberedChanges, RememberedReads
from kb.catalog.runs import RunChanges, RunReads
from kb.catalog.sentences import SentenceReads
from kb.catalog.sources import SourceReads
from kb.catalog.tags import TagReads
from kb.catalog.versions import VersionChanges
from kb.catalog.watched_folders import WatchedFolderChanges, WatchedFolderReads


class State(
    JobReads,
    KeyReads,
    CollectionReads,
    KeywordReads,
    FilterReads,
    ChunkReads,
    DocumentReads,
    AddressReads,
    FileNameReads,
    OverviewReads,
    SourceReads,
    TagReads,
    QuestionReads,
    RunReads,
    HiddenReads,
    SentenceReads,
    LanguageMeanReads,
    RememberedReads,
    WatchedFolderReads,
):
    """The catalog as it was at the first read; all reads agree."""

    def generation(self) -> int:
        """Return the count of changes of searchable data, by any process."""
        return int(self._db.execute("SELECT value FROM generation").fetchone()["value"])

    def integrity(self) -> str:
        """Return ``ok``, or the damage of the file."""
        return str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])


class Change(
    CollectionChanges,
    VersionChanges,
    FileNameChanges,
    RunChanges,
    JobChanges,
    KeyChanges,
    HiddenChanges,
    RememberedChanges,
    WatchedFolderChanges,
    State,
):
    """A change that others see completely after its block, or not at all."""
