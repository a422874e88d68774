"""One setting of kb.toml is changed; everything else stays as a person wrote it."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

import pytest

from kb import config_file
from kb.config_file import write_settings
from kb.errors import SettingsError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kb.toml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'model = "模型.gguf"\n'),
        ("# mine\ntop_k = 5", '# mine\ntop_k = 5\nmodel = "模型.gguf"\n'),
        (
            'top_k = 5 # few\nmodel = "old" # the small one\n\nocr = false\n',
            'top_k = 5 # few\nmodel = "模型.gguf" # the small one\n\nocr = false\n',
        ),
        ("model='a#b'\n", 'model="模型.gguf"\n'),
        ('# model = "old"\n', '# model = "old"\nmodel = "模型.gguf"\n'),
        (
            'top_k = 5\n\n[later]\nmodel = "other"\n',
            'top_k = 5\nmodel = "模型.gguf"\n\n[later]\nmodel = "other"\n',
        ),
    ],
)
def test_other_lines_and_comments_stay(path: Path, before: str, after: str) -> None:
    path.write_text(before, "utf-8")
    write_settings(path, {"model": "模型.gguf"})
    assert path.read_text("utf-8") == after


@pytest.mark.parametrize("value", ['C:\\models\\a "b".gguf', "😀", "a'b"])
def test_any_text_can_be_a_value(path: Path, value: str) -> None:
    write_settings(path, {"model": value, "collection": "资料"})
    assert tomllib.loads(path.read_text("utf-8")) == {"model": value, "collection": "资料"}


def test_numbers_and_truth_values_are_written_as_such(path: Path) -> None:
    path.write_text("top_k = 5 # few\nocr = true\n")
    write_settings(path, {"top_k": 12, "ocr": False, "file_timeout_s": 1.5})
    assert path.read_text() == "top_k = 12 # few\nocr = false\nfile_timeout_s = 1.5\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("top_k = 5 # few\nocr = true\n", "ocr = true\n"),
        ("ocr = true\ntop_k = 5", "ocr = true\n"),
        ("ocr = true\n", "ocr = true\n"),
        ("# top_k = 4\ntop_k = 5\n\n[later]\ntop_k = 6\n", "# top_k = 4\n\n[later]\ntop_k = 6\n"),
    ],
)
def test_a_setting_is_taken_away_so_that_its_default_holds(
    path: Path, before: str, after: str
) -> None:
    path.write_text(before)
    write_settings(path, {"top_k": None})
    assert path.read_text() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('model = """\nold"""\ntop_k = 5\n', 'model = "new"\ntop_k = 5\n'),
        ("top_k = 5\nmodel = '''\n[old]\nmodel = 1'''\n", 'top_k = 5\nmodel = "new"\n'),
        ('"model" = "old" # mine\n', '"model" = "new" # mine\n'),
        ('  model   =   "old"\n', '  model   =   "new"\n'),
        ('model = [\n  "old", # a list\n]\n', 'model = "new"\n'),
        ('[later]\nmodel = "other"\n', 'model = "new"\n\n[later]\nmodel = "other"\n'),
        ("# top\n\n\n# last\ntop_k = 5\n", '# top\n\n\n# last\ntop_k = 5\nmodel = "new"\n'),
    ],
)
def test_a_setting_is_found_in_every_form_that_toml_has(
    path: Path, before: str, after: str
) -> None:
    path.write_text(before)
    write_settings(path, {"model": "new"})
    assert path.read_text() == after


@pytest.mark.parametrize("before", ["top_k = 5\r\n", 'model = "old"\r\ntop_k = 5\r\n'])
def test_lines_end_as_they_did(path: Path, before: str) -> None:
    path.write_bytes(before.encode())
    write_settings(path, {"model": "new"})
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n") == 2


def test_a_change_that_would_say_something_else_is_not_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("top_k = 5\n")
    monkeypatch.setattr(config_file, "_changed", lambda _text, _values: 'model = "new"\n')
    with pytest.raises(SettingsError, match='set model = "new" by hand'):
        write_settings(path, {"model": "new"})
    assert path.read_text() == "top_k = 5\n"


def test_a_link_goes_on_leading_to_the_same_file(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere.toml"
    kept.write_text("top_k = 5\n")
    path.symlink_to(kept)
    write_settings(path, {"top_k": 6})
    assert path.is_symlink()
    assert kept.read_text() == "top_k = 6\n"


def test_a_file_that_is_no_toml_is_left_alone(path: Path) -> None:
    path.write_text("model = ")
    with pytest.raises(SettingsError, match=r"kb\.toml cannot be read"):
        write_settings(path, {"model": "new"})
    assert path.read_text() == "model = "


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o644, 0o600), (0o400, 0o400)])
def test_with_a_password_hash_only_the_owner_may_read_the_file(
    path: Path, before: int | None, after: int
) -> None:
    if before is not None:
        path.write_text("top_k = 5\n", "utf-8")
        path.chmod(before)
    write_settings(path, {"ui_password_hash": "$argon2id$x"})
    assert mode(path) == after
    write_settings(path, {"top_k": 6})
    assert mode(path) == after


@pytest.mark.parametrize(("before", "after"), [(None, 0o644), (0o640, 0o640), (0o600, 0o600)])
def test_without_a_password_hash_the_mode_stays(path: Path, before: int | None, after: int) -> None:
    if before is not None:
        path.write_text("", "utf-8")
        path.chmod(before)
    write_settings(path, {"top_k": 6})
    assert mode(path) == after


def test_a_hash_that_others_can_read_is_made_private_by_the_next_change(path: Path) -> None:
    path.write_text('ui_password_hash = "$argon2id$x"\n', "utf-8")
    path.chmod(0o644)
    write_settings(path, {"top_k": 6})
    assert mode(path) == 0o600


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_the_file_keeps_its_owner_and_group(path: Path) -> None:
    path.write_text("top_k = 5\n", "utf-8")
    os.chown(path, 1234, 4321)
    write_settings(path, {"ui_password_hash": "$argon2id$x"})
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)
    assert mode(path) == 0o600
