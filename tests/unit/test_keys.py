"""Keys from the environment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb import SettingsError, keys
from kb.keys import key_from_environment


def test_the_first_key_that_is_set_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEY_ONE", raising=False)
    monkeypatch.setenv("KEY_TWO", " ")
    monkeypatch.setenv("KB_THREE", " sesame\n")
    assert key_from_environment("KEY_ONE", "KEY_TWO", "KB_THREE") == "sesame"
    assert key_from_environment("KEY_ONE", "KEY_TWO") == ""


@pytest.mark.parametrize("key", ["schlüssel", "密钥", "open sesame", "a\x1fb", "a\nb", "a\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_ONE", key)
    with pytest.raises(SettingsError, match="KEY_ONE holds characters") as refused:
        key_from_environment("KEY_ONE")
    assert key not in str(refused.value)


def test_no_other_module_reads_a_key_from_the_environment() -> None:
    root = Path(keys.__file__).parents[1]
    reading = re.compile(r"environ(?:\.get\(|\[)[^)\]]*(?:KEY|TOKEN)")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]
    assert [file for file in modules if reading.search(file.read_text("utf-8"))] == []
