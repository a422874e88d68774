"""Opens what the gate took: Streamlit hands out a receipt, the file is on disk."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from streamlit.runtime.uploaded_file_manager import UploadedFile

from ui.incoming import RECEIPT_PREFIX, Incoming
from ui.trust import session_id


class LostError(Exception):
    """The file is no longer here: its connection was away for too long."""


@contextmanager
def opened(incoming: Incoming, file: UploadedFile) -> Iterator[BinaryIO]:
    """Open a file that a person put into the field.

    Raises:
        LostError: it has to be sent again.
    """
    content = file.getvalue()
    if not content.startswith(RECEIPT_PREFIX):
        yield io.BytesIO(content)  # a page that a test draws has no gate before it
        return
    held = incoming.find(session_id(), content)
    if held is None:
        raise LostError
    with held.path.open("rb") as data:
        yield data


def discard(incoming: Incoming, files: Sequence[UploadedFile]) -> None:
    """Delete files that have been taken out of the field."""
    for file in files:
        incoming.discard(session_id(), file.file_id)
