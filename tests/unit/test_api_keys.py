"""Keys of the server: shown once, kept as digests, for the collections that they were made for."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import ApiKeyError, CollectionError, KnowledgeBase, Settings
from kb.catalog import migrations
from kb.catalog.catalog import Catalog
from kb.catalog.connections import Connections
from kb.catalog.migrations import v18_keys
from kb.embedding.base import EmbedderIdentity


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(
        Settings.load(data_dir=tmp_path / "data"), embedder=HashingEmbedder()
    ) as opened:
        yield opened


def test_a_key_is_known_again_by_the_whole_of_it_alone(base: KnowledgeBase) -> None:
    made, token = base.keys.create("bot", scopes=["read", "embed"])
    assert made.scopes == ("embed", "read")
    assert base.keys.shown(token).key == made
    for wrong in ("", "kb", "kb_", token[:-1], token + "x", token.upper(), f" {token}", "_" * 9):
        assert base.keys.shown(wrong).key is None, wrong
    other = token.replace(made.label, "0" * 12)
    assert base.keys.shown(other).key is None


def test_the_catalog_holds_nothing_that_opens_the_server(base: KnowledgeBase) -> None:
    _, token = base.keys.create("bot", scopes=["read"])
    secret = token.split("_", 2)[2]
    folder = base.settings.store_dir
    kept = b"".join(file.read_bytes() for file in folder.glob("catalog.sqlite3*"))
    assert len(secret) >= 43
    assert b"bot" in kept
    assert secret.encode() not in kept


def test_no_two_keys_are_alike(base: KnowledgeBase) -> None:
    tokens = {base.keys.create(f"bot {number}", scopes=["read"])[1] for number in range(50)}
    assert len(tokens) == 50


def test_a_revoked_key_is_told_from_one_that_never_was(base: KnowledgeBase) -> None:
    _, token = base.keys.create("bot", scopes=["read"])
    assert base.keys.revoke("bot").standing == "revoked"
    shown = base.keys.shown(token)
    assert shown.key is not None
    assert (shown.key.standing, shown.needed) == ("revoked", False)
    with pytest.raises(ApiKeyError, match="no key 'bot' to be revoked"):
        base.keys.revoke("bot")


def test_a_key_expires_by_itself_and_goes_on_being_counted(base: KnowledgeBase) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.2)
    made, token = base.keys.create("bot", scopes=["read"], expires_at=soon)
    assert made.standing == "active"
    time.sleep(0.25)
    shown = base.keys.shown(token)
    assert shown.key is not None
    # What was closed by a key must not open when nobody looks.
    assert (shown.key.standing, shown.needed) == ("expired", True)


def test_a_name_is_free_again_once_its_key_is_revoked(base: KnowledgeBase) -> None:
    base.keys.create("bot", scopes=["read"])
    with pytest.raises(ApiKeyError, match="there is a key 'bot' already"):
        base.keys.create("bot", scopes=["read"])
    base.keys.revoke("bot")
    base.keys.create("bot", scopes=["write"])
    assert [(key.name, key.standing) for key in base.keys.listed()] == [
        ("bot", "revoked"),
        ("bot", "active"),
    ]


def test_a_key_follows_its_collections_and_opens_no_other_of_their_name(
    base: KnowledgeBase,
) -> None:
    for name in ("a", "b", "c"):
        base.create_collection(name)
    _, token = base.keys.create("bot", scopes=["read"], collections=["b", "a", "b"])

    def now() -> tuple[str, ...] | None:
        key = base.keys.shown(token).key
        assert key is not None
        return key.collections

    assert now() == ("a", "b")
    base.rename_collection("a", "renamed")
    base.create_collection("a")
    assert now() == ("b", "renamed")
    base.delete_collection("b")
    base.create_collection("b")
    assert now() == ("renamed",)
    base.delete_collection("renamed")
    assert now() == ()  # for none, not for all


def test_a_key_stays_for_a_collection_that_is_embedded_again(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    base.add("The heron waits.", name="heron.txt", collection="birds")
    _, token = base.keys.create("bot", scopes=["read"], collections=["birds"])
    base.close()
    other = HashingEmbedder()
    other.identity = EmbedderIdentity(model_id="other", fingerprint="other", dim=other.dim)
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path / "data"), embedder=other) as again:
        again.reembed("birds")
        key = again.keys.shown(token).key
        assert key is not None
        assert key.collections == ("birds",)


def test_a_key_that_cannot_be_made_so_is_not_made(base: KnowledgeBase) -> None:
    with pytest.raises(CollectionError, match="no collection 'none'"):
        base.keys.create("bot", scopes=["read"], collections=["none"])
    with pytest.raises(ApiKeyError, match="would open no collection"):
        base.keys.create("bot", scopes=["read"], collections=[])
    with pytest.raises(ApiKeyError, match="one or more of these scopes: embed, read, write"):
        base.keys.create("bot", scopes=[])
    with pytest.raises(ApiKeyError, match="one or more of these scopes"):
        base.keys.create("bot", scopes=["admin"])  # type: ignore[list-item]
    for name in ("", "  ", "a\nb", "x" * 101):
        with pytest.raises(ApiKeyError, match="cannot name a key"):
            base.keys.create(name, scopes=["read"])
    assert base.keys.listed() == []


def test_another_process_makes_and_revokes_keys_while_this_one_asks(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    def elsewhere(code: str) -> str:
        script = (
            "from kb import KnowledgeBase, Settings\n"
            f"with KnowledgeBase.open(Settings.load(data_dir={str(tmp_path / 'data')!r})) as base:"
            f"\n    {code}"
        )
        return subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        ).stdout.strip()

    assert not base.keys.shown("").needed
    token = elsewhere("print(base.keys.create('bot', scopes=['read'])[1])")
    shown = base.keys.shown(token)
    assert shown.key is not None
    assert (shown.key.standing, shown.needed) == ("active", True)
    elsewhere("base.keys.revoke('bot')")
    shown = base.keys.shown(token)
    assert shown.key is not None
    assert shown.key.standing == "revoked"


def test_keys_are_made_and_revoked_while_another_process_writes(base: KnowledgeBase) -> None:
    with base._store.lock.hold():  # as an ingest does
        base.keys.create("bot", scopes=["read"])
        base.keys.revoke("bot")


def test_an_older_catalog_gets_room_for_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalog.sqlite3"
    before = migrations.MIGRATIONS.index(v18_keys.apply)
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:before])
        older.setattr(migrations, "CURRENT_VERSION", before)
        Connections(path).close()
    catalog = Catalog(path)
    with catalog.reading() as state:
        assert not state.has_keys()
    catalog.close()
    assert path.with_name(f"{path.name}.v{before}.bak").exists()
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert version == migrations.CURRENT_VERSION
