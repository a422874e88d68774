"""Archives that unfold to much more than they are: refused, and little memory is taken for it."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings

if TYPE_CHECKING:
    from attack_report import Report

IMPORT = Path(__file__).parent.parent / "helpers" / "import_archive.py"
BOUND_MIB = 500
# A process that takes more ends by itself, not the machine.
LIMIT_BYTES = 8 * 2**30

Members = dict[str, bytes]


@pytest.fixture
def sound(tmp_path: Path) -> Members:
    """The members of an archive of one small document."""
    settings = Settings.load(data_dir=tmp_path / "made")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("The harbour office opens at seven.", name="harbour")
        base.export(tmp_path / "sound.kbz")
    with zipfile.ZipFile(tmp_path / "sound.kbz") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sealed(members: Members, path: Path) -> None:
    """Write members as a hostile program would: its manifest and checksums are right."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = b"0" * 64
    whole = path.read_bytes()[:-64]
    path.write_bytes(whole + hashlib.sha256(whole).hexdigest().encode())


def with_checksums(members: Members, **changes: int) -> Members:
    manifest = {**json.loads(members["manifest.json"]), **changes}
    manifest["members"] = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
        if name != "manifest.json"
    }
    return {**members, "manifest.json": json.dumps(manifest).encode()}


def lists_in_manifest(members: Members) -> Members:
    manifest = members["manifest.json"].rstrip()
    assert manifest.endswith(b"}")
    filling = b'"x": [' + b"[]," * 85_000_000 + b"[]]}"
    return {**members, "manifest.json": manifest[:-1] + b"," + filling}


def objects_in_document(members: Members) -> Members:
    document = members["documents/000001.json"]
    filling = b',"x":[' + b'{"a":0},' * 30_000_000 + b"0]}"
    return with_checksums({**members, "documents/000001.json": document[:-1] + filling})


def vectors_without_end(members: Members) -> Members:
    row = members["vectors/000001.f32"]
    return with_checksums({**members, "vectors/000001.f32": row * (2**29 // len(row))})


def chunks_of_the_whole_text(members: Members) -> Members:
    record = json.loads(members["documents/000001.json"])
    text = "All of it, again and again. " * 20_000
    (chunk,) = record["chunks"]
    count = 5_000
    record["document"]["text"] = text
    record["chunks"] = [
        {**chunk, "ordinal": n, "start": 0, "end": len(text) - n} for n in range(count)
    ]
    record["keys"] = record["keys"] * count
    changed = {
        "documents/000001.json": json.dumps(record).encode(),
        "vectors/000001.f32": members["vectors/000001.f32"] * count,
    }
    return with_checksums({**members, **changed}, chunks=count)


def titles_without_end(members: Members) -> Members:
    record = json.loads(members["documents/000001.json"])
    (chunk,) = record["chunks"]
    count = 5_000
    record["document"]["title"] = "A long title. " * 40_000
    record["chunks"] = [{**chunk, "ordinal": n} for n in range(count)]
    record["keys"] = record["keys"] * count
    changed = {
        "documents/000001.json": json.dumps(record).encode(),
        "vectors/000001.f32": members["vectors/000001.f32"] * count,
    }
    return with_checksums({**members, **changed}, chunks=count)


@pytest.mark.parametrize(
    ("bomb", "before"),
    [
        (lists_in_manifest, "imported, 6,100 MiB"),
        (objects_in_document, "imported, 6,203 MiB"),
        (vectors_without_end, "refused, 0 MiB"),
        (chunks_of_the_whole_text, "still at work after 180 s"),
        (titles_without_end, "still at work after 180 s"),
    ],
)
def test_a_small_archive_that_unfolds_to_gigabytes_is_refused_in_little_memory(
    sound: Members,
    tmp_path: Path,
    report: Report,
    bomb: Callable[[Members], Members],
    before: str,
) -> None:
    path = tmp_path / "bomb.kbz"
    sealed(bomb(sound), path)
    done = subprocess.run(
        [sys.executable, str(IMPORT), str(path), str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES)),
    )
    said = json.loads(done.stdout) if done.returncode == 0 else None
    now = f"refused, {said['peak_mib']:.0f} MiB" if said and said["error"] else done.stderr[-200:]
    size = path.stat().st_size / 2**10
    report(f"{bomb.__name__.replace('_', ' ')}, {size:,.0f} KiB", before, now)
    assert said is not None, done.stderr
    assert "Nothing was imported" in said["error"]
    assert said["peak_mib"] < BOUND_MIB
