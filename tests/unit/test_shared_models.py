"""How the file of an embedding model comes to a node of a cluster."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest.engines.cluster.model import PART_BYTES, SharedFile, SharedModel, file_parts
from kb import Settings
from kb.errors import ModelError
from kb.models.files import weights_fingerprint
from kb.models.registry import ModelFile

CONTENT = bytes(range(256)) * 5000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "driver" / "small.gguf"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def shared(original: Path, *, at: Path | None = None, url: str = "") -> SharedFile:
    """Return what the driver tells of its model, as a node takes it that may not see it."""
    return SharedFile(
        file=ModelFile(model_id="small", path=at or original, known=None),
        size=original.stat().st_size,
        fingerprint=weights_fingerprint(original),
        url=url,
        parts=tuple(file_parts(original)),
    )


def no_part(_: object) -> bytes:
    pytest.fail("the file was sent although it is there")


def test_a_node_that_has_the_same_file_at_the_same_path_takes_it(original: Path) -> None:
    assert shared(original).fetch(no_part) == original


@pytest.mark.parametrize("there", [None, b"another one", b"\0" * len(CONTENT)])
def test_a_node_that_has_none_or_another_is_sent_the_file_once(
    original: Path, tmp_path: Path, there: bytes | None
) -> None:
    elsewhere = tmp_path / "node.gguf"
    if there is not None:
        elsewhere.write_bytes(there)
    file = shared(original, at=elsewhere)
    assert file.here() is None

    found = file.fetch(bytes)

    assert found.read_bytes() == CONTENT
    assert file.fetch(no_part) == found


def test_processes_of_one_node_fetch_it_once(original: Path, tmp_path: Path) -> None:
    file = shared(original, at=tmp_path / "none.gguf")
    asked: list[object] = []

    def get(part: bytes) -> bytes:
        asked.append(part)
        return part

    threads = [threading.Thread(target=file.fetch, args=(get,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert asked == list(file.parts)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_node_fetches_it_from_a_folder_or_url(
    original: Path, tmp_path: Path, scheme: str
) -> None:
    file = shared(original, at=tmp_path / "none.gguf", url=f"{scheme}{original}")

    assert file.fetch(no_part).read_bytes() == CONTENT


def test_a_url_that_gives_another_file_is_refused_by_name(original: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(CONTENT[::-1])
    file = shared(original, at=tmp_path / "none.gguf", url=f"file://{other}")

    with pytest.raises(ModelError, match=r"other\.gguf gave is not the model"):
        file.fetch(no_part)


def test_a_url_that_gives_nothing_is_named(original: Path, tmp_path: Path) -> None:
    file = shared(original, at=tmp_path / "none.gguf", url=f"file://{tmp_path}/nowhere.gguf")

    with pytest.raises(ModelError, match=r"none\.gguf cannot be fetched: .*nowhere"):
        file.fetch(no_part)


def test_a_file_is_sent_in_parts_that_fit_into_a_small_store(original: Path) -> None:
    assert b"".join(file_parts(original)) == CONTENT
    assert all(len(part) <= PART_BYTES for part in file_parts(original))


def test_what_nodes_are_told_can_be_pickled(original: Path) -> None:
    assert pickle.loads(pickle.dumps(shared(original))) == shared(original)  # noqa: S301 - our own


def test_nodes_are_told_no_secrets_of_the_settings(tmp_path: Path) -> None:
    secrets = {"ui_password_hash": "hash-of-a-secret", "chat_model": "http://host:1/v1#name"}
    settings = Settings(data_dir=tmp_path, **secrets)

    told = SharedModel.of(settings, HashingEmbedder(), given=True, url="")

    assert "secret" not in repr(told)
    assert "http" not in repr(told)
    assert told.settings["model"] == settings.model
