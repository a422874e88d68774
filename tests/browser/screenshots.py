"""Take the README's pictures of every view in both languages, from a real server.

Usage: ``python tests/browser/screenshots.py``, with Chromium and a Chinese font installed; options
are passed on to the ingestion of the samples.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from conftest import find_chromium, launched, served
from llama_server import smollm2
from playwright.sync_api import Browser, Page

from kb.config_file import write_settings

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"
TARGET = ROOT / "ui" / "screenshots"
LARGEST_BYTES = 200_000
SETTLE_MS = 1_500
ANSWER_MS = 180_000
QUESTIONS = {"en": "How long is the espresso machine's warranty?", "zh": "如何申请软件著作权？"}
LOCALES = {"en": "en-US", "zh": "zh-CN"}


def main() -> None:
    """Fill a knowledge base with the samples and take all pictures."""
    path = find_chromium()
    if path is None:
        sys.exit("Chromium is not installed (apt-get install chromium, or set KB_CHROMIUM)")
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # A small model that people would not use, but a real one; in the file that the server
        # reads, as if it had been chosen.
        write_settings(folder / "no.toml", {"chat_model": str(smollm2())})
        with served(folder / "data", folder) as server, launched(path) as browser:
            # Failing samples are no reason to stop: the picture shows what there is.
            subprocess.run(
                [sys.executable, "-m", "ingest", str(SAMPLES), *sys.argv[1:]],
                env=server.environment,
                check=False,
                cwd=folder,
            )
            for language in LOCALES:
                take(browser, server.url, language)
            take(browser, server.url, "zh", scheme="dark")


def take(
    browser: Browser, url: str, language: str, scheme: Literal["light", "dark"] = "light"
) -> None:
    """Take the pictures of one language and colour scheme."""
    context = browser.new_context(
        locale=LOCALES[language],
        color_scheme=scheme,
        viewport={"width": 1280, "height": 860},
    )
    page = context.new_page()
    ending = f"{language}-{scheme}" if scheme == "dark" else language
    page.goto(url)
    box = page.locator("input[type=search]").first
    box.fill(QUESTIONS[language])
    box.press("Enter")
    page.locator(".kb-hit-head").first.wait_for(timeout=60_000)
    shoot(page, f"search-{ending}")
    page.locator(".st-key-" + _first_hit(page)).get_by_role("link").first.click()
    page.locator(".kb-facts").first.wait_for()
    shoot(page, f"document-{ending}")
    _open(page, "ask")
    ask = page.get_by_test_id("stChatInputTextArea")
    ask.fill(QUESTIONS[language])
    ask.press("Enter")
    page.get_by_test_id("stButtonGroup").last.wait_for(timeout=ANSWER_MS)
    page.locator(".kb-answer").first.wait_for(timeout=ANSWER_MS)
    page.get_by_test_id("stDownloadButton").first.wait_for(timeout=ANSWER_MS)
    page.locator(".kb-answer").first.scroll_into_view_if_needed()
    shoot(page, f"ask-{ending}")
    _open(page, "library")
    page.get_by_test_id("stDataFrame").first.wait_for()
    page.locator(".st-key-overview").get_by_test_id("stCheckbox").click()
    page.get_by_test_id("stVegaLiteChart").nth(2).wait_for()
    shoot(page, f"library-{ending}")
    for view in ("quality", "status"):
        _open(page, view)
        page.locator("h1").first.wait_for()
        page.locator("h2:visible, h3:visible, [data-testid=stHtml]:visible").first.wait_for()
        shoot(page, f"{view}-{ending}")
    context.close()


def _open(page: Page, view: str) -> None:
    page.get_by_test_id("stSidebarNav").locator(f'a[href$="/{view}"]').click()


def shoot(page: Page, name: str) -> None:
    """Take one picture, with a palette so that the repository stays small."""
    from PIL import Image  # noqa: PLC0415 - comes with Streamlit

    page.wait_for_timeout(SETTLE_MS)
    target = TARGET / f"{name}.png"
    page.screenshot(path=target)
    with Image.open(target) as picture:
        small = picture.convert("RGB").quantize(128)
    small.save(target, optimize=True)
    size = target.stat().st_size
    sys.stdout.write(f"{target.relative_to(ROOT)}: {size // 1000} kB\n")
    if size > LARGEST_BYTES:
        sys.exit(f"{target} has {size} bytes, more than {LARGEST_BYTES}")


def _first_hit(page: Page) -> str:
    classes = page.locator("[class*=st-key-hit-]").first.get_attribute("class") or ""
    return next(c for c in classes.split() if c.startswith("st-key-hit-")).removeprefix("st-key-")


if __name__ == "__main__":
    main()
