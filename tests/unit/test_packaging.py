"""What the repository promises about itself: packages, locks, licences, targets, samples."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from setuptools import find_packages

from kb.install.notices import licence_of, locked_names, notices

ROOT = Path(__file__).parents[2]
LOCKS = [
    *sorted(path.name for path in ROOT.glob("requirements*.txt")),
    "tests/integrations/requirements.txt",
]
# Its environment comes first on the path: botocore wants another python-dateutil than the rest.
OWN_LOCKS = ["tests/scaling/requirements.txt"]
SAMPLES = ROOT / "data" / "samples"
FEWEST_SAMPLES_OF_A_FORMAT = 3
LARGEST_SAMPLE_BYTES = 100_000


@pytest.fixture
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: str) -> list[Requirement]:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [Requirement(line.split(" --hash")[0]) for line in text.splitlines() if line]


def test_lists_every_package_that_is_on_disk(project: dict[str, Any]) -> None:
    on_disk = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for top in ("kb", "ingest", "ui")
        for file in ROOT.glob(f"{top}/**/__init__.py")
    }
    include = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert set(find_packages(str(ROOT), include=include)) == on_disk


@pytest.mark.parametrize("lock", [*LOCKS, *OWN_LOCKS])
def test_locks_pin_every_package_exactly_and_with_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = text.splitlines()
    assert lines
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line)


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "@" not in text
    assert not re.search(r"^-|--(extra-)?index-url|--find-links", text, re.MULTILINE)


def test_locks_agree_about_packages_that_stand_in_several() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        names: dict[str, set[str]] = {}
        for pin in pins(lock):
            names.setdefault(pin.name, set()).add(str(pin.specifier))
        for name, found in names.items():
            versions[name] = versions.get(name, found) & found
    assert [name for name, common in versions.items() if not common] == []


def test_main_locks_cover_the_declared_dependencies(project: dict[str, Any]) -> None:
    locks = ("requirements.txt", "requirements-llama.txt")
    locked = {pin.name: pin for lock in locks for pin in pins(lock)}
    for text in project["project"]["dependencies"]:
        declared = Requirement(text)
        version = str(locked[declared.name].specifier).removeprefix("==")
        assert declared.specifier.contains(version), declared


def test_chroma_and_llama_cpp_are_pinned_exactly(project: dict[str, Any]) -> None:
    declared = {
        name: [item.operator for item in Requirement(text).specifier]
        for text in project["project"]["dependencies"]
        if (name := Requirement(text).name) in {"chromadb", "llama-cpp-python"}
    }
    assert declared == {"chromadb": ["=="], "llama-cpp-python": ["=="]}


def test_nothing_that_users_install_is_under_the_gpl_or_agpl() -> None:
    copyleft = re.compile(r"affero|agpl|(?<!l)gpl|gnu general", re.IGNORECASE)
    offenders = {}
    for pin in (*pins("requirements.txt"), *pins("requirements-llama.txt")):
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        declared = metadata.metadata(pin.name)
        classifiers = [
            line for line in declared.get_all("Classifier") or [] if line.startswith("License")
        ]
        first_line = (declared.get("License") or "").strip().split("\n", 1)[0]
        claims = [declared.get("License-Expression") or "", first_line, *classifiers]
        if any(copyleft.search(claim) for claim in claims):
            offenders[pin.name] = claims
    assert offenders == {}


def test_every_locked_package_has_a_known_licence() -> None:
    assert [name for name in locked_names() if not licence_of(name)] == []


def test_notices_name_every_locked_package_and_the_models() -> None:
    text = (ROOT / "THIRD_PARTY_NOTICES").read_text(encoding="utf-8")
    listed = re.findall(r"^([A-Za-z0-9._-]+): \S", text, re.MULTILINE)
    assert listed == locked_names()
    assert text.split("Packages\n")[0] == notices().split("Packages\n")[0]
    for model in ("multilingual-e5-small", "PP-OCR", "llama.cpp", "SentencePiece"):
        assert model in text


TARGETS = ["demo", "test", "test-full", "lint", "fix", "ui", "bench", "bench-long"]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("target", TARGETS)
def test_make_targets_set_up_first(target: str) -> None:
    # Run by `make test`, this make would be a child of that one and announce its directory.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    plan = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout.splitlines()
    set_up, *work = plan
    assert "kb/install" in set_up
    # The whole of the tests compares with references and makes requests by a generator, which it
    # sets up as well, and runs alone what nothing may run beside.
    lines = {"test-full": 6}
    assert len(work) == lines.get(target, 1), "a target does one thing after the set-up"


def test_ci_runs_the_same_targets() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make lint test" in script.splitlines()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_browser_ui_is_for_this_machine_only_and_tells_nobody() -> None:
    text = (ROOT / "ui" / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    config = tomllib.loads(text)
    assert config["server"]["address"] == "localhost"
    assert config["browser"]["gatherUsageStats"] is False


def test_samples_are_small_and_come_in_every_format() -> None:
    files = [path for path in SAMPLES.iterdir() if path.is_file()]
    formats = Counter(path.suffix for path in files)
    assert set(formats) == {".pdf", ".docx", ".md", ".txt"}
    assert min(formats.values()) >= FEWEST_SAMPLES_OF_A_FORMAT
    assert [path for path in files if path.stat().st_size > LARGEST_SAMPLE_BYTES] == []


def test_one_sample_is_in_a_chinese_encoding() -> None:
    data = (SAMPLES / "番茄炒蛋.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert data.decode("gb18030").startswith("番茄炒蛋\n")


def test_pdf_and_docx_samples_are_what_their_script_writes(tmp_path: Path) -> None:
    script = tmp_path / "tests" / "files" / "make_samples.py"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "files" / "make_samples.py", script)
    subprocess.run([sys.executable, script], check=True)
    written = {path.name: path for path in (tmp_path / "data" / "samples").iterdir()}
    assert set(written) == {path.name for path in SAMPLES.iterdir() if path.suffix in _BINARY}
    for name, path in written.items():
        # Packed sizes differ between versions of zlib; what a reader sees does not.
        assert content(path) == content(SAMPLES / name), name


_BINARY = {".pdf", ".docx"}


def content(path: Path) -> object:
    if path.suffix == ".docx":
        import zipfile  # noqa: PLC0415 - for this one comparison

        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    from pypdf import PdfReader  # noqa: PLC0415 - likewise

    return [page.extract_text() for page in PdfReader(path).pages]
