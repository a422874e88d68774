"""The words that HTML is read as are those that Chromium shows, in the same order."""

from __future__ import annotations

import re

import pytest
from html_corpus import CORPUS
from playwright.sync_api import Browser

from ingest.loaders.html_text import html_to_text

pytestmark = pytest.mark.browser


def test_html_is_read_as_chromium_shows_it(chromium: Browser) -> None:
    page = chromium.new_page()
    shown = {}
    for name, (markup, _) in CORPUS.items():
        page.set_content(markup)
        shown[name] = re.findall(r"\w+", str(page.evaluate("document.body.innerText")))
    page.close()

    assert {name: re.findall(r"\w+", html_to_text(m)) for name, (m, _) in CORPUS.items()} == shown
