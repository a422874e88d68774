"""A worker process of the sandbox: reads requests, loads one file or draws one page each, answers.

Started as ``python -m ingest.reading.worker``. It imports neither llama.cpp nor Chroma. It imports
the PDF engines and OCR only when a file needs them.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from ingest.errors import FileTooLargeError, LoaderCrashError, LoaderMemoryError, LoadError
from ingest.loaders import load_file
from ingest.loaders.availability import unavailable
from ingest.loaders.pictures.timing import listening
from ingest.reading import limits, wire
from ingest.reading.framing import Message, receive, send

TIRED_SHARE = 0.7
"""Share of its address space above which a worker asks for its replacement after a file."""


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    memory_bytes, parent = int(sys.argv[1]), int(sys.argv[2])
    limits.apply(memory_bytes, parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger().addHandler(logging.NullHandler())  # engines log contents of files
    requests, answers = _take_over_pipes()
    send(answers, {"ready": sorted(sys.modules) if "--list-modules" in sys.argv else True})
    while (request := receive(requests)) is not None:
        answer = _serve(request, answers)
        tired = limits.address_space() > TIRED_SHARE * memory_bytes
        known = {"id": request["id"], "tired": tired}
        try:
            send(answers, {**answer, **known})
        except ValueError:
            error = _too_many_parts(Path(request["path"]).name)
            send(answers, {"error": wire.pack_error(error), **known})


def _serve(request: Message, answers: BinaryIO) -> Message:
    path = Path(request["path"])
    try:
        if "draw" in request:
            from ingest.loaders.pdf.page_picture import draw_page  # noqa: PLC0415 - PDFs only

            drawn = draw_page(path, wire.unpack_request(request["draw"]))
            return {"drawn": wire.pack_picture(drawn)}
        with listening(lambda begins: send(answers, {"picture": begins})):
            loaded = load_file(
                path,
                wire.unpack_options(request["options"]),
                lambda done, total: send(answers, {"progress": [done, total]}),
            )
        return {"file": wire.pack_file(loaded)}
    except LoadError as error:
        return {"error": wire.pack_error(error)}
    except BaseException as error:  # noqa: BLE001 - whatever a hostile file causes is an answer
        return {"error": wire.pack_error(_translate(path.name, error))}


def _translate(name: str, error: BaseException) -> LoadError:
    """Turn any exception into a load error with its class and without text of the document."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError) or "bad_alloc" in str(seen)[-2000:]:
            return LoaderMemoryError(memory_message(name))
        if isinstance(seen, ImportError):  # an engine that is imported when a file needs it
            try:
                return unavailable(name, seen)
            except MemoryError:
                return LoaderMemoryError(memory_message(name))
        seen = seen.__cause__ or seen.__context__
    msg = (
        f"{name} could not be read: its loader failed with {type(error).__name__}; "
        "the file may be damaged. Save it anew and ingest again."
    )
    return LoaderCrashError(msg)


def _too_many_parts(name: str) -> LoadError:
    msg = f"{name} holds more text, or more sections and tables, than one document can; split it."
    return FileTooLargeError(msg)


def memory_message(name: str) -> str:
    """Return the message for a file that needs too much memory."""
    return (
        f"{name} needs more memory than a loader may take; "
        "split it, save it with smaller pictures, or raise the limit."
    )


def _take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Reserve the pipes for messages and redirect standard input and output.

    A library that prints to standard output would otherwise break the stream of messages.
    """
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


if __name__ == "__main__":
    main()
