"""Records as JSON: the same by HTTP and with ``--json``, written and read in one place.

The server and the command line write them, :mod:`kb.client` reads them. What was written and read
again is equal to what it was, but for what is nobody's business (where uploads wait).
"""

from kb.wire.events import Event, event_bytes, events_of
from kb.wire.reading import (
    added_from_json,
    answer_from_json,
    chunk_from_json,
    collection_from_json,
    content_from_json,
    document_from_json,
    facets_from_json,
    failed_from_json,
    hit_from_json,
    job_file_from_json,
    job_from_json,
    overview_from_json,
    run_from_json,
)
from kb.wire.writing import (
    added_json,
    answer_json,
    chunk_json,
    collection_json,
    compaction_json,
    content_json,
    document_json,
    facets_json,
    failed_json,
    hit_json,
    job_file_json,
    job_json,
    overview_json,
    run_json,
)

__all__ = [
    "Event",
    "added_from_json",
    "added_json",
    "answer_from_json",
    "answer_json",
    "chunk_from_json",
    "chunk_json",
    "collection_from_json",
    "collection_json",
    "compaction_json",
    "content_from_json",
    "content_json",
    "document_from_json",
    "document_json",
    "event_bytes",
    "events_of",
    "facets_from_json",
    "facets_json",
    "failed_from_json",
    "failed_json",
    "hit_from_json",
    "hit_json",
    "job_file_from_json",
    "job_file_json",
    "job_from_json",
    "job_json",
    "overview_from_json",
    "overview_json",
    "run_from_json",
    "run_json",
]
