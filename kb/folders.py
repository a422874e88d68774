"""Descriptions that people give folders and collections, and those that apply to a file.

A folder's name is its whole path, or the end of one: ``minutes/2025`` is every folder whose path
ends so, on whatever machine it was ingested.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from kb.errors import SettingsError
from kb.records.stored import CollectionInfo, Source

MOST_FOLDERS = 1000
MOST_PATH = 1000
MOST_DESCRIPTION = 10_000


def changed(folders: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return the descriptions of folders after some changes; a blank one removes an entry.

    Raises:
        SettingsError: a path is not a folder's, a description is too long, or there are too many.
    """
    result = dict(folders)
    for path, description in changes.items():
        folder, said = clean_folder(path), description.strip()
        if len(said) > MOST_DESCRIPTION:
            msg = (
                f"the description of {folder!r} has {len(said):,} characters; give at most "
                f"{MOST_DESCRIPTION:,}"
            )
            raise SettingsError(msg)
        if said:
            result[folder] = said
        else:
            result.pop(folder, None)
    if len(result) > MOST_FOLDERS:
        msg = f"{len(result):,} folders are described, and at most {MOST_FOLDERS:,} can be"
        raise SettingsError(msg)
    return dict(sorted(result.items()))


def clean_folder(path: str) -> str:
    """Return a folder's path as it is stored: NFC, without ``./`` and trailing slashes.

    Raises:
        SettingsError: the path is not a folder's.
    """
    clean = unicodedata.normalize("NFC", path.strip())
    parts = [part for part in clean.split("/") if part not in {"", "."}]
    if not parts or ".." in parts or len(clean) > MOST_PATH or not clean.isprintable():
        msg = (
            f"{path[:80]!r} names no folder; write its path, or the end of it: "
            "/home/me/minutes, or minutes/2025"
        )
        raise SettingsError(msg)
    return ("/" if clean.startswith("/") else "") + "/".join(parts)


def about(info: CollectionInfo, sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the descriptions for files: the innermost folder's first, the collection's last."""
    found: dict[str, int] = {}
    for source in sources:
        place = _folder_of(source)
        for folder, description in info.folders.items():
            if end := _end(folder, place):
                found[description] = max(end, found.get(description, 0))
    told = sorted(found, key=lambda description: -found[description])
    return tuple(dict.fromkeys([*told, *filter(None, [info.description])]))


def lies_in(folder: str, source: Source) -> bool:
    """Return whether a file is in a folder or in one below it."""
    return bool(_end(folder, _folder_of(source)))


def folders_of(source: Source) -> Iterator[str]:
    """Yield the folders of a file: each below the ingested root, then the root itself."""
    parts = source.path.split("/")[:-1]
    yield from ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
    if source.root.startswith("/") or source.is_remote:
        yield source.root.rstrip("/").rpartition("/")[2] or source.root


def _folder_of(source: Source) -> str:
    """Return the path of a file's folder, with a slash at each end."""
    # A URL has two slashes after its scheme; stored paths have single ones.
    whole = re.sub("/+", "/", unicodedata.normalize("NFC", f"/{source.whole}"))
    return whole.rpartition("/")[0] + "/"


def _end(folder: str, place: str) -> int:
    """Return the offset at which a folder's name ends in a longer path; 0 if it is not in there."""
    if folder.startswith("/"):
        return len(folder) if place.startswith(f"{folder}/") else 0
    at = place.rfind(f"/{folder}/")
    return at + len(folder) + 1 if at >= 0 else 0
