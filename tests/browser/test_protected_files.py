"""A protected file: a person drops it, types its password in the Library, and finds its words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from locked_files import files_that_hold, locked_docx, locked_pdf
from playwright.sync_api import Browser, expect

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.browser

READ_TIMEOUT_MS = 300_000  # two files, on a machine with other work
RIGHT, WRONG = "Zimtstern-4711-richtig", "Lebkuchen-0815-falsch"
FIRST, SECOND = "The grey heron waits in the reeds.", "The barn owl hunts over fields."
TEXTS = {
    "en-US": {
        "title": "Library",
        "field": "Password of the file",
        "shared": "Password of several files",
        "one": "Read with this password",
        "all": "Read all 2 protected files",
        "asks": "This file is protected by a password.",
        "wrong": "The password does not open this file.",
        "none": "2 files could not be read",
    },
    "zh-CN": {
        "title": "文档库",
        "field": "文件的密码",
        "shared": "多个文件共用的密码",
        "one": "用此密码读取",
        "all": "读取全部 2 个受保护的文件",
        "asks": "此文件受密码保护。",
        "wrong": "密码不正确，无法打开此文件。",
        "none": "2 个文件无法读取",
    },
}


@pytest.mark.parametrize("locale", ["zh-CN", pytest.param("en-US", marks=pytest.mark.slow)])
def test_a_password_is_typed_in_the_library_and_the_files_are_found(
    data_dir: Path, server: Server, tmp_path: Path, chromium: Browser, locale: str
) -> None:
    words = TEXTS[locale]
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 1100})
    context.set_default_timeout(60_000)
    said: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server.url}/library")
    expect(page.get_by_role("heading", name=words["title"], exact=True)).to_be_visible()
    kind = "application/octet-stream"
    page.locator("input[type=file]").first.set_input_files(
        [
            {"name": "heron.pdf", "mimeType": kind, "buffer": locked_pdf(FIRST, RIGHT)},
            {"name": "owl.docx", "mimeType": kind, "buffer": locked_docx(SECOND, RIGHT)},
        ]
    )
    expect(page.get_by_text(words["asks"])).to_have_count(2, timeout=READ_TIMEOUT_MS)
    expect(page.get_by_text(words["none"]).first).to_be_visible()

    fields = page.get_by_label(words["field"], exact=True)
    expect(fields).to_have_count(2)
    assert {field.get_attribute("type") for field in fields.all()} == {"password"}
    fields.first.fill(WRONG)
    page.get_by_role("button", name=words["one"]).first.click()
    expect(page.get_by_text(words["wrong"]).first).to_be_visible()
    expect(page.get_by_text(words["asks"])).to_have_count(1)
    expect(fields.first).to_have_value("")

    page.get_by_label(words["shared"], exact=True).fill(RIGHT)
    page.get_by_role("button", name=words["all"]).click()
    expect(page.get_by_text(words["asks"])).to_have_count(0)
    expect(page.get_by_text(words["wrong"])).to_have_count(0)
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    for word in (RIGHT, WRONG):
        assert word not in page.url
        assert word not in page.content()

    page.goto(f"{server.url}/?q=grey+heron&mode=keyword")
    expect(page.get_by_text("waits in the reeds").first).to_be_visible()
    context.close()
    log = (tmp_path / "server.log").read_text("utf-8")
    for word in (RIGHT, WRONG):
        assert word not in log
        assert word not in "\n".join(said)
        assert files_that_hold(word, data_dir) == []
