"""Renamed roots: a folder no longer exists, and its files are in another one."""

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
    """Return, for each renamed root, its new root and the prefix of its paths there.

    A missing root counts as renamed if more than half of its known files are at one new place, with
    the same path below it, size and time (or etag). About any other missing root nothing is known:
    its disk may be in a drawer.

    Args:
        states: the known files.
        candidates: the found files.
        is_lost: returns whether a root no longer exists; asked last, because object stores are
            slow.
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
