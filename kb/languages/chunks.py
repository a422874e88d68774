"""The language of each chunk: its document's, or another one for text in another script."""

from __future__ import annotations

import re
from collections.abc import Callable

from kb.languages.documents import told_by
from kb.languages.scripts import LANGUAGES, main_script, may_be_in

# Words with the marks between them: Chinese next to English has no space before it.
_PARTS = re.compile(r"[\x20-\x7e\u00a0-\u024f]+|[^\x20-\x7e\u00a0-\u024f]+")


def main_language(languages: str) -> str:
    """Return the ISO 639-1 code of a document's first language: ``zh`` for ``zh-Hant``."""
    first = languages.partition(",")[0].strip()
    return first.partition("-")[0].casefold()


def chunk_language(
    text: str, document_language: str, *, tell: Callable[[str], str] = told_by
) -> str:
    """Return the language of a chunk, ISO 639-1; empty if unknown.

    Args:
        text: the chunk's text.
        document_language: the document's language, stated or detected.
        tell: detects the language of a text.

    Raises:
        StoreError: the disk has no room for the classifier's temporary file.
    """
    language, script = main_language(document_language), main_script(text)
    if not script or (language and may_be_in(language, script)):
        return language
    written = LANGUAGES.get(script, ())
    if len(written) == 1:
        return written[0]
    if not language:  # even the whole document did not show it
        return ""
    told = tell(" ".join(part for part in _PARTS.findall(text) if main_script(part) == script))
    return told if told and may_be_in(told, script) else ""
