"""One setting of kb.toml is changed; everything else stays as a person wrote it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

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


def test_a_form_that_is_not_understood_is_left_alone(path: Path) -> None:
    before = 'model = """\nold"""\n'
    path.write_text(before)
    with pytest.raises(SettingsError, match='set model = "new" by hand'):
        write_settings(path, {"model": "new"})
    assert path.read_text() == before


def test_a_file_that_is_no_toml_is_left_alone(path: Path) -> None:
    path.write_text("model = ")
    with pytest.raises(SettingsError, match=r"kb\.toml cannot be read"):
        write_settings(path, {"model": "new"})
    assert path.read_text() == "model = "
