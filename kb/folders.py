"""What people say of folders and collections, and which of it is about a file.

A folder is named by its whole path, or by the end of one: ``minutes/2025`` is every folder that is
called so, on whatever machine it was ingested.
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
    """Return the descriptions of folders after some of them are changed; a blank one is gone.

    Raises:
        SettingsError: a path names no folder, a description is too long, or there are too many.
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
    """Return a folder's path as it is kept: NFC, without ``./`` and slashes at its end.

    Raises:
        SettingsError: it names no folder.
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
    """Return what is said of the folders that files are in, the innermost first, then of all."""
    found: dict[str, int] = {}
    for source in sources:
        place = _folder_of(source)
        for folder, description in info.folders.items():
            if end := _end(folder, place):
                found[description] = max(end, found.get(description, 0))
    told = sorted(found, key=lambda description: -found[description])
    return tuple(dict.fromkeys([*told, *filter(None, [info.description])]))


def lies_in(folder: str, source: Source) -> bool:
    """Say whether a file is in a folder, or in one inside of it."""
    return bool(_end(folder, _folder_of(source)))


def folders_of(source: Source) -> Iterator[str]:
    """Give the folders that a file is in as people name them: below what was ingested, and that."""
    parts = source.path.split("/")[:-1]
    yield from ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
    if source.root.startswith("/") or source.is_remote:
        yield source.root.rstrip("/").rpartition("/")[2] or source.root


def _folder_of(source: Source) -> str:
    """Return the path of a file's folder, with a slash at each end."""
    # A URL has two slashes after its scheme; descriptions have one, as of any path.
    whole = re.sub("/+", "/", unicodedata.normalize("NFC", f"/{source.whole}"))
    return whole.rpartition("/")[0] + "/"


def _end(folder: str, place: str) -> int:
    """Return where a folder's name ends in the path of one inside of it; 0 if that is not so."""
    if folder.startswith("/"):
        return len(folder) if place.startswith(f"{folder}/") else 0
    at = place.rfind(f"/{folder}/")
    return at + len(folder) + 1 if at >= 0 else 0
