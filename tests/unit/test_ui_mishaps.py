"""Errors that nobody expected, in the background: a number on the page, the rest in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from ingest import IngestReport
from ingest.mishaps import Mishap, recorded
from ui.session import Session

if TYPE_CHECKING:
    from conftest import UserInterface

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


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "Its log describes it under the number {}."),
        ("zh-CN", "日志中的编号为 {}。"),
    ],
)
def test_the_page_shows_the_number_and_nothing_of_the_error(
    ui: UserInterface,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    locale: str,
    said: str,
) -> None:
    monkeypatch.setattr("ingest.jobs.execution.ingest_uploads", broken)
    upload = ui.shared.jobs.batch().add("a.txt", [b"A text."])
    ui.shared.start_uploads([upload], collection="default")
    ui.wait()
    number = assert_logged(caplog, Mishap(ui.shared.jobs.listed()[0].error))
    page = ui.open("library", locale=locale)
    shown = page.error[0].value.replace("\\", "")
    assert said.format(number) in shown
    assert "secret" not in shown
    assert "RuntimeError" not in shown


def test_a_model_whose_loading_meets_one_has_its_number(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.knowledge_base.KnowledgeBase.warm_up", broken)
    session = Session(settings)
    assert session._model_ready.wait(30)
    assert session.model_state == "failed"
    assert_logged(caplog, session.model_error)
    session.close()
