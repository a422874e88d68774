"""Jobs in the Library, in both languages: under way, waiting, asking, failed, tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from job_turn import others_turn
from locked_files import files_that_hold, locked_pdf
from streamlit.testing.v1 import AppTest

from ingest.jobs import CRASHES, Jobs, retry_options
from ingest.jobs.worker import MOST_ATTEMPTS
from kb import KnowledgeBase, StoreError

if TYPE_CHECKING:
    from conftest import UserInterface

RIGHT = "Zimtstern-4711-richtig"
TEXT = "The grey heron waits in the reeds."


def headlines(page: AppTest) -> list[str]:
    return [each.value.replace("\\", "") for each in page.markdown]


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


def queue(jobs: Jobs, *, password: str = "") -> int:
    upload = jobs.batch().add("heron.pdf", [locked_pdf(TEXT, RIGHT) if password else TEXT.encode()])
    return jobs.add_uploads([upload], options=retry_options((password,) if password else ()))


def queue_text(jobs: Jobs) -> int:
    upload = jobs.batch().add("heron.txt", [TEXT.encode()])
    return jobs.add_uploads([upload], options=retry_options())


def until_it_asks(ui: UserInterface) -> int:
    """A job whose password went with the process that knew it."""
    with others_turn(ui.shared.settings):
        earlier = Jobs(ui.shared.base)
        job_id = queue(earlier, password=RIGHT)
        earlier.close()
    job = ui.shared.jobs.wait(job_id, timeout_s=60)
    assert job is not None
    assert job.asks
    return job_id


@pytest.mark.parametrize(
    ("locale", "waits", "cancelled"),
    [
        ("en-US", "**Waiting: one file**", "**Cancelled: 0 of 1 files done**"),
        ("zh-CN", "**等待中：1 个文件**", "**已取消：完成 0/1 个文件**"),
    ],
)
def test_a_job_that_waits_for_another_process_is_shown_and_cancelled_at_once(
    ui: UserInterface, locale: str, waits: str, cancelled: str
) -> None:
    with others_turn(ui.shared.settings):
        job_id = queue_text(ui.shared.jobs)
        page = ui.open("library", locale=locale)
        assert waits in headlines(page)
        assert "heron.txt" in html(page)
        page.button(key=f"cancel-{job_id}").click().run()
        assert cancelled in headlines(page)
    page.button(key=f"dismiss-{job_id}").click().run()
    assert cancelled not in headlines(page)
    assert ui.shared.base.collections() == []


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en-US", "**Cancelling: 0 of 1 files done**"), ("zh-CN", "**正在取消：已完成 0/1 个文件**")],
)
def test_a_job_that_is_being_cancelled_says_so_and_cannot_be_cancelled_twice(
    ui: UserInterface, locale: str, said: str
) -> None:
    with others_turn(ui.shared.settings):
        job_id = queue_text(ui.shared.jobs)
        assert ui.shared.base.jobs.begin(job_id), "as the other process does"
        page = ui.open("library", locale=locale)
        page.button(key=f"cancel-{job_id}").click().run()
        assert said in headlines(page)
        assert page.button(key=f"cancel-{job_id}").disabled


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "**Interrupted: 0 of 1 files done. It goes on by itself**"),
        ("zh-CN", "**已中断：完成 0/1 个文件，稍后会自动继续**"),
    ],
)
def test_a_job_whose_process_has_ended_says_that_it_goes_on(
    ui: UserInterface, locale: str, said: str
) -> None:
    with others_turn(ui.shared.settings):
        job_id = queue_text(ui.shared.jobs)
        ui.shared.base.jobs.begin(job_id)
        ui.shared.base.jobs.settle()
        assert said in headlines(ui.open("library", locale=locale))
    ui.wait()
    assert [info.name for info in ui.shared.base.documents()] == ["heron.txt"]


@pytest.mark.parametrize(
    ("locale", "headline", "why"),
    [
        ("en-US", "**A password is needed: 0 of 1 files done**", "is never stored, so it is gone"),
        ("zh-CN", "**需要密码：已完成 0/1 个文件**", "密码从不保存"),
    ],
)
def test_a_job_whose_password_was_lost_asks_for_it_and_says_why(
    ui: UserInterface, locale: str, headline: str, why: str
) -> None:
    job_id = until_it_asks(ui)
    page = ui.open("library", locale=locale)
    assert headline in headlines(page)
    assert any(why in caption.value for caption in page.caption)
    field = page.text_input(key=f"password-job-{job_id}")
    assert field.proto.type == field.proto.PASSWORD
    page.button(key=f"answer-{job_id}").click().run()
    assert len(page.toast) == 1, "nothing was typed"
    page.text_input(key=f"password-job-{job_id}").set_value(RIGHT)
    page.button(key=f"answer-{job_id}").click().run()
    assert not page.exception
    ui.wait()
    assert [ui.shared.base.document_text(d.id) for d in ui.shared.base.documents()] == [TEXT]
    assert files_that_hold(RIGHT, ui.shared.settings.data_dir) == []
    assert RIGHT not in repr(page.session_state._state.filtered_state)
    page.run()
    assert headline not in headlines(page)


def test_a_job_whose_password_was_lost_goes_on_without_and_the_file_asks_for_it(
    ui: UserInterface,
) -> None:
    job_id = until_it_asks(ui)
    page = ui.open("library")
    page.button(key=f"without-{job_id}").click().run()
    ui.wait()
    page.run()
    assert page.text_input(key="password-uploads-heron.pdf")


def test_a_job_that_asks_is_cancelled(ui: UserInterface) -> None:
    job_id = until_it_asks(ui)
    page = ui.open("library")
    page.button(key=f"cancel-{job_id}").click().run()
    assert [job.state for job in ui.shared.jobs.listed()] == ["cancelled"]
    assert not [field for field in page.text_input if field.key == f"password-job-{job_id}"]


@pytest.mark.parametrize(("locale", "button"), [("en-US", "Try again"), ("zh-CN", "重试")])
def test_a_job_that_failed_as_a_whole_is_tried_again_without_sending_its_files_again(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch, locale: str, button: str
) -> None:
    def full(*_: object, **__: object) -> None:
        msg = "the disk is full; free some space"
        raise StoreError(msg)

    with monkeypatch.context() as patched:
        patched.setattr("ingest.jobs.execution.ingest_uploads", full)
        job_id = queue_text(ui.shared.jobs)
        ui.wait()
    page = ui.open("library", locale=locale)
    assert "the disk is full" in page.error[0].value.replace("\\", "")
    again = page.button(key=f"retry-{job_id}")
    assert again.label == button
    again.click().run()
    ui.wait()
    page.run()
    assert not page.error
    assert [info.name for info in ui.shared.base.documents()] == ["heron.txt"]


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en-US", f"ended {MOST_ATTEMPTS} times in a row"), ("zh-CN", f"连续 {MOST_ATTEMPTS} 次")],
)
def test_a_job_that_was_given_up_says_why_in_the_language_in_use(
    ui: UserInterface, locale: str, said: str
) -> None:
    with others_turn(ui.shared.settings):
        job_id = queue_text(ui.shared.jobs)
        for _ in range(MOST_ATTEMPTS):
            ui.shared.base.jobs.begin(job_id)
            ui.shared.base.jobs.settle()
    ui.wait()
    (job,) = ui.shared.jobs.listed()
    assert job.error_code == CRASHES
    assert said in ui.open("library", locale=locale).error[0].value.replace("\\", "")


def test_jobs_of_another_process_are_shown(ui: UserInterface) -> None:
    with KnowledgeBase.open(ui.shared.settings, embedder=ui.shared.base.embedder) as second:
        other = Jobs(second)
        job_id = queue_text(other)
        job = other.wait(job_id, timeout_s=60)
        assert job is not None
        assert job.state == "done"
        page = ui.open("library")
        assert "heron.txt" in html(page)
        assert any("One file done" in each for each in headlines(page))
        other.close()
