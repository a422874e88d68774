"""Roots that were renamed: a folder that is not there any more, and whose files are in another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from ingest.finding.candidate import Candidate
from ingest.finding.names import on_disk
from kb.records import FileState


def renamed_roots(
    states: Iterable[FileState], candidates: Sequence[Candidate]
) -> dict[str, tuple[str, str]]:
    """Return, for each root that was renamed, its new root and what its paths begin with there.

    That is a root which is not there any more, when more than half of its known files are found
    at one new place, with the same path below it, size and time. Of any other root that is not
    there nothing is known: its disk may be in a drawer.
    """
    files: dict[str, list[FileState]] = defaultdict(list)
    for state in states:
        files[state.source.root].append(state)
    used = {candidate.source.root for candidate in candidates}
    lost = [
        root
        for root in files
        if root not in used and Path(root).is_absolute() and on_disk(root, "") is None
    ]
    if not lost:
        return {}
    found: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        found[candidate.size, candidate.mtime_ns].append(candidate)
    renamed = {}
    for root in lost:
        places = Counter(
            (candidate.source.root, candidate.source.path.removesuffix(state.source.path))
            for state in files[root]
            for candidate in found.get((state.size, state.mtime_ns), ())
            if f"/{candidate.source.path}".endswith(f"/{state.source.path}")
        )
        for place, count in places.most_common(1):
            if count * 2 > len(files[root]):
                renamed[root] = place
    return renamed
