"""The default model: repacked once, checked always."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from gguf_tensors import read_tensors
from read_only import read_only

from kb.errors import ModelError
from kb.models import bundled, carrier
from kb.models.e5s1 import read_weights


def test_the_gguf_holds_the_carriers_blocks_byte_for_byte(models_dir: Path) -> None:
    source = carrier.weights()
    assert source is not None
    weights = read_weights(source)
    tensors = read_tensors(models_dir / bundled.FILE_NAME)
    for source, target in (
        ("emb.word", "token_embd.weight"),
        ("l0.q.w", "blk.0.attn_q.weight"),
        ("l11.fo.w", "blk.11.ffn_down.weight"),
    ):
        assert np.array_equal(
            np.ravel(tensors[target]).view(np.uint8), np.asarray(weights.tensors[source])
        )


def test_an_intact_file_is_not_written_again(models_dir: Path) -> None:
    path = models_dir / bundled.FILE_NAME
    before = path.stat().st_mtime_ns
    assert bundled.ensure_bundled_model(models_dir) == path
    assert path.stat().st_mtime_ns == before


def test_a_damaged_file_is_written_again(tmp_path: Path) -> None:
    path = bundled.ensure_bundled_model(tmp_path)
    good = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(good) // 2)
        file.write(b"\xff" * 16)
    assert bundled.ensure_bundled_model(tmp_path).read_bytes() == good


def test_nothing_half_written_is_left_when_the_disk_refuses(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ModelError, match="cannot write the default model"):
        bundled.ensure_bundled_model(blocked)


def test_a_file_that_is_no_carrier_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(os.urandom(256))
    with pytest.raises(ModelError, match="does not hold E5S1 weights"):
        read_weights(path)
    path.write_bytes(b"E5S1" + bytes(60))
    with pytest.raises(ModelError, match=r"cut short|damaged"):
        read_weights(path)


def test_a_read_only_folder_that_has_the_model_is_used(models_dir: Path, tmp_path: Path) -> None:
    with read_only(models_dir, tmp_path / "mounted") as mounted:
        assert bundled.ensure_bundled_model(mounted) == mounted / bundled.FILE_NAME


def test_a_read_only_folder_without_the_model_leaves_it_to_the_folder_of_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "kb.models.bundled.platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache"
    )
    (tmp_path / "data").mkdir()
    with read_only(tmp_path / "data", tmp_path / "mounted") as mounted:
        path = bundled.ensure_bundled_model(mounted / "models")
        assert path.parent == tmp_path / "cache" / "models"
        before = path.stat().st_mtime_ns
        assert bundled.ensure_bundled_model(mounted / "models") == path
        assert path.stat().st_mtime_ns == before


def test_no_place_for_the_model_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    with read_only(tmp_path / "data", tmp_path / "mounted") as mounted:
        monkeypatch.setattr(
            "kb.models.bundled.platformdirs.user_cache_path", lambda *_, **__: mounted / "cache"
        )
        with pytest.raises(ModelError, match=r"mounted/cache/models.*set KB_DATA_DIR"):
            bundled.ensure_bundled_model(mounted / "models")
