"""Reads files in worker processes: a limited number of files wait, and idle workers end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from kb.settings import Settings

if TYPE_CHECKING:
    from ingest.loaders import LoadedFile
    from ingest.reading.sandbox import Sandbox

_IDLE_S = 60.0
"""Seconds that a worker process stays for the next file."""


class FileReader:
    """Reads files with the loaders, the sandbox and the OCR of ingestion.

    Only the event loop may call its methods, except :meth:`close`, which runs after the loop's end.

    Args:
        settings: limits and OCR, as for ingestion.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sandbox: Sandbox | None = None
        self._under_way = 0
        self._retiring: asyncio.TimerHandle | None = None

    async def read(self, path: Path) -> LoadedFile:
        """Return the document of a file; cancelling ends the reading.

        Raises:
            LoadError: the file cannot be read.
            WorkerStartError: no worker process can start.
        """
        from ingest.options import IngestOptions  # noqa: PLC0415 - `kb` works without `ingest`

        sandbox = self._take()
        options = IngestOptions().loading(self._settings)
        future = sandbox.submit(path, options)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            sandbox.give_up(future)
            raise
        finally:
            self._leave()

    def close(self) -> None:
        """End the worker processes."""
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close(cancel=True)

    def _take(self) -> Sandbox:
        from ingest.reading.sandbox import Sandbox  # noqa: PLC0415 - as above

        self._under_way += 1
        if self._retiring is not None:
            self._retiring.cancel()
            self._retiring = None
        if self._sandbox is None:
            self._sandbox = Sandbox(
                workers=self._settings.workers or None,
                timeout_s=self._settings.file_timeout_s,
                memory_bytes=self._settings.file_memory_mb * 2**20,
            )
        return self._sandbox

    def _leave(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            loop = asyncio.get_running_loop()
            self._retiring = loop.call_later(_IDLE_S, self._retire, loop)

    def _retire(self, loop: asyncio.AbstractEventLoop) -> None:
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            loop.run_in_executor(None, sandbox.close)  # waits for its threads
