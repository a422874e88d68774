"""Questions on the command line: a minus at the beginning, very long ones."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from kb.cli.app import app
from kb.cli.presentation import print_hits
from kb.errors import SettingsError
from kb.search.query import parse_question
from kb.text import shortened


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "400", "TERM": "dumb"})
    assert done.exit_code == 2
    return " ".join(done.stderr.strip(" \n─╰╯").replace("│", " ").split())


@pytest.mark.parametrize("command", ["search", "ask"])
@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        (["-word"], "-- -word"),
        (["-milk coffee"], "-- '-milk coffee'"),
        (["coffee", "-tea"], "-- 'coffee -tea'"),
        (["-coffee"], "-- -coffee"),
        (["-茶 咖啡"], "-- '-茶 咖啡'"),
        (["--json", "-word"], "-- 'QUESTION -word'"),
    ],
)
def test_a_word_to_leave_out_that_is_read_as_an_option_tells_how_to_write_it(
    command: str, arguments: list[str], question: str
) -> None:
    told = refused(command, *arguments)
    assert told.endswith(f"Write the question in quotes behind two hyphens: {question}")


@pytest.mark.parametrize("arguments", [["--colection", "x"], ["x", "-k", "ten"], []])
def test_other_mistakes_are_not_taken_for_words_to_leave_out(arguments: list[str]) -> None:
    assert "two hyphens" not in refused("search", *arguments)


def test_a_very_long_question_is_shown_by_its_beginning() -> None:
    shown = StringIO()
    print_hits("why does it leak? " * 500, [], Console(file=shown, soft_wrap=True))
    first = shown.getvalue().splitlines()[0]
    assert first.startswith("why does it leak? why")
    assert first.endswith(" …")
    assert len(first) <= 200


def test_a_question_of_many_words_to_leave_out_is_shown_by_its_beginning() -> None:
    with pytest.raises(SettingsError, match="only excludes passages") as refusal:
        parse_question("-word " * 1000)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("two\nlines\tand  more", "two lines and more"),
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 198 + " …"),
        (" " * 5000 + "x", " …"),
    ],
)
def test_what_is_shortened_stays_on_one_line(text: str, expected: str) -> None:
    assert shortened(text) == expected
