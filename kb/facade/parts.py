"""The components that all methods of a knowledge base use."""

from __future__ import annotations

import threading
from functools import partial
from typing import Literal

from kb.api_keys import ApiKeys
from kb.chat.opening import open_chat_model
from kb.embedding import open_embedder
from kb.embedding.base import Embedder
from kb.indexing.steps import Indexing
from kb.lazy import Lazy
from kb.near_duplicates import NearDuplicates
from kb.own_questions import OwnQuestions
from kb.queueing import JobQueue
from kb.remembering import Remembered
from kb.reranking import open_reranker
from kb.search.likeness import Likeness
from kb.search.means import LanguageMeans
from kb.search.searcher import Searcher
from kb.settings import Settings
from kb.store.access import vector_access
from kb.store.store import Store
from kb.tracking import FileTracking
from kb.uploads import Uploads
from kb.watching import WatchedFolders


class Parts:
    """Creates the components of a knowledge base and frees them. Models are loaded at first use.

    ``embedder_is_given`` says that a program supplied the model, and the settings do not name it.
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
            vectors=vector_access(settings),
        )
        self.embedder_is_given = embedder is not None
        self._loaded = Lazy(partial(open_embedder, settings), given=embedder)
        # Both open by the settings of that moment: see use_model.
        self._chat = Lazy(lambda: open_chat_model(self.settings))
        self._reranker = Lazy(lambda: open_reranker(self.settings))
        self._means = LanguageMeans(self._store, self._loaded.get, enabled=settings.language_means)
        self._searcher = Searcher(
            settings, self._store, self._loaded, self._reranker.get, self._means
        )
        self.indexing = Indexing(settings, self._store, self._loaded)
        self.files = FileTracking(settings, self._store)
        self.jobs = JobQueue(self._store.catalog)
        self.keys = ApiKeys(self._store.catalog)
        self.likeness = Likeness(self._store)
        self.near_duplicates = NearDuplicates(self._store)
        self.questions = OwnQuestions(self._store.catalog)
        self.remembered = Remembered(self._store.catalog)
        self.uploads = Uploads(settings.uploads_dir)
        self.watched = WatchedFolders(self._store.catalog, default=settings.collection)

    def use_model(self, setting: Literal["reranker", "chat_model"], value: str | None) -> None:
        """Use another reranker or chat model from now on; None for none.

        The next search or question opens it. An answer that the former chat model is writing ends
        with an error. The settings file stays as it is.
        """
        self.settings = self.settings.model_copy(update={setting: value})
        self._searcher.adopt(self.settings)
        (self._reranker if setting == "reranker" else self._chat).close()

    def close(self) -> None:
        """Free the models and close the store's files."""
        self._means.close()
        self._chat.close()
        self._reranker.close()
        self._loaded.close()
        self._searcher.close()  # its threads would open the files again
        self._store.close()
