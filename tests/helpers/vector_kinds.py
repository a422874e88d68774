"""The vector stores that the contract is proven with: by name, how to get the address of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from chroma_server import ChromaProcess


def chroma_in_a_folder(_: Path) -> AbstractContextManager[str]:
    return nullcontext("chroma")


def exact(_: Path) -> AbstractContextManager[str]:
    return nullcontext("exact")


@contextmanager
def chroma_server(folder: Path) -> Iterator[str]:
    server = ChromaProcess(folder)
    server.start()
    try:
        yield server.address
    finally:
        server.stop()


STORES: Mapping[str, Callable[[Path], AbstractContextManager[str]]] = {
    "chroma-in-a-folder": chroma_in_a_folder,
    "chroma-server": chroma_server,
    "exact": exact,
}
"""Each is given an empty folder, and gives an address for as long as it is entered."""
