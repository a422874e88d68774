"""The shape of a read file in answers, for ``/openapi.json``."""

from __future__ import annotations

from typing import Any

from kb.server.replies import Reply


class LoadedPart(Reply):
    """The text of a page, or of a file without pages.

    ``metadata`` comes from the file. That of a page has ``page``, counted from 0, and the printed
    ``page_label``.
    """

    page_content: str
    metadata: dict[str, Any]
