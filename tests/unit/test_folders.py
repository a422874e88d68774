"""What people say of folders: how it is kept, and of which files it is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from kb import SettingsError
from kb.folders import MOST_DESCRIPTION, MOST_FOLDERS, about, changed, clean_folder
from kb.records import CollectionInfo, Source


def collection(description: str, folders: Mapping[str, str]) -> CollectionInfo:
    return CollectionInfo(
        id="c",
        name="c",
        description=description,
        embedder="",
        dim=1,
        documents=0,
        chunks=0,
        folders=folders,
        created_at=datetime.now(UTC),
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("minutes/", "minutes"),
        ("./minutes//2025/", "minutes/2025"),
        ("/home/me/minutes/", "/home/me/minutes"),
        (" e\u0301te\u0301 ", "\u00e9t\u00e9"),
    ],
)
def test_a_folder_is_kept_in_one_way_of_writing(given: str, kept: str) -> None:
    assert clean_folder(given) == kept


@pytest.mark.parametrize("given", ["", "/", " ", ".", "../minutes", "a/../b", "a\nb", "x" * 1001])
def test_what_names_no_folder_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="names no folder"):
        clean_folder(given)


def test_a_blank_description_is_gone_and_others_stay() -> None:
    kept = changed({"a": "one", "b": "two"}, {"a/": "  ", "c": " three "})
    assert kept == {"b": "two", "c": "three"}


def test_descriptions_are_bounded() -> None:
    with pytest.raises(SettingsError, match="at most 10,000"):
        changed({}, {"a": "x" * (MOST_DESCRIPTION + 1)})
    with pytest.raises(SettingsError, match="at most 1,000"):
        changed({}, {str(number): "x" for number in range(MOST_FOLDERS + 1)})


@pytest.mark.parametrize(
    ("root", "path", "said"),
    [
        ("/home/me/docs", "minutes/2025/may.md", ("of 2025", "all minutes", "everything")),
        ("/home/me/minutes", "2025/may.md", ("of 2025", "all minutes", "everything")),
        ("/home/me/docs", "minutes/may.md", ("all minutes", "everything")),
        ("/home/me/docs", "minutes.md", ("everything",)),
        ("/home/me/docs", "old-minutes/may.md", ("everything",)),
        ("uploads", "minutes/may.md", ("all minutes", "everything")),
        ("/srv/plans", "a.md", ("the plans", "everything")),
        ("/srv/plans2", "a.md", ("everything",)),
        ("/other/srv/plans", "a.md", ("everything",)),
    ],
)
def test_a_file_is_told_of_its_folders_the_innermost_first(
    root: str, path: str, said: tuple[str, ...]
) -> None:
    folders = {"minutes": "all minutes", "minutes/2025": "of 2025", "/srv/plans": "the plans"}
    info = collection("everything", folders)
    assert about(info, [Source(root=root, path=path)]) == said


def test_what_is_said_twice_is_told_once() -> None:
    info = collection("same", {"a": "same", "b": "same"})
    sources = [Source(root="/r", path="a/x"), Source(root="/r", path="b/x")]
    assert about(info, sources) == ("same",)
