"""Roots that were renamed: a folder that is not there any more, and whose files are in another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ingest.finding.candidate import Candidate
from ingest.finding.names import on_disk
from ingest.finding.objects.address import is_url
from kb.records import FileState


def renamed_roots(
    states: Iterable[FileState], candidates: Sequence[Candidate], is_lost: Callable[[str], bool]
) -> dict[str, tuple[str, str]]:
    """Return, for each root that was renamed, its new root and what its paths begin with there.

    That is a root which is not there any more, when more than half of its known files are found
    at one new place, with the same path below it, size and time (or etag). Of any other root that
    is not there nothing is known: its disk may be in a drawer.

    Args:
        states: what is known of files.
        candidates: the files found.
        is_lost: says whether nothing is at a root; asked last, for an object store is slow to ask.
    """
    files: dict[str, list[FileState]] = defaultdict(list)
    for state in states:
        files[state.source.root].append(state)
    used = {candidate.source.root for candidate in candidates}
    away = [
        root
        for root in files
        if root not in used
        and (is_url(root) or (Path(root).is_absolute() and on_disk(root, "") is None))
    ]
    if not away:
        return {}
    found: dict[tuple[int, int | str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        found[candidate.size, candidate.revision or candidate.mtime_ns].append(candidate)
    renamed = {}
    for root in away:
        places = Counter(
            (candidate.source.root, candidate.source.path.removesuffix(state.source.path))
            for state in files[root]
            for candidate in found.get((state.size, state.revision or state.mtime_ns), ())
            if f"/{candidate.source.path}".endswith(f"/{state.source.path}")
        )
        for place, count in places.most_common(1):
            if count * 2 > len(files[root]) and is_lost(root):
                renamed[root] = place
    return renamed
