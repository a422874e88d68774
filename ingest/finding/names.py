r"""Names of files and folders as text, which is what the identities of files are made of.

A name is text in NFC; bytes that are no UTF-8 are spelled as ``\xNN``. Two entries of one folder
may give the same text, "é" as one character and as two: then only one of them is spelled in NFC.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

_ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])")


def as_text(name: str) -> str:
    r"""Return a name or path as printable text, bytes that are no UTF-8 spelled as ``\xNN``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def readable_name(name: str) -> str:
    """Return a name or path as text in NFC."""
    return unicodedata.normalize("NFC", as_text(name))


def spelled(names: Iterable[str]) -> dict[str, str]:
    """Return what the entries of one folder are called; each name is given to one entry.

    Where two are the same in NFC, the one that is written in NFC has that name, and the other
    keeps its own spelling.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda name: (readable_name(name) != name, name)):
        form = readable_name(name)
        if form in taken:
            form = as_text(name)
        while form in taken:  # bytes, and a name that is written as these bytes are spelled
            form += "'"
        taken.add(form)
        found[name] = form
    return found


def name_below(root: Path, path: Path) -> str:
    """Return the identity of ``path`` below ``root``, with ``/``; empty for the root itself."""
    parts = []
    folder = root
    for name in path.relative_to(root).parts:
        parts.append(_name_in(folder, name))
        folder /= name
    return "/".join(parts)


def on_disk(root: str, path: str) -> Path | None:
    """Return where a file or folder of that identity is; None where nothing is there."""
    whole = os.path.join(root, path) if path else root  # noqa: PTH118 - no Path of what may be no path
    return next((Path(form) for form in _forms(whole) if os.path.lexists(form)), None)


def _forms(text: str) -> Iterator[str]:
    yield text
    yield unicodedata.normalize("NFD", text)
    if _ESCAPED.search(text):
        yield _ESCAPED.sub(lambda found: chr(0xDC00 + int(found[1], 16)), text)


def _name_in(folder: Path, name: str) -> str:
    if readable_name(name) == name:
        return name
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names, not paths
    except OSError:
        names = []
    return spelled({*names, name})[name]
