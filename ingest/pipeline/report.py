"""The report of a run of ingestion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.finding.ignoring import Rule
from ingest.results import FileResult, Outcome
from kb.records import Source

_MOST_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A known file that exists but is no longer read, and is still searchable."""

    source: Source
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """The results of a run, or with ``dry_run`` the expected results.

    ``gone`` are known files that no longer exist and whose documents stayed. ``left_out`` are known
    files that exist but that a rule excludes now. Both are still searchable. ``not_included``
    counts known files that did not match ``include`` in this run. ``other_types`` counts files of
    unsupported formats, by extension. ``busy_share`` is the embedder's share of busy time since the
    first chunk was ready. ``timeline`` has each stage's busy share in each fortieth of the run, in
    [0, 1].

    ``seconds`` count until all documents are searchable. ``refined`` counts the chunks whose
    sentences got vectors after that. ``refined_s`` are the seconds from the start until all
    sentences had vectors; None if there were none to embed, or some remain. ``unrefined`` chunks of
    the collection remain for the next run; ``unrefined_reason`` gives the reason after a failure.
    """

    collection: str
    files: tuple[FileResult, ...]
    seconds: float
    busy_share: float = 0.0
    timeline: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    interrupted: bool = False
    dry_run: bool = False
    gone: tuple[Source, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    not_included: int = 0
    other_types: dict[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    refined: int = 0
    refined_s: float | None = None
    unrefined: int = 0
    unrefined_reason: str = ""

    def count(self, outcome: Outcome) -> int:
        """Return the number of files with an outcome."""
        return sum(result.outcome == outcome for result in self.files)

    @property
    def failures(self) -> list[FileResult]:
        """The files that could not be read, by name."""
        failed = (result for result in self.files if result.outcome == "failed")
        return sorted(failed, key=lambda result: (result.source.root, result.source.path))

    @property
    def warned(self) -> list[FileResult]:
        """The files that were read with remarks."""
        return [r for r in self.files if r.notices and r.outcome != "failed"]

    @property
    def chunks(self) -> int:
        """Number of chunks written in this run."""
        return sum(r.chunks for r in self.files if r.outcome in ("added", "changed"))

    @property
    def embedded(self) -> int:
        """Number of chunks embedded in this run."""
        return sum(r.embedded for r in self.files)

    @property
    def reused(self) -> int:
        """Number of chunks whose vectors were reused."""
        return sum(r.reused for r in self.files if r.outcome in ("added", "changed"))

    @property
    def tokens(self) -> int:
        """Number of tokens embedded in this run."""
        return sum(r.tokens for r in self.files)

    @property
    def ok(self) -> bool:
        """Return whether every file is up to date in the knowledge base."""
        failed = self.unrefined_reason or self.count("failed")
        return not (self.interrupted or failed)

    def summary(self) -> dict[str, int]:
        """Return the number of files by outcome."""
        return dict(Counter(result.outcome for result in self.files))

    def still_searchable(self) -> list[str]:
        """Return a line for each reason why known files are no longer read."""
        lines = []
        if self.gone:
            where = "object storage" if all(source.is_remote for source in self.gone) else "disk"
            names = _some([str(source) for source in self.gone])
            lines.append(
                f"{_files(len(self.gone))} gone from {where} and still searchable; "
                f"--prune removes {_them(len(self.gone))}: {names}"
            )
        for rule in dict.fromkeys(str(each.rule) for each in self.left_out):
            paths = [str(each.source) for each in self.left_out if str(each.rule) == rule]
            lines.append(
                f"{_files(len(paths))} no longer read but still searchable (left out by {rule}); "
                f"--prune removes {_them(len(paths))}: {_some(paths)}"
            )
        return lines

    def history(self) -> dict[str, Any]:
        """Return the record for the history of runs: counts, changed paths, and failures."""
        told = {*(r.source for r in self.files), *self.gone, *(e.source for e in self.left_out)}
        paths = Counter(source.path for source in told)

        def name(source: Source) -> str:
            # Two folders may have files of one name; then the folder is named as well.
            return str(source) if paths[source.path] == 1 else source.whole

        changes: dict[str, list[str]] = {}
        for result in self.files:
            if result.outcome not in ("unchanged", "failed"):
                changes.setdefault(result.outcome, []).append(name(result.source))
        return {
            "counts": self.summary(),
            "changes": changes,
            "failures": {name(r.source): r.reason for r in self.failures},
            "gone": [name(source) for source in self.gone],
            "left_out": {
                name(each.source): {"rule": each.rule.code, "by": str(each.rule)}
                for each in self.left_out
            },
            "chunks": self.chunks,
            "embedded": self.embedded,
            "reused": self.reused,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values, for ``--json``."""
        return {
            "collection": self.collection,
            "counts": self.summary(),
            "chunks": self.chunks,
            "embedded": self.embedded,
            "reused": self.reused,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 3),
            "refined": self.refined,
            "refined_seconds": None if self.refined_s is None else round(self.refined_s, 3),
            "unrefined": self.unrefined,
            "unrefined_reason": self.unrefined_reason,
            "embedder_busy_share": round(self.busy_share, 4),
            "interrupted": self.interrupted,
            "dry_run": self.dry_run,
            "gone": [asdict(source) for source in self.gone],
            "left_out": [
                {**asdict(each.source), "rule": each.rule.code, "left_out_by": str(each.rule)}
                for each in self.left_out
            ],
            "not_included": self.not_included,
            "other_types": self.other_types,
            "remarks": list(self.remarks),
            "files": [_file_json(result) for result in self.files],
        }


def _files(count: int) -> str:
    return "1 file is" if count == 1 else f"{count:,} files are"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _some(items: list[str]) -> str:
    rest = f" … and {len(items) - _MOST_NAMES} more" if len(items) > _MOST_NAMES else ""
    return ", ".join(items[:_MOST_NAMES]) + rest


def _file_json(result: FileResult) -> dict[str, Any]:
    return {
        "root": result.source.root,
        "path": result.source.path,
        "outcome": result.outcome,
        "moved_from": str(result.old_source) if result.old_source else None,
        "document_id": result.document_id,
        "chunks": result.chunks,
        "embedded": result.embedded,
        "reused": result.reused,
        "tokens": result.tokens,
        "seconds": round(result.seconds, 3),
        "notices": [
            {"code": n.code, "message": n.message, "values": dict(n.values)} for n in result.notices
        ],
        "reason": result.reason,
        "reason_code": result.reason_code,
    }
