"""What files of one name are called when they come together."""

from __future__ import annotations

import itertools

import pytest

from ingest.sending.keeping import distinct


def test_different_names_stay_as_they_are() -> None:
    sent = [("a.txt", "1"), ("b.txt", "1"), ("A.txt", "2"), ("x/a.txt", "3")]
    assert distinct(sent, {}) == ["a.txt", "b.txt", "A.txt", "x/a.txt"]


def test_other_contents_of_one_name_are_numbered() -> None:
    sent = [("x/a.txt", "1"), ("x/a.txt", "2"), ("x/a.txt", "3")]
    assert distinct(sent, {}) == ["x/a.txt", "x/a (2).txt", "x/a (3).txt"]


def test_the_same_content_of_one_name_is_kept_once() -> None:
    assert distinct([("a.txt", "1"), ("a.txt", "1")], {}) == ["a.txt", None]


def test_a_number_is_never_that_of_another_file_or_document() -> None:
    sent = [("a.txt", "1"), ("a.txt", "2"), ("a (2).txt", "3")]
    assert distinct(sent, {"a (3).txt": "4"}) == ["a.txt", "a (4).txt", "a (2).txt"]


def test_one_file_with_other_content_replaces_the_document_of_its_name() -> None:
    assert distinct([("a.txt", "2")], {"a.txt": "1", "a (2).txt": "2"}) == ["a.txt"]


@pytest.mark.parametrize("order", list(itertools.permutations("123")))
def test_the_same_files_again_in_any_order_get_the_same_names(order: tuple[str, ...]) -> None:
    known = {"a.txt": "1", "a (2).txt": "2", "a (3).txt": "3"}
    names = distinct([("a.txt", content) for content in order], known)
    assert [known[str(name)] for name in names] == list(order)


def test_a_new_version_takes_the_name_and_its_fellow_keeps_its_number() -> None:
    known = {"a.txt": "1", "a (2).txt": "2"}
    assert distinct([("a.txt", "1 edited"), ("a.txt", "2")], known) == ["a.txt", "a (2).txt"]


def test_names_without_an_extension_and_with_dots_are_numbered_before_the_last_one() -> None:
    sent = [("b", "1"), ("b", "2"), ("a.tar.md", "1"), ("a.tar.md", "2")]
    assert distinct(sent, {}) == ["b", "b (2)", "a.tar.md", "a.tar (2).md"]
