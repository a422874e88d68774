"""The files inside an uploaded zip: read within limits, with a list of the files left out.

A zip comes from a stranger: it may claim to be small and be huge, name files outside its folder, or
contain links and other zips. Nothing is unpacked to disk; names are only names.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from ingest.loaders import EXTENSIONS
from kb.text import normalise

MOST_ENTRIES = 10_000
MOST_RATIO = 200
"""Most bytes that one byte of the zip may become; text packs to a tenth, bombs to a thousandth."""

_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_FREE_BYTES = 1 << 20  # small files may be as repetitive as they like
# The zip library raises many errors for broken entries: its own, those of each compression, of text
# encodings, of positions before the file's beginning.
_ANY_FAILURE = Exception
IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db")
"""Files that operating systems add by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file of a zip that was left out, and the reason: a key of the UI's texts."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A file of a zip; its name includes folders, and another file may have the same name."""

    name: str
    data: bytes


def read_zip(
    file: BinaryIO, *, most_bytes: int, most_file_bytes: int
) -> Iterator[Unpacked | LeftOut]:
    """Yield the documents inside a zip one by one, in its order, and the files left out.

    Args:
        file: the zip.
        most_bytes: most bytes of all files unpacked.
        most_file_bytes: most bytes of one file.

    Raises:
        ValueError: it is not a zip, or is damaged or too large; the message is a key of the UI's
            texts.
    """
    try:
        archive = zipfile.ZipFile(file)
    except _ANY_FAILURE as error:
        message = "damaged"
        raise ValueError(message) from error
    with archive:
        entries = [entry for entry in archive.infolist() if not _is_folder(entry)]
        if len(entries) > MOST_ENTRIES:
            message = "too_many"
            raise ValueError(message)
        room = most_bytes
        for entry in entries:
            name = _name(entry)
            reason = _refusal(entry, name, most_file_bytes)
            content = reason or _content(archive, entry, min(room, most_file_bytes))
            if isinstance(content, str):
                yield LeftOut(name=name or '""', reason=content)
            else:
                room -= len(content)
                yield Unpacked(name=name, data=content)


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size == 0 and entry.orig_filename.endswith(("/", "\\"))


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name in readable form; Chinese Windows writes GBK without declaring it.

    Steps without effect (``./``, ``//``) are removed. Steps that lead outside stay, to be refused.
    """
    name = entry.orig_filename  # including the part after a NUL
    if not entry.flag_bits & _UTF8_NAME:
        try:
            raw = name.encode("cp437")
            name = raw.decode("utf-8")
        except UnicodeEncodeError:
            pass
        except UnicodeDecodeError:
            name = raw.decode("gb18030", "replace")
    clean = " ".join(normalise(name.replace("\\", "/")).split())
    return str(PurePosixPath(clean)) if PurePosixPath(clean).parts else clean


def _refusal(entry: zipfile.ZipInfo, name: str, most_file_bytes: int) -> str | None:
    path = PurePosixPath(name)
    if not path.parts:
        return "nameless"
    grounds = {
        "outside": path.is_absolute() or ".." in path.parts or ":" in path.parts[0],
        "link": stat.S_ISLNK(entry.external_attr >> 16),
        "hidden": any(part in IGNORED or part.startswith(".") for part in path.parts),
        "type": path.suffix.lower() not in EXTENSIONS,
        "encrypted": bool(entry.flag_bits & _ENCRYPTED),
        "too_large": entry.file_size > most_file_bytes,
    }
    return next((reason for reason, applies in grounds.items() if applies), None)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes | str:
    """Return a file's bytes, or why there are none; never trust its header's claims."""
    most = min(room, max(_FREE_BYTES, MOST_RATIO * max(1, entry.compress_size)))
    try:
        with archive.open(entry) as file:
            content = file.read(most + 1)
    except _ANY_FAILURE:
        return "unreadable"
    if len(content) > most:
        return "full" if most == room else "bomb"
    return content


def named(left_out: Sequence[LeftOut]) -> Iterator[tuple[str, list[str]]]:
    """Return each reason with the names of its files."""
    for reason in dict.fromkeys(each.reason for each in left_out):
        yield reason, [each.name for each in left_out if each.reason == reason]
