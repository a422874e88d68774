"""Jobs of ingestion on a served knowledge base: files sent, watched until they are stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from kb import wire
from kb.catalog.job_records import JobFile, JobInfo
from kb.catalog.runs import RunInfo
from kb.client.parts import Parts, place
from kb.client.sending import Parcel, Sent, parcels
from kb.errors import JobError, KnowledgeBaseError, KnowledgeServerUnavailableError

_PAGE = 1000
_MOST_RUNS = 10_000
_MOST_FAILURES = 8
_LOOK_S = 1.0
_SILENCE_S = 60.0
"""Longest silence in a job's events, in seconds; a server without news sends a sign of life."""

OnFile = Callable[[JobFile], None]
"""Receives a file whenever its state changes."""


class JobCalls(Parts):
    """Methods that send files as jobs. The server does a job whether or not a client waits."""

    def ingest(
        self,
        files: Path | str | Sequence[Path | str | Sent],
        *,
        collection: str | None = None,
        replace: bool = True,
        passwords: Sequence[str] = (),
        on_file: OnFile | None = None,
    ) -> list[JobFile]:
        """Send files, wait until they can be found, and return what became of each.

        A bad file is a result whose stage is ``failed``, with its reason; it stops nothing. Names
        are those of files, or paths below a folder that was given. The same name again replaces
        what it was.

        Args:
            files: a path, or paths of files and folders, or names with their bytes.
            collection: where they go; None is the server's own.
            replace: whether a file of a known name with other content takes its place.
            passwords: tried on files that are protected.
            on_file: told of each file's progress.

        Raises:
            SettingsError: a path does not exist; two files have one name.
            JobError: the job was cancelled, or a file of a known name must not be replaced.
            KnowledgeBaseError: the server's store or model failed.
        """
        done: list[JobFile] = []
        for parcel in parcels(files):
            job, left_out = self._send(parcel, collection, passwords, replace=replace)
            done += left_out
            if job is not None:
                done += self._finished(job, on_file or (lambda _: None))
        return done

    def upload(
        self,
        files: Path | str | Sequence[Path | str | Sent],
        *,
        collection: str | None = None,
        replace: bool = True,
        passwords: Sequence[str] = (),
    ) -> list[JobInfo]:
        """Send files as :meth:`ingest` does, and return their jobs without waiting for them."""
        sent = [
            self._send(parcel, collection, passwords, replace=replace) for parcel in parcels(files)
        ]
        return [job for job, _ in sent if job is not None]

    def jobs(self) -> list[JobInfo]:
        """Return the jobs that are under way, waiting, or have ended and are not forgotten."""
        path = place("jobs")
        return self.records(wire.job_from_json, self.server.get(path), path)

    def job(self, job_id: int) -> JobInfo:
        """Return a job as it is now.

        Raises:
            JobError: there is no such job.
        """
        path = place("jobs", job_id)
        return self.record(wire.job_from_json, self.server.get(path), path)

    def job_files(self, job_id: int) -> list[JobFile]:
        """Return the files of a job, each as it is now.

        Raises:
            JobError: there is no such job.
        """
        path = place("jobs", job_id, "files")
        found: list[JobFile] = []
        while True:
            told = self.server.get(path, limit=_PAGE, offset=len(found))
            found += self.records(wire.job_file_from_json, told, path)
            if not told.get("has_more"):
                return found

    def cancel(self, job_id: int) -> None:
        """End a job after the commit under way, or before it begins. What is stored stays.

        Raises:
            JobError: there is no such job, or it has ended.
        """
        self.server.ask("POST", place("jobs", job_id, "cancel"), json={})

    def retry(self, job_id: int, *, passwords: Sequence[str] = ()) -> JobInfo:
        """Retry the failed and unfinished files of a job; return the job that does it.

        A job that asks for a password goes on with ``passwords``, or without its protected files.

        Raises:
            JobError: there is no such job, or nothing of it can be tried again.
        """
        path = place("jobs", job_id, "retry")
        told = self.server.ask("POST", path, json={"passwords": list(passwords)})
        return self.record(wire.job_from_json, told, path)

    def forget(self, job_id: int) -> None:
        """Forget a job that has ended; what it stored stays.

        Raises:
            JobError: there is no such job, or it has not ended.
        """
        self.server.ask("DELETE", place("jobs", job_id))

    def watch(self, job_id: int) -> Iterator[JobInfo]:
        """Give a job at once and at every change, until it has ended or waits for a password.

        Raises:
            JobError: there is no such job.
        """
        failures = 0
        while True:
            try:
                for job in self._events(job_id):
                    failures = 0
                    yield job
                    if job.ended or job.asks:
                        return
            except KnowledgeServerUnavailableError:
                failures += 1
                if failures > _MOST_FAILURES:
                    raise
            # The server was restarted, or a proxy ended the stream: the job goes on.
            time.sleep(_LOOK_S * failures)

    def runs(
        self, *, limit: int | None = None, collections: Sequence[str] | None = None
    ) -> list[RunInfo]:
        """Return the runs of ingestion, newest first.

        Args:
            limit: how many at most, 10,000 if not given.
            collections: only those of these names.

        Raises:
            SettingsError: ``limit`` is below 1.
        """
        path = place("runs")
        most = _MOST_RUNS if limit is None else limit
        found: dict[int, RunInfo] = {}
        for name in (None,) if collections is None else collections:
            told = self.server.get(path, limit=most, collection=name)
            found |= {run.id: run for run in self.records(wire.run_from_json, told, path)}
        newest = sorted(found.values(), key=lambda run: (run.started_at, run.id), reverse=True)
        return newest[:most]

    def _events(self, job_id: int) -> Iterator[JobInfo]:
        path = place("jobs", job_id, "events")
        with self.server.streaming("GET", path, silence_s=_SILENCE_S) as response:
            for event in wire.events_of(response.iter_lines()):
                if event.name == "error":
                    raise self.server.raised(event.data)
                if event.name in {"job", "end"}:
                    yield self.record(wire.job_from_json, event.data, path)

    def _send(
        self, parcel: Parcel, collection: str | None, passwords: Sequence[str], *, replace: bool
    ) -> tuple[JobInfo | None, list[JobFile]]:
        """Send files that go together; return their job, and those that it does not take."""
        path = place("uploads")
        fields: dict[str, str | list[str]] = {"replace": "true" if replace else "false"}
        if collection is not None:
            fields["collection"] = collection
        if passwords:
            fields["password"] = list(passwords)
        with ExitStack() as opened:
            told = self.server.ask("POST", path, data=fields, files=parcel.parts(opened))
        job = told.get("job")
        left_out = [
            JobFile(
                name=str(each["name"]),
                stage="failed",
                reason=str(each["reason"]),
                reason_code=str(each["reason_code"]),
            )
            for each in told.get("left_out", ())
        ]
        return job and self.record(wire.job_from_json, job, path), left_out

    def _finished(self, job: JobInfo, on_file: OnFile) -> list[JobFile]:
        """Wait for a job; return its files."""
        known: dict[str, JobFile] = {}
        for now in self.watch(job.id):
            job = now
            for file in job.files:
                if known.get(file.name) != file:
                    known[file.name] = file
                    on_file(file)
        if job.asks or job.state == "cancelled":
            why = "waits for a password that nobody knows" if job.asks else "was cancelled"
            msg = f"job {job.id} {why}; send its files again"
            raise JobError(msg)
        if job.state == "failed":
            raise KnowledgeBaseError(job.error)
        return self.job_files(job.id)
