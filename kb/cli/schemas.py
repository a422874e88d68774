"""JSON Schemas of the ``--json`` output of commands, for ``docs/schemas``.

``python -m kb.cli.schemas`` writes them there anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from kb.cli import measured_shapes as measured
from kb.cli import shapes
from kb.server.knowledge.answering import AnswerReply
from kb.server.knowledge.history import RunReply
from kb.server.knowledge.job_records import JobReply
from kb.server.knowledge.records import (
    CollectionReply,
    DocumentReply,
    FailedReply,
    HitReply,
    ReadingReply,
)

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

SHAPES: Mapping[str, tuple[str, Any]] = MappingProxyType(
    {
        "ask": ("kb ask", AnswerReply | shapes.PassagesShape),
        "collections": ("kb collections", list[CollectionReply]),
        "compact": ("kb compact", shapes.CompactionShape),
        "doctor": ("kb doctor", dict[str, dict[str, Any]]),
        "documents": ("kb documents", list[DocumentReply]),
        "documents-failed": ("kb documents --failed", list[FailedReply]),
        "eval-run": ("kb eval run", list[measured.EvaluationShape]),
        "eval-run-answers": ("kb eval run --answers", list[measured.AnswersShape]),
        "eval-run-spans": ("kb eval run --spans", list[measured.SpansShape]),
        "folders": ("kb folders", list[shapes.FolderShape]),
        "get": ("kb get ADDRESS", ReadingReply),
        "get-several": ("kb get PATTERN, or of several addresses", shapes.SeveralShape),
        "ingest": ("python -m ingest", shapes.ReportShape),
        "jobs": ("kb jobs", list[JobReply]),
        "keys-create": ("kb keys create", shapes.NewKeyShape),
        "keys-list": ("kb keys list", list[shapes.KeyShape]),
        "migrate": ("kb migrate", shapes.MigrationShape),
        "models-check": ("kb models check", measured.ModelCheckShape),
        "models-list": ("kb models list", measured.ModelsShape),
        "models-show": (
            "kb models show",
            measured.KnownShape
            | measured.EmbedderOnDiskShape
            | measured.RerankerOnDiskShape
            | measured.ChatOnDiskShape
            | measured.OtherModelShape,
        ),
        "reembed": ("kb reembed", shapes.ReembeddingShape),
        "refine": ("kb refine", shapes.RefinementShape),
        "runs": ("kb runs", list[RunReply]),
        "search": ("kb search", list[HitReply]),
        "search-files": ("kb search --files", list[shapes.FileShape]),
    }
)
"""By the name of the schema's file: the command, and the type of its ``--json`` output."""


def schema(name: str) -> dict[str, Any]:
    """Return the schema of one kind of output."""
    command, shape = SHAPES[name]
    made = TypeAdapter(shape).json_schema(mode="serialization")
    return {"$schema": _DIALECT, "title": f"{command} --json", **_untitled(made)}


def _untitled(part: Any) -> Any:  # noqa: ANN401 - JSON
    """Remove titles, which repeat the names of fields; keep a field with the name ``title``."""
    if isinstance(part, dict):
        titled = isinstance(part.get("title"), str)
        return {
            name: _untitled(each) for name, each in part.items() if not (titled and name == "title")
        }
    return [_untitled(each) for each in part] if isinstance(part, list) else part


def written(name: str) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def main(folder: Path) -> None:
    """Write all schemas to a folder, each to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHAPES:
        (folder / f"{name}.json").write_text(written(name), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas"))
