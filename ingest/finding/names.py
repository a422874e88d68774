r"""Names of files and folders as text, the basis of the identities of files.

A name is text in NFC; bytes that are not UTF-8 become ``\xNN``. Two entries of one folder may have
the same text, for example "é" as one character and as two. Then only one of them gets the name in
NFC.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

_ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])")


def as_text(name: str) -> str:
    r"""Return a name or path as printable text; bytes that are not UTF-8 become ``\xNN``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def readable_name(name: str) -> str:
    """Return a name or path as text in NFC."""
    return unicodedata.normalize("NFC", as_text(name))


def spelled(names: Iterable[str]) -> dict[str, str]:
    """Return the names of one folder's entries; each name belongs to one entry.

    If two names are equal in NFC, the entry that is written in NFC gets the name. The other keeps
    its own spelling.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda name: (readable_name(name) != name, name)):
        form = readable_name(name)
        if form in taken:
            form = as_text(name)
        while form in taken:  # bytes, and a name that spells these bytes
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
    """Return the path of a file or folder with this identity; None if it does not exist."""
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
