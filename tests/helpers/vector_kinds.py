"""The vector stores that the contract is proven with: by name, how to get the address of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest
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


def weaviate(_: Path) -> AbstractContextManager[str]:
    address = os.environ.get("KB_TEST_WEAVIATE_URL")
    if not address:
        pytest.skip("KB_TEST_WEAVIATE_URL names no Weaviate server")
    return nullcontext(address)


STORES: Mapping[str, Callable[[Path], AbstractContextManager[str]]] = {
    "chroma-in-a-folder": chroma_in_a_folder,
    "chroma-server": chroma_server,
    "exact": exact,
    "weaviate": weaviate,
}
"""Each is given an empty folder, and gives an address for as long as it is entered."""
