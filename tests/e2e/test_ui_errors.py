"""Errors that nobody expected, in a running server: a number on the page, the rest in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState  # noqa: TID251 - what a browser sends
from ui_client import UiClient
from ui_server import UiServer, served_ui

# Python's own hook for code at start: these methods of the program fail as a bug in them would.
BROKEN = """
from kb.knowledge_base import KnowledgeBase

def broken(self, *args, **kwargs):
    raise ValueError("the secret words")

KnowledgeBase.runs = broken
KnowledgeBase.create_collection = broken
"""
INNER = ("the secret words", "ValueError", "Traceback", "sitecustomize")
HEADLINE = {"en": "Something went wrong", "zh": "出错了"}


@pytest.fixture
def language() -> str:
    """The language of the settings; tests may choose another one."""
    return "en"


@pytest.fixture
def server(
    language: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[UiServer]:
    code = tmp_path / "code"
    code.mkdir()
    (code / "sitecustomize.py").write_text(BROKEN, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(code))
    with served_ui(tmp_path, data_dir=str(data_dir), language=language) as running:
        yield running


def number_shown(page: UiClient, language: str) -> str:
    """Return the number of the one error that the page shows."""
    (error,) = [
        element.alert.body for element in page.elements if element.WhichOneof("type") == "alert"
    ]
    assert HEADLINE[language] in error
    (number,) = re.findall(r"[0-9a-f]{8}", error)
    return str(number)


def assert_logged(server: UiServer, number: str) -> None:
    log = server.log.read_text("utf-8")
    (_, after) = log.split(f"error {number}: ")
    assert "Traceback (most recent call last)" in after
    assert "ValueError: the secret words" in after


@pytest.mark.parametrize("language", HEADLINE)
def test_an_error_in_a_view_shows_its_number_and_nothing_else(
    server: UiServer, language: str
) -> None:
    with UiClient(server.url, path="/status") as page:
        number = number_shown(page, language)
        assert [words for words in INNER if words in page.drawn] == []
    assert_logged(server, number)


def test_an_error_in_what_a_button_does_shows_its_number_and_the_page_lives_on(
    server: UiServer, language: str
) -> None:
    with UiClient(server.url, path="/library") as page:
        typed = [
            WidgetState(id=element.text_input.id, string_value="birds")
            for element in page.elements
            if element.WhichOneof("type") == "text_input"
        ]
        create = next(
            element.button
            for element in page.elements
            if element.WhichOneof("type") == "button" and element.button.is_form_submitter
        )
        page.run(*typed, WidgetState(id=create.id, trigger_value=True))
        number = number_shown(page, language)
        assert [words for words in INNER if words in page.drawn] == []
        page.run()
        assert HEADLINE[language] not in page.drawn
    assert_logged(server, number)


def test_a_name_with_a_nul_is_refused_and_the_page_lives_on(data_dir: Path, tmp_path: Path) -> None:
    with (
        served_ui(tmp_path, data_dir=str(data_dir)) as server,
        UiClient(server.url, path="/library") as page,
    ):
        status, text = page.upload(page.upload_url("a.txt"), b"A heron.", name="a\0.txt")
        assert (status, text) == (400, "No file arrived: its name holds a NUL")
        page.run()
        assert page.one("file_uploader")
        assert "Traceback" not in page.drawn
        assert "Traceback" not in server.log.read_text("utf-8")
