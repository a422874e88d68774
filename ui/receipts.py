"""Opens files that the gate has stored: Streamlit passes on a receipt, the file is on disk."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from streamlit.runtime.uploaded_file_manager import UploadedFile

from ui.incoming import RECEIPT_PREFIX, REFUSAL_PREFIX, Incoming
from ui.trust import session_id


class NotHereError(Exception):
    """The file is not on disk: it was ``lost``, or refused for the reason ``why``."""

    def __init__(self, *, why: str) -> None:
        super().__init__(why)
        self.why = why


@contextmanager
def opened(incoming: Incoming, file: UploadedFile) -> Iterator[BinaryIO]:
    """Open a file that a person put into the field.

    Raises:
        NotHereError: the gate refused it, or its connection was interrupted for too long.
    """
    content = file.getvalue()
    if not content.startswith(RECEIPT_PREFIX):
        yield io.BytesIO(content)  # a page drawn by a test has no gate
        return
    if content.startswith(REFUSAL_PREFIX):
        raise NotHereError(why=content.removeprefix(REFUSAL_PREFIX).decode())
    held = incoming.find(session_id(), content)
    if held is None:
        raise NotHereError(why="lost")
    with held.path.open("rb") as data:
        yield data


def discard(incoming: Incoming, files: Sequence[UploadedFile]) -> None:
    """Delete files that the person removed from the field."""
    for file in files:
        incoming.discard(session_id(), file.file_id)
