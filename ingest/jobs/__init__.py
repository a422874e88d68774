"""Ingestion in the background: a queue that outlives the process, and the worker that empties it.

The queue is in the catalog (:mod:`kb.queueing`). The waiting bytes are in the spool.
"""

from ingest.jobs.adding import retry_options
from ingest.jobs.execution import UNEXPECTED
from ingest.jobs.queue import Jobs
from ingest.jobs.sending import Renamed, clean_name, clean_path, is_hidden, told_apart, unzipped
from ingest.jobs.spool import ArrivingFile, Batch, Spool, Upload, parts_of
from ingest.jobs.worker import CRASHES
from kb.catalog.job_records import JobFile, JobInfo, JobProgress

__all__ = [
    "CRASHES",
    "UNEXPECTED",
    "ArrivingFile",
    "Batch",
    "JobFile",
    "JobInfo",
    "JobProgress",
    "Jobs",
    "Renamed",
    "Spool",
    "Upload",
    "clean_name",
    "clean_path",
    "is_hidden",
    "parts_of",
    "retry_options",
    "told_apart",
    "unzipped",
]
