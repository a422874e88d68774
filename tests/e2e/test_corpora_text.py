"""Opt-in: every text and Markdown file of a corpus of odd files, judged by its manifest.

``KB_CORPORA`` names the folder that holds ``MANIFEST.tsv`` and the files it lists.
"""

import csv
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.errors import EmptyDocumentError, LoadError
from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from kb.records import Document
from kb.text import normalise

CORPORA = os.environ.get("KB_CORPORA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA, reason="KB_CORPORA names no corpus"),
]
SLOWEST_S = 5.0
SAME = {
    # what the manifest calls an encoding, and what this project does
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "utf-16le": "utf-16-le",
    "windows-1256-arabic": "windows-1256",
    "utf-16": "utf-16-be",
    "utf-32": "utf-32-le",
}


@dataclass(frozen=True)
class Outcome:
    path: Path
    why: str
    result: Document | LoadError
    seconds: float

    @property
    def document(self) -> Document:
        assert isinstance(self.result, Document), f"{self.path}: {self.result}"
        return self.result


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Load every file; whatever is no LoadError fails all tests."""
    root = Path(CORPORA or "")
    found = {}
    with (root / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if not row["path"].startswith(("txt/", "md/")):
                continue
            began = time.monotonic()
            result: Document | LoadError
            try:
                result = load_file(root / row["path"], LoadOptions()).document
            except LoadError as error:
                result = error
            seconds = time.monotonic() - began
            found[row["path"]] = Outcome(root / row["path"], row["why"], result, seconds)
    return found


def test_all_are_read_except_the_blank_one(outcomes: dict[str, Outcome]) -> None:
    refused = {
        path: outcome for path, outcome in outcomes.items() if isinstance(outcome.result, LoadError)
    }

    assert [outcome.why for outcome in refused.values()] == ["white space only"]
    assert all(isinstance(outcome.result, EmptyDocumentError) for outcome in refused.values())


def test_none_is_slow(outcomes: dict[str, Outcome]) -> None:
    slow = {path: o.seconds for path, o in outcomes.items() if o.seconds > SLOWEST_S}

    assert slow == {}


def test_encodings_are_those_of_the_manifest(outcomes: dict[str, Outcome]) -> None:
    checked = 0
    for path, outcome in outcomes.items():
        named = re.match(r"encoding (\S+) \(folder name", outcome.why)
        if named:
            expected = SAME.get(named[1].lower(), named[1].lower())
            assert outcome.document.metadata.get("encoding", "utf-8") == expected, path
            assert "\ufffd" not in outcome.document.text, path
            checked += 1
    assert checked > 10


def test_transcoded_texts_equal_the_original(outcomes: dict[str, Outcome]) -> None:
    truth = outcomes["txt/debian/debian-faq.zh-cn.txt"].document.text
    for path, outcome in outcomes.items():
        if not path.startswith("txt/transcoded/"):
            continue
        text = outcome.document.text
        if "known truth (" in outcome.why:
            pairs = zip(text, truth, strict=True)
            assert all(read in (true, "?") for read, true in pairs), path
        elif "known truth" in outcome.why:
            assert text == truth, path
        elif "cut in the middle" in outcome.why:
            assert [notice.code for notice in outcome.document.notices] == ["cut_short"]
            assert re.sub(r"\s", "", truth).startswith(re.sub(r"\s", "", text).rstrip("\ufffd"))
        else:
            assert re.sub(r"\s", "", text) == re.sub(r"\s", "", truth), path


def test_plain_texts_lose_nothing(outcomes: dict[str, Outcome]) -> None:
    for path, outcome in outcomes.items():
        if path.startswith("txt/debian/"):
            source = normalise(outcome.path.read_text("utf-8"))
            assert re.sub(r"\s", "", outcome.document.text) == re.sub(r"\s", "", source), path


def test_markdown_loses_no_words_and_keeps_no_markup(outcomes: dict[str, Outcome]) -> None:
    for path, outcome in outcomes.items():
        if not path.startswith("md/docs"):
            continue
        words = _words(outcome.path.read_text("utf-8"))
        text = outcome.document.text
        missing = {word for word in words if word not in text}
        # the crude rules leave a word of a code fence here and there
        assert len(missing) <= 1 + len(words) * 0.005, f"{path}: {sorted(missing)[:20]}"
        outside_code = "".join(
            text[section.start : section.end]
            for section in outcome.document.sections
            if section.kind == "text"
        )
        assert not re.search(r"\]\(|^:::|\*\*\w|^#{1,6} |```", outside_code, flags=re.MULTILINE), (
            path
        )


def _words(source: str) -> set[str]:
    """Return the words of a page's prose, found by crude rules that share nothing with ours."""
    for noise in (
        r"\A---.*?---",
        r"<(script|style)[^>]*>.*?</\1>",
        r"<!--.*?-->",
        r"```.*?```",
        r"`[^`]*`",
        r"<[^>]*>",
        r"\]\([^)]*\)",
        r"\{#.*?\}",
        r"(?m:^:::+ *\w+)",
    ):
        source = re.sub(noise, " ", source, flags=re.DOTALL)
    return set(re.findall(r"[^\W\d_]{4,}", source))
