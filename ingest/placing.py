"""Where folders of an imported collection lie on this machine: known once a person ingests them.

An archive may name any folder. None is looked into before a person gives that folder, one above
it, or one whose files are those that the archive names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ingest.finding import Finder
from ingest.planning import Job, Placing, file_hash
from kb.knowledge_base import KnowledgeBase
from kb.records import FileState

# Files compared to tell whether two folders are the same.
_MOST_COMPARED = 50


def find_homes(base: KnowledgeBase, finder: Finder, *, collection: str) -> Placing:
    """Say which folders of an imported collection are among those that were walked."""
    unplaced = base.files.unplaced(collection=collection)
    homes = {}
    for root in sorted(unplaced):
        home = _home(base, finder, root, collection)
        if home is not None:
            homes[root] = home
    return Placing(homes=homes, left=unplaced - homes.keys())


def _home(base: KnowledgeBase, finder: Finder, root: str, collection: str) -> str | None:
    if any(Path(root).is_relative_to(folder) for folder in finder.folders):
        return root
    states = base.files.states(root=root, collection=collection)
    for folder in map(str, finder.folders):
        jobs = {job.source.path: job for job in finder.jobs if job.source.root == folder}
        if _are_the_same(states, jobs):
            return folder
    return None


def _are_the_same(states: Sequence[FileState], jobs: Mapping[str, Job]) -> bool:
    """Say whether most files that both folders have are the same."""
    common = [
        (state, jobs[state.source.path])
        for state in states
        if state.content_hash and state.source.path in jobs
    ][:_MOST_COMPARED]
    return sum(_is_same(state, job) for state, job in common) * 2 > len(common)


def _is_same(state: FileState, job: Job) -> bool:
    try:
        return state.size == job.size and state.content_hash == file_hash(job.path)
    except OSError:
        return False
