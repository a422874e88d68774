"""Locates folders of an imported collection on this machine, after a person ingests them.

An archive may name any folder. The program looks into none before a person gives that folder, one
above it, or one with the same files as the archive names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ingest.finding.candidate import Candidate
from ingest.finding.finder import Finder
from ingest.finding.names import readable_name
from kb.hashing import file_sha256
from kb.records import FileState

# Files compared to tell whether two folders are the same.
_MOST_COMPARED = 50


def homes(
    states: Iterable[FileState], unplaced: Collection[str], finder: Finder
) -> dict[str, tuple[str, str]]:
    """Return the locations of an archive's folders among the walked ones.

    Args:
        states: the known files of the collection.
        unplaced: the folders of the archive without a known location.
        finder: has walked the folders that a person gave.

    Returns:
        By the folder's name in the archive: its root here, and the prefix of its paths there.
    """
    files: dict[str, list[FileState]] = {root: [] for root in sorted(unplaced)}
    for state in states:
        if state.source.root in files:
            files[state.source.root].append(state)
    found = {root: _home(root, mine, finder) for root, mine in files.items()}
    return {root: home for root, home in found.items() if home is not None}


def _home(root: str, states: Sequence[FileState], finder: Finder) -> tuple[str, str] | None:
    for folder, (place, prefix) in finder.folders.items():
        if Path(root).is_relative_to(folder):
            below = Path(root).relative_to(folder).as_posix()
            return place, prefix + ("" if below == "." else f"{readable_name(below)}/")
    for place, prefix in finder.folders.values():
        candidates = {
            candidate.source.path.removeprefix(prefix): candidate
            for candidate in finder.candidates
            if candidate.source.root == place and candidate.source.path.startswith(prefix)
        }
        if _are_the_same(states, candidates):
            return place, prefix
    return None


def _are_the_same(states: Sequence[FileState], candidates: Mapping[str, Candidate]) -> bool:
    """Return whether most files that both folders have are the same."""
    common = [
        (state, candidates[state.source.path])
        for state in states
        if state.content_hash and state.source.path in candidates
    ][:_MOST_COMPARED]
    return sum(_is_same(state, candidate) for state, candidate in common) * 2 > len(common)


def _is_same(state: FileState, candidate: Candidate) -> bool:
    try:
        return state.size == candidate.size and state.content_hash == file_sha256(candidate.path)
    except OSError:
        return False
