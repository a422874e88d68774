"""What reading a file answers, for ``/openapi.json``."""

from __future__ import annotations

from typing import Any

from kb.server.replies import Reply


class LoadedPart(Reply):
    """The text of a page, or of a file that has no pages.

    ``metadata`` is what the file says of itself; of a page it has ``page``, counted from 0, and
    ``page_label``, as printed.
    """

    page_content: str
    metadata: dict[str, Any]
