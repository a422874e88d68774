"""Reads plain text: decodes it, and finds the chapters of a novel or manual."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.text.chapters import find_chapters
from ingest.loaders.text.reading import read_text
from kb.records import Document
from kb.text import normalise


class TextLoader:
    """Reads .txt files of any common encoding."""

    extensions = (".txt", ".text")
    version = 4

    def load(
        self,
        path: Path,
        options: LoadOptions,  # noqa: ARG002 - the contract's; plain text has no limits to set
        on_progress: Callable[[int, int], None] | None = None,  # noqa: ARG002 - no pages
    ) -> Document:
        """Read ``path`` as one section, or one section per chapter.

        Raises:
            LoadError: the file is empty, not text, or cannot be opened.
        """
        text, metadata, notices = read_text(path)
        text = normalise(text)
        builder = DocumentBuilder(media_type="text", metadata=metadata, notices=notices)
        done = 0
        for chapter in find_chapters(text):
            builder.add(text[done : chapter.start])
            builder.heading(chapter.level, chapter.title)
            done = chapter.end
        builder.add(text[done:])
        return builder.build()
