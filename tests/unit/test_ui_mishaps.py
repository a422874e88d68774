"""Errors that nobody expected, in the background: a number on the page, the rest in the log."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from ingest import IngestReport
from ui.background import Ingestion
from ingest.mishaps import Mishap, recorded
from ui.session import Session

if TYPE_CHECKING:
    from conftest import UserInterface

    from ingest.report import OnEvent
    from kb import Settings


def broken(*_: object, **__: object) -> IngestReport:
    reason = "the secret words"
    raise RuntimeError(reason)


def assert_logged(caplog: pytest.LogCaptureFixture, mishap: object) -> str:
    """Return the number of a mishap whose traceback is in the log."""
    assert isinstance(mishap, Mishap)
    (entry,) = [record for record in caplog.records if mishap.number in record.getMessage()]
    assert entry.levelno == logging.ERROR
    assert entry.exc_info is not None
    assert str(entry.exc_info[1]) == "the secret words"
    return mishap.number


def test_every_mishap_has_a_number_of_its_own() -> None:
    numbers = {recorded("a test", RuntimeError()).number for _ in range(50)}
    assert len(numbers) == 50
    assert {len(number) for number in numbers} == {8}


def test_a_run_that_meets_one_has_its_number(caplog: pytest.LogCaptureFixture) -> None:
    ingestion = Ingestion()
    ingestion.start(["a.txt"], broken, collection="default")
    deadline = time.monotonic() + 30
    while ingestion.active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert_logged(caplog, ingestion.runs()[0].error)
    ingestion.close()


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "Its log describes it under the number {}."),
        ("zh-CN", "日志中的编号为 {}。"),
    ],
)
def test_the_page_shows_the_number_and_nothing_of_the_error(
    ui: UserInterface, caplog: pytest.LogCaptureFixture, locale: str, said: str
) -> None:
    ui.shared.ingestion.start(["a.txt"], broken, collection="default")
    ui.wait()
    number = assert_logged(caplog, ui.shared.ingestion.runs()[0].error)
    page = ui.open("library", locale=locale)
    shown = page.error[0].value.replace("\\", "")
    assert said.format(number) in shown
    assert "secret" not in shown
    assert "RuntimeError" not in shown


def test_a_model_whose_loading_meets_one_has_its_number(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.knowledge_base.KnowledgeBase.embedder", property(broken))
    session = Session(settings)
    assert session.wait_for_model(30)
    assert session.model_state == "failed"
    assert_logged(caplog, session.model_error)
    session.close()


def test_work_is_let_go_of_when_it_has_ended_or_was_cancelled() -> None:
    class Work:
        """Counts how many are left."""

        left = 0

        def __init__(self, free: threading.Event | None = None) -> None:
            self.free = free
            Work.left += 1

        def __del__(self) -> None:
            Work.left -= 1

        def __call__(self, _: OnEvent, __: threading.Event) -> IngestReport:
            if self.free is not None:
                assert self.free.wait(30)
            return IngestReport(collection="default", files=(), seconds=0.0)

    free = threading.Event()
    ingestion = Ingestion()
    ingestion.start([], Work(free), collection="default")
    queued = ingestion.start([], Work(), collection="default")
    ingestion.start([], Work(), collection="default")
    assert Work.left == 3
    ingestion.cancel(queued)
    assert Work.left == 2
    free.set()
    deadline = time.monotonic() + 30
    while Work.left:
        assert time.monotonic() < deadline, ingestion.runs()
        time.sleep(0.01)
    assert len(ingestion.runs()) == 3
    ingestion.close()
