"""Keys from the environment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb import Settings, SettingsError, keys
from kb.keys import key_from_environment
from kb.server.credentials import own_key


def test_the_first_key_that_is_set_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEY_ONE", raising=False)
    monkeypatch.setenv("KEY_TWO", " ")
    monkeypatch.setenv("KB_THREE", " sesame\n")
    assert key_from_environment("KEY_ONE", "KEY_TWO", "KB_THREE") == "sesame"
    assert key_from_environment("KEY_ONE", "KEY_TWO") == ""


def test_a_key_may_stand_in_a_file_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("sesame\n")
    monkeypatch.setenv("KEY_TWO_FILE", str(tmp_path / "secret"))
    assert key_from_environment("KEY_ONE", "KEY_TWO") == "sesame"
    monkeypatch.setenv("KEY_TWO", "nearer")
    assert key_from_environment("KEY_ONE", "KEY_TWO") == "nearer"


def test_the_servers_key_may_stand_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("kX3vQ9pL2mN7rT5w\n")
    monkeypatch.delenv("KB_SERVER_API_KEY", raising=False)
    monkeypatch.setenv("KB_SERVER_API_KEY_FILE", str(tmp_path / "secret"))
    assert own_key() == "kX3vQ9pL2mN7rT5w"


def test_a_file_that_cannot_be_read_is_named_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_ONE_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=r"KEY_ONE_FILE names .*none"):
        key_from_environment("KEY_ONE")


def test_the_hash_of_the_password_may_stand_in_a_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kb.toml").write_text('ui_password_hash = "of the file of settings"\n')
    (tmp_path / "secret").write_text("$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA\n")
    monkeypatch.setenv("KB_CONFIG", str(tmp_path / "kb.toml"))
    monkeypatch.delenv("KB_UI_PASSWORD_HASH", raising=False)
    monkeypatch.setenv("KB_UI_PASSWORD_HASH_FILE", str(tmp_path / "secret"))
    assert Settings.load().ui_password_hash == (tmp_path / "secret").read_text().strip()


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
