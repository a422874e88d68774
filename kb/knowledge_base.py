"""KnowledgeBase: the one facade that the UI, ingestion, the command line and Python use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

from kb import reembedding
from kb.answering.answer import Answer, AnswerStream
from kb.archive import exporting, importing
from kb.archive.exporting import ArchiveInfo
from kb.catalog.jobs import JobTable
from kb.chat.base import FILTERED, Message
from kb.chat.opening import open_chat_model
from kb.embedding.base import Embedder
from kb.embedding.loaded import LoadedEmbedder
from kb.errors import (
    ChatError,
    CollectionGoneError,
    KnowledgeBaseError,
    SettingsError,
)
from kb.indexing import Indexing
from kb.lazy import Lazy
from kb.metadata import clean_tags
from kb.overview import Overview, overview
from kb.records import (
    AddResult,
    Chunk,
    CollectionInfo,
    CollectionRef,
    Document,
    DocumentInfo,
    Facets,
    Highlighting,
    MetadataValue,
    SearchHit,
    SearchMode,
)
from kb.reembedding import Reembedding
from kb.reranking import open_reranker
from kb.reranking.base import Reranker
from kb.search.facets import facets
from kb.search.filters import SearchFilter
from kb.search.reranked import Reranking
from kb.search.searcher import Searcher
from kb.settings import Settings
from kb.store import check as checking
from kb.store import collections, documents, purging, runs, tags
from kb.store.check import StoreCheck
from kb.store.purging import Compaction
from kb.store.rows import document_number, no_document
from kb.store.runs import RunInfo, RunRecord
from kb.store.store import Store
from kb.tracking import FileTracking
from kb.uploads import Uploads

_log = logging.getLogger(__name__)

# Hits, and chunks beside them: more than any library has, and SQLite can still count with it.
_MOST_COUNTED = 2**32


class KnowledgeBase:
    """A knowledge base on disk. Thread-safe; close it, or use it as a context manager.

    The model is loaded at the first call that needs it, so that listing documents is instant.
    Methods take the name of a collection; None means the one in the settings, which is made
    when the first document is added.

    Attributes:
        settings: what it was opened with.
        indexing: documents in, in the steps that ingestion runs side by side.
        files: what is known of the files that documents came from.
        jobs: what is to be ingested in the background; :mod:`ingest.jobs` does it.
        uploads: originals that were uploaded.

    Raises (every method that touches the store):
        StoreError: the disk or a file of the store failed.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        interrupted: threading.Event | None = None,
    ) -> None:
        self.settings = settings
        self._store = Store(
            settings.store_dir,
            lock_timeout_s=settings.lock_timeout_s,
            interrupted=interrupted,
        )
        self._loaded = LoadedEmbedder(settings, embedder)
        self._chat = Lazy(partial(open_chat_model, settings))
        self._reranker = Lazy(partial(open_reranker, settings))
        self._searcher = Searcher(self._store)
        self.indexing = Indexing(settings, self._store, self._loaded)
        self.files = FileTracking(settings, self._store)
        self.jobs = JobTable(self._store.database)
        self.uploads = Uploads(settings.uploads_dir)

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        interrupted: threading.Event | None = None,
    ) -> KnowledgeBase:
        """Open the knowledge base that the settings name, making it if it is not there.

        Args:
            settings: read from ``KB_…`` variables and ``kb.toml`` if not given.
            embedder: used instead of the model in the settings; stays open on close.
            interrupted: set it to end waiting for other processes, with a KeyboardInterrupt.
        """
        return cls(settings or Settings.load(), embedder=embedder, interrupted=interrupted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the models and the store's files."""
        self._chat.close()
        self._reranker.close()
        self._loaded.close()
        self._store.close()

    @property
    def embedder(self) -> Embedder:
        """The embedding model, loaded at first use (1 to 2 s for the default)."""
        return self._loaded.get()

    @property
    def reranker(self) -> Reranker:
        """The model that orders the best hits, loaded at first use.

        Raises:
            SettingsError: the settings name none.
            ModelError: it is not there, or is no reranker.
        """
        return self._reranker.get()

    @property
    def generation(self) -> int:
        """A count that rises with every change of what can be found, by any process."""
        return self._store.generation()

    @property
    def read_only(self) -> str:
        """Why nothing can be changed, and what to do; empty where changes can be stored."""
        return self._store.snapshot.refusal if self._store.snapshot else ""

    # -- collections

    def collections(self) -> list[CollectionInfo]:
        """Return all collections by name."""
        with self._store.database.read() as db:
            return collections.listed(db)

    def collection(self, name: str | None = None) -> CollectionInfo:
        """Return one collection's description.

        Raises:
            CollectionError: there is no such collection.
        """
        with self._store.database.read() as db:
            return collections.get(db, name or self.settings.collection)

    def held(self, name: str | None = None) -> CollectionRef:
        """Return the collection of that name to work on for a while, whatever it is called by then.

        The name itself where there is no such collection (yet).
        """
        wanted = name or self.settings.collection
        with self._store.database.read() as db:
            return collections.find(db, wanted) or wanted

    def create_collection(self, name: str, *, description: str = "") -> CollectionInfo:
        """Make a collection for the model in use.

        Raises:
            CollectionError: the name is taken or cannot be used.
        """
        return self._store.create_collection(name, description, self.embedder.identity)

    def rename_collection(self, name: str, new_name: str) -> None:
        """Give a collection another name; its contents stay as they are."""
        with self._store.lock.hold(), self._store.database.write() as db:
            collections.rename(db, name, new_name)

    def describe_collection(self, name: str, description: str) -> None:
        """Change a collection's description."""
        with self._store.lock.hold(), self._store.database.write() as db:
            collections.describe(db, name, description)

    def instruct_collection(self, name: str, instruction: str) -> None:
        """Change what a collection's queries ask for; empty for the settings' instruction.

        Documents are embedded without instructions, so nothing is embedded again.
        """
        with self._store.lock.hold(), self._store.database.write() as db:
            collections.instruct(db, name, instruction)

    def set_collection_mode(self, name: str, mode: SearchMode | None) -> None:
        """Change how a collection is searched where a query does not say; None for the settings'.

        Raises:
            CollectionError: there is no such collection.
        """
        with self._store.lock.hold(), self._store.database.write() as db:
            collections.set_mode(db, name, mode)

    def delete_collection(self, name: str) -> None:
        """Delete a collection with all its documents.

        Raises:
            CollectionError: there is no such collection.
        """
        self._store.drop_collection(name)

    # -- adding

    def add(
        self,
        document: Document | str,
        *,
        name: str = "",
        collection: str | None = None,
        metadata: Mapping[str, MetadataValue] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> AddResult:
        """Add a document, or plain text, under a name; the same name again replaces it.

        Without a name, the text's hash is its name. Files are read by the ``ingest`` package.
        ``on_progress`` is told how many more chunks are embedded.

        Raises:
            EmbedderMismatchError: the collection was made with another model.
        """
        return self.indexing.add(
            document,
            name=name,
            collection=collection,
            metadata=metadata,
            on_progress=on_progress,
        )

    # -- searching

    def search(
        self,
        query: str,
        *,
        top_k: int | None = None,
        collection: str | Sequence[str] | None = None,
        where: SearchFilter | None = None,
        mode: SearchMode | None = None,
        highlights: Highlighting = "sentences",
        context: int = 0,
        diversity: float = 0.0,
        instruct: str = "",
        rerank: bool | None = None,
    ) -> list[SearchHit]:
        """Return the passages that answer ``query`` best, best first.

        ``"words in quotes"`` must stand in every hit, ``-word`` in none. Near-copies are one hit
        that lists all its sources.

        Args:
            query: what is asked; blank gives no hits.
            top_k: most hits; the settings' if not given.
            collection: one name, or several of the same model; no hits for an empty list.
            where: conditions that every hit meets.
            mode: by meaning (``dense``), by words (``keyword``, which goes without the model
                where it cannot be loaded), or both (``hybrid``); if not given the collection's,
                else the settings'. Several collections whose modes differ are searched in the
                settings' mode, for their scores would not compare.
            highlights: what is marked in each hit; ``sentences`` costs model time, see
                :meth:`highlight`.
            context: chunks before and after each hit whose text it is given as well.
            diversity: from 0 to 1, how much hits are to differ from each other: 1 less the
                lambda of maximal marginal relevance.
            rerank: have the reranker of the settings order the best hits; if not given, where
                the settings name one.
            instruct: what the query asks for, in place of the collection's instruction and of
                the one in the settings; for models that take one.

        Raises:
            CollectionError: there is no such collection.
            SettingsError: there is an instruction, but the model takes none; an argument is out of
                bounds; the query holds nothing but exclusions.
            EmbedderMismatchError: a collection was made with another model.
            InputTooLongError: the query is longer than the model reads, or than is looked up
                (16,384 characters, 2,048 different words).
        """
        if context < 0 or not 0 <= diversity <= 1:
            msg = f"context {context} must not be below 0, diversity {diversity} be within 0 and 1"
            raise SettingsError(msg)
        if mode is not None and mode not in get_args(SearchMode):
            msg = f"there is no mode {mode!r}; choose from {', '.join(get_args(SearchMode))}"
            raise SettingsError(msg)
        if highlights not in get_args(Highlighting):
            choices = ", ".join(get_args(Highlighting))
            msg = f"highlights cannot be {highlights!r}; choose from {choices}"
            raise SettingsError(msg)
        if top_k is not None and top_k < 1:
            msg = f"top_k is {top_k}, but must be 1 or more"
            raise SettingsError(msg)
        names = [collection] if collection is None or isinstance(collection, str) else collection
        if not names:
            return []
        while True:
            targets = [self.collection(name) for name in dict.fromkeys(names)]
            tasks = [self._task(each, instruct) for each in targets]
            chosen = mode or self._mode(targets)
            embedder = self._embedder_for(chosen)
            try:
                for target in targets if embedder else ():
                    self.indexing.check_embedder(target)
                return self._searcher.search(
                    targets,
                    query,
                    embedder,
                    top_k=min(top_k or self.settings.top_k, _MOST_COUNTED),
                    where=where,
                    mode=chosen,
                    highlights=highlights,
                    context=min(context, _MOST_COUNTED),
                    diversity=diversity,
                    tasks=tasks,
                    rerank=self._reranking(rerank),
                )
            except CollectionGoneError:
                continue  # deleted or re-embedded just now: the name is looked up again

    def highlight(
        self, query: str, hits: Sequence[SearchHit], *, instruct: str = ""
    ) -> list[SearchHit]:
        """Return hits of a search with ``highlights="words"``, marked as by ``"sentences"``.

        For programs that show hits at once and their marks when they are there.

        Args:
            query: what was searched for.
            hits: what was found; nothing but their highlights changes.
            instruct: as for the search, else each hit's collection says it.
        """
        tasks = {each.name: self._task(each, instruct) for each in self.collections()}
        return self._searcher.highlight(
            query,
            list(hits),
            self.embedder,
            # A collection that is gone since the search has no instruction any more.
            tasks={
                hit.collection: tasks.get(hit.collection, instruct or self.settings.instruction)
                for hit in hits
            },
        )

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        collection: str | Sequence[str] | None = None,
        where: SearchFilter | None = None,
        mode: SearchMode | None = None,
    ) -> AnswerStream:
        """Return the answer to a question, in the making, by the chat model of the settings.

        ``base.ask("…").answer`` is the whole of it; iterating gives it piece by piece.

        Args:
            question: what is asked.
            history: the conversation so far; a question that leans on it is worded anew.
            top_k: most passages to answer from; the settings' if not given.
            collection: as for :meth:`search`, like the rest.
            where: conditions that every passage meets.
            mode: how to search.
        """
        return AnswerStream(
            partial(
                self.search,
                top_k=top_k,
                collection=collection,
                where=where,
                mode=mode,
                highlights="words",  # the answer is waited for
            ),
            self._chat.get,
            question,
            history=history,
            most_tokens=self.settings.chat_answer_tokens,
        )

    def continue_answer(self, answer: Answer) -> AnswerStream:
        """Return the rest of an answer that was cut short, in the making, from the same passages.

        Its pieces are what comes anew; ``.answer`` is the answer from its beginning.

        Args:
            answer: one whose ``can_go_on`` is true.

        Raises:
            ChatError: the chat server's filter cut it short.
        """
        if answer.ended == FILTERED:
            msg = (
                "the chat server's filter cut the answer short, so it cannot be continued; ask in "
                "other words"
            )
            raise ChatError(msg)
        return AnswerStream(
            lambda _: list(answer.sources),
            self._chat.get,
            answer.question,
            most_tokens=self.settings.chat_answer_tokens,
            begun=answer,
        )

    def facets(self, *, collection: str | None = None) -> Facets:
        """Return the tags and languages of a collection's documents, for filters.

        Raises:
            CollectionError: there is no such collection.
        """
        target = self.collection(collection)
        with self._store.database.read() as db:
            return facets(db, target.id)

    def overview(self, *, collection: str | None = None) -> Overview:
        """Return what a collection holds at a glance, with a map of its documents.

        Raises:
            CollectionError: there is no such collection.
        """
        return overview(self._store, self.collection(collection))

    def context(self, hit: SearchHit, *, characters: int = 600) -> tuple[str, str]:
        """Return the text right before and right after a hit, up to ``characters`` each."""
        text = self.document_text(hit.document_id)
        before = text[max(0, hit.start - characters) : hit.start]
        return before, text[hit.end : hit.end + characters]

    # -- documents

    def documents(self, *, collection: str | None = None) -> list[DocumentInfo]:
        """Return the documents of a collection, newest first.

        Raises:
            CollectionError: there is no such collection.
        """
        target = self.collection(collection)
        with self._store.database.read() as db:
            return documents.listed(db, target.id)

    def document(self, document_id: int) -> DocumentInfo:
        """Return one document's description.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._store.database.read() as db:
            found = documents.info(db, document_number(document_id))
        if found is None:
            raise no_document(document_id)
        return found

    def document_content(self, document_id: int) -> Document:
        """Return a document whole, as it was read: text, sections, pages.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        with self._store.database.read() as db:
            found = documents.body(db, document_number(document_id))
        if found is None:
            raise no_document(document_id)
        return found

    def document_text(self, document_id: int) -> str:
        """Return a document's normalised text.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        return self.document_content(document_id).text

    def chunks(self, document_id: int) -> list[Chunk]:
        """Return a document's chunks as they were cut, in order; none if there is no such document.

        Raises:
            DocumentNotFoundError: what was given is no whole number.
        """
        with self._store.database.read() as db:
            return documents.cut(db, document_number(document_id))

    def remove(self, document_id: int, *, collection: str | None = None) -> None:
        """Remove a document and all its sources from a collection.

        Raises:
            DocumentNotFoundError: there is no such document in the collection.
        """
        self._store.remove_document(self.collection(collection).id, document_id)

    def tag(
        self,
        document_ids: Sequence[int],
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        collection: str | None = None,
    ) -> None:
        """Give tags to documents, and take others from them; filters find them by these.

        Tags belong to the documents' files and stay when a file changes. What documents have as
        tags of their own cannot be taken from them.

        Args:
            document_ids: which documents; those that are not in the collection are passed over.
            add: tags; ``"a, b"`` are two.
            remove: tags, in any case.
            collection: whose documents they are.

        Raises:
            SettingsError: a tag is empty, too long or not on one line; nothing was changed.
            DocumentNotFoundError: what names a document is no whole number; nothing was changed.
        """
        target = self.collection(collection)
        added, removed = clean_tags(add), clean_tags(remove)
        with self._store.writing(), self._store.changing() as db:
            tags.change(db, target.id, document_ids, add=added, remove=removed)

    # -- moving collections

    def export(
        self, path: Path | str, *, collection: str | None = None, originals: bool = True
    ) -> ArchiveInfo:
        """Write a collection to one file, which is replaced if it is there.

        It holds documents, chunks, vectors, settings and, unless told otherwise, the uploaded
        originals; files in folders are not copied.

        Raises:
            CollectionError: there is no such collection.
        """
        chosen = {"chunk_size", "chunk_overlap", "chunk_unit", "ocr"}
        return exporting.export_collection(
            self._store,
            self.collection(collection),
            Path(path),
            self.settings.model_dump(mode="json", include=chosen),
            self.uploads if originals else None,
        )

    def import_archive(self, path: Path | str, *, collection: str | None = None) -> ArchiveInfo:
        """Make a collection of an exported file, under its own name or another.

        Nothing is embedded.

        Raises:
            ArchiveError: the file is damaged or of another version; nothing has changed.
            EmbedderMismatchError: its vectors come from another model.
            CollectionError: there is a collection of that name.
        """
        return importing.import_collection(
            self._store, self.uploads, Path(path), collection, self.embedder.identity
        )

    def reembed(
        self,
        collection: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Reembedding:
        """Make a collection's vectors anew with the model in use, from the stored text.

        It is searched with its old model all the while, and belongs to the new one in one step.
        Call again to go on after an interruption. ``on_progress`` is told (documents done, of
        how many).

        Raises:
            CollectionError: there is no such collection, or it was deleted meanwhile.
            EmbeddingError: the model failed; what is done stays done.
        """
        return reembedding.reembed(
            self._store, self.indexing, self.collection(collection), on_progress
        )

    # -- history

    def begin_run(self, paths: Sequence[str], *, collection: CollectionRef = None) -> RunRecord:
        """Record that a run of ingestion has begun; the record is told how it ends."""
        return runs.begin(self._store, self.indexing.writable_collection(collection), paths)

    def runs(self, *, limit: int | None = None) -> list[RunInfo]:
        """Return the runs of ingestion of all collections, newest first; ``limit`` at most.

        Raises:
            SettingsError: ``limit`` is below 1.
        """
        return runs.listed(self._store, limit=limit)

    # -- upkeep

    def compact(self) -> Compaction:
        """Rewrite the store's files so that no text of removed documents is left in them.

        Deletes uploaded originals that no source refers to, and backups of older catalogs.

        Raises:
            StoreBusyError: files are being ingested.
        """
        return purging.compact(self._store, self.uploads)

    def check(self, *, repair: bool = False) -> StoreCheck:
        """Say whether catalog, vectors and full-text index agree; with ``repair`` mend them.

        Raises:
            EmbedderMismatchError: vectors are missing that another model must compute.
        """
        if repair:
            return checking.repair(self._store, self.indexing.embed_again)
        return checking.check(self._store)

    # -- helpers

    def _reranking(self, wanted: bool | None) -> Reranking | None:  # noqa: FBT001 - a setting, or none
        if wanted is False or (wanted is None and not self.settings.reranker):
            return None
        return Reranking(reranker=self.reranker, candidates=self.settings.rerank_candidates)

    def _embedder_for(self, mode: SearchMode) -> Embedder | None:
        """Return the embedding model; None where it fails and a search by words goes without."""
        try:
            return self.embedder
        except KnowledgeBaseError as error:
            if mode != "keyword":
                raise
            _log.warning("searching by words without the embedding model: %s", error)
            return None

    def _task(self, target: CollectionInfo, instruct: str) -> str:
        return instruct or target.instruction or self.settings.instruction

    def _mode(self, targets: Sequence[CollectionInfo]) -> SearchMode:
        modes = {each.mode or self.settings.mode for each in targets}
        return modes.pop() if len(modes) == 1 else self.settings.mode
