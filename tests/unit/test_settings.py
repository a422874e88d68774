"""Settings: arguments over environment over kb.toml over defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.errors import SettingsError
from kb.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KB_TOP_K", raising=False)
    return tmp_path


def test_each_source_outranks_the_next(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().top_k == 8
    (elsewhere / "kb.toml").write_text("top_k = 3\nchunk_size = 512\n")
    assert Settings.load().top_k == 3
    monkeypatch.setenv("KB_TOP_K", "4")
    assert Settings.load().top_k == 4
    assert Settings.load(top_k=5).top_k == 5
    assert Settings.load(top_k=None).chunk_size == 512


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("topk = 3", "topk"),
        ("top_k = 0", "top_k"),
        ("chunk_overlap = 900", "more than half of chunk_size"),
        ("top_k = ", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(elsewhere: Path, line: str, words: str) -> None:
    (elsewhere / "kb.toml").write_text(line)
    with pytest.raises(SettingsError, match=words):
        Settings.load()
