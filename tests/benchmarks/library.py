"""How long the browser takes with a large library: listed, filtered, opened.

    python tests/benchmarks/library.py [TEXT_FOLDER] [--documents 5000]

Texts are sentences of TEXT_FOLDER's files (else the samples'), vectors are synthetic; the server
and Chromium are real, and times are from the click to the thing that was asked for on the page.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from conftest import find_chromium, launched, served
from playwright.sync_api import Locator, Page
from synthetic_library import SyntheticLibrary

from kb import KnowledgeBase, Settings
from kb.embedding import open_embedder

ROUNDS = 5
ROW_PX = 35
FOREVER_S = 1e9


def main() -> None:
    """Fill a store, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="?")
    parser.add_argument("--documents", type=int, default=5_000)
    arguments = parser.parse_args()
    path = find_chromium()
    if path is None:
        sys.exit("Chromium is not installed (apt-get install chromium, or set KB_CHROMIUM)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings.load(data_dir=folder / "data")
        embedder = open_embedder(settings)
        library = SyntheticLibrary(arguments.texts, folder, embedder)
        with KnowledgeBase.open(settings, embedder=embedder) as base:
            library.fill(base, arguments.documents, FOREVER_S)
        embedder.close()
        with served(folder / "data", folder) as server, launched(path) as browser:
            page = browser.new_context(locale="en-US").new_page()
            page.goto(server.url)
            page.get_by_placeholder("Ask your documents").first.wait_for(timeout=60_000)
            page.wait_for_timeout(3_000)  # the model loads in the background
            print(f"{arguments.documents:,} documents, seconds (median of {ROUNDS}, longest)")
            measure(page)


def measure(page: Page) -> None:
    """Print the times of one browser."""
    nav = page.get_by_test_id("stSidebarNav")
    times: dict[str, list[float]] = {}

    def timed(name: str, act: Callable[[], object], seen: Locator) -> None:
        started = time.perf_counter()
        act()
        seen.first.wait_for()
        times.setdefault(name, []).append(time.perf_counter() - started)

    for number in range(ROUNDS):
        nav.get_by_role("link", name="Search").click()
        page.get_by_placeholder("Ask your documents").first.wait_for()
        library = nav.get_by_role("link", name="Library")
        timed("list", library.click, page.get_by_test_id("stDataFrame"))
        page.get_by_placeholder("Filter by name").first.fill(f"/{1000 + number}.txt")
        enter = partial(page.keyboard.press, "Enter")
        timed("filter", enter, page.get_by_text(re.compile("^1 of .* documents")))
        page.get_by_test_id("stDataFrame").first.click(position={"x": 18, "y": ROW_PX * 1.5})
        opening = page.get_by_test_id("stPageLink").get_by_text("Open")
        opening.first.wait_for()
        timed("open", opening.first.click, page.locator(".kb-facts"))
    for name, taken in times.items():
        print(f"{name:10} {statistics.median(taken):5.2f} {max(taken):5.2f}")


if __name__ == "__main__":
    main()
