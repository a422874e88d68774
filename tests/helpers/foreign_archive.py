"""An archive that says of a document that it comes from a file of whoever imports it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings
from kb.archive.file import writing

HARMLESS = "The harbour office opens at seven."


def foreign_archive(place: Path, *, root: str, path: str) -> Path:
    """Write an archive of one document below ``place``, whose source is ``path`` below ``root``."""
    with KnowledgeBase.open(
        Settings.load(data_dir=place / "theirs"), embedder=HashingEmbedder()
    ) as base:
        base.add(HARMLESS, name="harbour.txt")
        base.export(place / "plain.kbz")
    with zipfile.ZipFile(place / "plain.kbz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    del manifest["members"]
    record = json.loads(members["documents/000001.json"])
    record["files"][0]["source"] = {"root": root, "path": path}
    members["documents/000001.json"] = json.dumps(record).encode()
    with writing(place / "foreign.kbz") as writer:
        for name, data in members.items():
            writer.add(name, data)
        writer.finish(manifest)
    return place / "foreign.kbz"
