"""Opt-in: every DOCX of a corpus of odd files, judged by its manifest.

``KB_CORPORA`` names the folder that holds ``MANIFEST.tsv`` and the files it lists.
"""

import csv
import os
import re
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from ingest.errors import LoadError
from ingest.loaders import LoadedFile, load_file
from ingest.loaders.base import LoadOptions

CORPORA = os.environ.get("KB_CORPORA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA, reason="KB_CORPORA names no corpus"),
]
_UNSEEN = frozenset({"del", "moveFrom", "Fallback", "rt", "oMath", "rPr"})
_ADDRESS = re.compile(r" ?\((?:[a-z]+:/|www\.)[^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)")
_WORD = re.compile(r"\w*[^\W\d_]\w*")


@dataclass(frozen=True)
class Outcome:
    path: Path
    why: str
    result: LoadedFile | LoadError
    seconds: float

    @property
    def text(self) -> str:
        assert isinstance(self.result, LoadedFile), f"{self.path}: {self.result}"
        return self.result.document.text


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Load every file; whatever is no LoadError fails all tests."""
    root = Path(CORPORA or "")
    found = {}
    with (root / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            path = root / row["path"]
            if not row["path"].startswith("docx/"):
                continue
            began = time.monotonic()
            result: LoadedFile | LoadError
            try:
                result = load_file(path, LoadOptions())
            except LoadError as error:
                result = error
            found[path.name] = Outcome(path, row["why"], result, time.monotonic() - began)
    assert found
    return found


def expected_code(why: str) -> str:
    """Return the error that the manifest's reason calls for, "" for a file that can be read."""
    for start, code in (("OLE", "encrypted"), ("broken", "damaged"), ("empty", "empty")):
        if why.startswith(start):
            return code
    return ""


def test_each_file_ends_as_the_manifest_says(outcomes: dict[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        code = outcome.result.code if isinstance(outcome.result, LoadError) else ""
        assert code == expected_code(outcome.why), f"{name}: {outcome.result}"
        assert outcome.seconds < 60, name
        if isinstance(outcome.result, LoadError):
            assert name in str(outcome.result)


def test_the_long_handbook_takes_seconds(outcomes: dict[str, Outcome]) -> None:
    handbook = outcomes["handbook-872p.docx"]
    assert handbook.seconds < 10
    assert len(handbook.text) > 800_000


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("bug53475-password-is-solrcell.docx", "solrcell"),
        ("testWORD_protected_passtika.docx", "tika"),
    ],
)
def test_encrypted_files_open_with_the_password_in_their_name(
    outcomes: dict[str, Outcome], name: str, password: str
) -> None:
    options = LoadOptions(passwords=("wrong", password))
    assert load_file(outcomes[name].path, options).document.text


def test_no_visible_word_is_lost(outcomes: dict[str, Outcome]) -> None:
    """Tables, text boxes, controls, notes and margins, wherever their text is stored."""
    for name, outcome in outcomes.items():
        if isinstance(outcome.result, LoadError):
            continue
        # Addresses stand after the text of their links, which may end inside a word.
        missing = visible_words(outcome.path) - words(_ADDRESS.sub("", outcome.text))
        assert not missing, f"{name}: {missing}"


def test_what_was_deleted_or_moved_away_is_not_there(outcomes: dict[str, Outcome]) -> None:
    deletion = outcomes["track_changes_deletion.docx"].text
    assert deletion == "This is a text with a deletion."
    moved = outcomes["testWORD_2006ml.docx"].text
    assert moved.count("Second paragraph here") == moved.count("First paragraph there") == 1


def test_no_text_box_is_read_from_both_branches(outcomes: dict[str, Outcome]) -> None:
    for name in ("textbox.docx", "testWORD_emptyParaInTextbox.docx", "drawing.docx"):
        path = outcomes[name].path
        # What pictures hold, addresses and alternative texts stand in other places of a package.
        text = load_file(path, LoadOptions(ocr=False)).document.text
        known = visible_words(path, margins=None) + described_words(path)
        extra = words(_ADDRESS.sub("", text)) - known
        assert not extra, f"{name}: {extra}"


def test_entities_and_external_files_are_not_fetched(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["ExternalEntityInText.docx"].text == 'Here should not be the POI web site: ""'
    references = outcomes["testExternalRefs.docx"].text
    assert "Testing INCLUDEPICTURE: [Image placeholder]" in references
    assert "example.com" not in references


def test_imported_parts_ruby_and_bodies_are_read(outcomes: dict[str, Outcome]) -> None:
    assert "ROW 2 | ROW 2" in outcomes["testAltChunkHTML.docx"].text
    assert outcomes["testWORD_phonetic.docx"].text == "東京(とうきょう)"
    bodies = outcomes["MultipleBodyBug.docx"].text
    assert all(f"START BODY {number}" in bodies for number in (1, 2, 3))
    assert "a^2+b^2=c^2" in outcomes["equations.docx"].text


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text))


def visible_words(path: Path, *, margins: bool | None = False) -> Counter[str]:
    """Count the words that a second, simpler reading finds in the parts of a package.

    Margins stand once whatever their number: by default each of their words counts at most
    once; ``margins=None`` counts them all.
    """
    found: Counter[str] = Counter()
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            match = re.fullmatch(
                r"word/(document|footnotes|endnotes|header\d*|footer\d*)\.xml", name
            )
            if match:
                parser = etree.XMLParser(resolve_entities=False, recover=True, huge_tree=True)
                part = words("".join(pieces(etree.fromstring(package.read(name), parser))))
                margin = match[1].startswith(("header", "footer"))
                found = found | Counter(set(part)) if margin and margins is False else found + part
    return found


def described_words(path: Path) -> Counter[str]:
    """Count the words of all alternative texts in the main part of a package."""
    with zipfile.ZipFile(path) as package:
        parser = etree.XMLParser(resolve_entities=False, recover=True, huge_tree=True)
        tree = etree.fromstring(package.read("word/document.xml"), parser)
    names = ("descr", "title", "alt")
    return words("\n".join(each.get(name, "") for each in tree.iter("*") for name in names))


def pieces(element: etree._Element) -> Iterator[str]:
    for child in element:
        tag = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if tag in _UNSEEN or (tag == "r" and hides(child)):
            continue
        if tag == "t":
            yield child.text or ""
        elif tag in {"tab", "ptab", "br", "cr", "oMathPara"}:
            yield " "
        elif tag == "p":
            yield from ("\n", *pieces(child), "\n")
        else:
            yield from pieces(child)


def hides(run: etree._Element) -> bool:
    space = run.tag.removesuffix("r")
    found = run.find(f"{space}rPr/{space}vanish")
    return found is not None and found.get(f"{space}val") not in ("0", "false", "off")
