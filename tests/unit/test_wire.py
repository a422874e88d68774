"""Records as JSON: what was written and read again is what it was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from kb import wire
from kb.answering.answer import Answer
from kb.catalog.job_records import JobFile, JobInfo, JobProgress
from kb.catalog.runs import RunInfo
from kb.records import (
    AddResult,
    Chunk,
    CollectionInfo,
    Document,
    DocumentInfo,
    Facets,
    FailedFile,
    Notice,
    Page,
    Reading,
    SearchHit,
    Section,
    Source,
    TextBox,
)

WHEN = datetime(2026, 11, 29, 17, 0, 1, 250_000, tzinfo=UTC)
LATER = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
SOURCE = Source(root="/文书", path="鸟/红隼.pdf")
NOTICE = Notice(code="pages_look_scanned", message="2 pages", values={"pages": 2, "whole": False})
METADATA = {"year": 2024, "draft": True, "share": 0.5, "title": "红隼", "one": 1.0}
HIT = SearchHit(
    score=0.75,
    text="红隼在草地上空盘旋。",
    collection="鸟",
    document_id=7,
    chunk_id=70,
    ordinal=3,
    title="红隼",
    media_type="pdf",
    sources=(SOURCE, Source(root="uploads", path="b.pdf")),
    start=10,
    end=20,
    heading_path=("一", "二"),
    kind="table",
    page_first=1,
    page_last=2,
    page_label="iv",
    page_label_last="v",
    read_by="ocr",
    confidence=0.9,
    header="| a | b |",
    highlights=((0, 2), (3, 5)),
    sentence=(0, 2),
    words=((3, 5),),
    reasons=("best", "words"),
    metadata=METADATA,
    scores={"dense": 0.5, "keyword": 3.25},
    ranks={"dense": 1},
    short_id="p7f3a9c21ab.10",
    before="前",
    after="后",
    about=("鸟的报告",),
)
DOCUMENT = DocumentInfo(
    id=7,
    collection="鸟",
    title="红隼",
    media_type="pdf",
    sources=(SOURCE,),
    size=100,
    characters=50,
    pages=2,
    chunks=3,
    tokens=40,
    content_hash="ab",
    added_at=WHEN,
    metadata=METADATA,
    notices=(NOTICE,),
    language="zh",
    tags=("鸟", "b"),
)
Record = Any
Write = Callable[[Any], dict[str, Any]]
Read = Callable[[Any], Any]
RECORDS: list[tuple[Record, Write, Read]] = [
    (HIT, wire.hit_json, wire.hit_from_json),
    (
        Answer(
            question="何？",
            text="鸟 [1]",
            sources=(HIT,),
            cited=(1,),
            cut=True,
            thinking="…",
            ended="content_filter",
        ),
        wire.answer_json,
        wire.answer_from_json,
    ),
    (
        CollectionInfo(
            id="c-1",
            name="鸟",
            description="d",
            instruction="i",
            mode="dense",
            embedder="m",
            dim=384,
            documents=2,
            chunks=9,
            refined=4,
            created_at=WHEN,
            folders={"鸟/会议": "2025 年的会议"},
        ),
        wire.collection_json,
        wire.collection_from_json,
    ),
    (
        DOCUMENT,
        wire.document_json,
        wire.document_from_json,
    ),
    (
        Reading(
            short_id="p7f3a9c21ab.10",
            document=DOCUMENT,
            text="红隼",
            start=10,
            end=12,
            line_first=2,
            line_last=3,
            lines=9,
            page_first=1,
            page_last=2,
            page_label="iv",
            page_label_last="v",
            heading_path=("一",),
            header="| a | b |",
            before="前",
            after="后",
            previous="p7f3a9c21ab.5",
            next="p7f3a9c21ab.12",
            more="p7f3a9c21ab.12-14",
        ),
        wire.reading_json,
        wire.reading_from_json,
    ),
    (
        Document(
            text="前\n红隼",
            media_type="pdf",
            title="红隼",
            sections=(Section(start=0, end=4, heading_path=("一",), kind="code", header_rows=0),),
            pages=(
                Page(
                    number=1,
                    start=0,
                    end=4,
                    label="i",
                    read_by="ocr",
                    confidence=0.5,
                    boxes=(TextBox(start=0, end=1, box=(0.0, 0.1, 0.2, 0.3)),),
                ),
            ),
            metadata=METADATA,
            notices=(NOTICE,),
        ),
        wire.content_json,
        wire.content_from_json,
    ),
    (
        Chunk(
            ordinal=1,
            text="红隼",
            start=2,
            end=4,
            heading_path=("一",),
            kind="code",
            page_first=1,
            page_last=1,
            tokens=5,
            header="h",
        ),
        wire.chunk_json,
        wire.chunk_from_json,
    ),
    (Facets(tags=("a",), languages=("zh",)), wire.facets_json, wire.facets_from_json),
    (
        AddResult(
            document_id=1,
            outcome="changed",
            chunks=2,
            embedded=1,
            reused=1,
            tokens=9,
            short_id="t0123456789",
        ),
        wire.added_json,
        wire.added_from_json,
    ),
    (
        FailedFile(
            source=SOURCE,
            reason="is encrypted",
            reason_code="encrypted",
            size=5,
            seen_at=WHEN,
            document_id=7,
            document_added_at=LATER,
        ),
        wire.failed_json,
        wire.failed_from_json,
    ),
    (
        RunInfo(
            id=3,
            collection="鸟",
            status="finished",
            started_at=WHEN,
            finished_at=LATER,
            paths=("/文书",),
            counts={"added": 1},
            changes={"added": ["a.md"]},
            failures={"b.pdf": "is encrypted"},
            gone=("c.md",),
            left_out={"d.md": {"rule": "ignored", "by": "*.md"}},
            chunks=3,
            embedded=2,
            reused=1,
            error="e",
            refined_s=1.5,
        ),
        wire.run_json,
        wire.run_from_json,
    ),
    (
        JobInfo(
            id=9,
            kind="uploads",
            state="interrupted",
            collection="鸟",
            collection_id="c-1",
            spool="",
            paths=("/x",),
            options={"checksum": True},
            locked=True,
            cancelling=True,
            attempts=2,
            progress=JobProgress(
                total=2,
                finished=1,
                failed=1,
                unread=False,
                chunks_done=3,
                chunks_total=4,
                chunks_per_s=1.5,
                gone=("c.md",),
                left_out={"d.md": {"rule": "ignored", "by": "*.md"}},
            ),
            files=(
                JobFile(
                    name="a.pdf",
                    stage="failed",
                    done=1,
                    total=2,
                    notices=(NOTICE,),
                    reason="r",
                    reason_code="encrypted",
                    replaced=True,
                    size=4,
                    content_hash="ab",
                    document_id=7,
                ),
            ),
            error="e",
            error_code="crashes",
            queued_at=WHEN,
            started_at=LATER,
            ended_at=LATER,
        ),
        wire.job_json,
        wire.job_from_json,
    ),
]
IDS = [type(record).__name__ for record, _, _ in RECORDS]
NEVER_SENT = {"spool", "spooled"}


def sent(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a value as it arrives at the other end."""
    return json.loads(json.dumps(value, ensure_ascii=False))


@pytest.mark.parametrize(("record", "write", "read"), RECORDS, ids=IDS)
def test_a_record_that_is_sent_arrives_as_it_was(record: Record, write: Write, read: Read) -> None:
    arrived = read(sent(write(record)))
    assert arrived == record
    assert [type(value) for value in getattr(arrived, "metadata", {}).values()] == [
        type(value) for value in getattr(record, "metadata", {}).values()
    ]


@pytest.mark.parametrize("record", [record for record, _, _ in RECORDS], ids=IDS)
def test_no_field_of_these_records_has_its_default(record: Record) -> None:
    for each in dataclasses.fields(record):
        value = getattr(record, each.name)
        if each.name not in NEVER_SENT and each.default is not dataclasses.MISSING:
            assert value != each.default, each.name
        elif each.default_factory is not dataclasses.MISSING:
            assert value != each.default_factory(), each.name


@pytest.mark.parametrize(("record", "write", "read"), RECORDS, ids=IDS)
def test_a_field_of_a_newer_release_is_passed_over(
    record: Record, write: Write, read: Read
) -> None:
    assert read({**sent(write(record)), "invented_later": [1]}) == record


@pytest.mark.parametrize(
    ("told", "read", "field"),
    [
        ({"id": 1}, wire.document_from_json, "title"),
        ({**sent(wire.hit_json(HIT)), "score": "high"}, wire.hit_from_json, "score"),
        ({"question": "q", "sources": [], "cited": []}, wire.answer_from_json, "text"),
        ({**sent(wire.hit_json(HIT)), "media_type": "spreadsheet"}, wire.hit_from_json, "media_"),
        ([], wire.hit_from_json, "SearchHit"),
    ],
)
def test_what_is_no_such_record_is_refused_and_the_field_named(
    told: object, read: Read, field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        read(told)


def test_a_job_tells_nobody_where_its_bytes_wait() -> None:
    job = next(record for record, _, _ in RECORDS if isinstance(record, JobInfo))
    files = tuple(dataclasses.replace(file, spooled="0") for file in job.files)
    told = wire.job_json(dataclasses.replace(job, spool="batch-1", files=files))
    assert "batch-1" not in json.dumps(told)
    assert not {"spool", "spooled", "locked"} & {*told, *told["files"][0]}


def test_events_arrive_as_they_were_sent_and_half_an_event_does_not() -> None:
    events = [("piece", {"text": "a\nb\r\n\u2028红"}), ("end", None), ("list", [1, "\ud800"])]
    stream = b"".join([wire.event_bytes(*each) + b": \n\n" for each in events])
    stream += b"event: broken\ndata: {"
    arrived = list(wire.events_of(stream.decode().split("\n")))
    assert [(event.name, event.data) for event in arrived] == events
