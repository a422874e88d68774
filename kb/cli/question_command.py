"""The command class for questions: a word with a minus may be a part of the question."""

from __future__ import annotations

import re
import shlex
from typing import Any

from typer.core import TyperCommand
from typer.exceptions import TyperException

# One minus and a word, longer than a one-letter option; quoted, it may be a whole question.
_LEFT_OUT = re.compile(r"-[^\W\d_][^-=].*", re.DOTALL)
_MOST_CHARACTERS = 60


class QuestionCommand(TyperCommand):
    """Explains how to write ``-word``, which excludes passages, if it was read as an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own class, which it does not name
        """Parse the command line.

        Raises:
            TyperException: it is wrong; the message shows how to write a word after a minus.
        """
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            options = given[: given.index("--")] if "--" in given else given
            if any(map(_LEFT_OUT.fullmatch, options)):
                error.message = " ".join(filter(None, [_ended(error.message), _hint(given)]))
            raise


def _ended(message: str | None) -> str:
    return f"{message.rstrip('.')}." if message else ""


def _hint(given: list[str]) -> str:
    question = " ".join(given)
    if any(each.startswith("--") for each in given) or len(question) > _MOST_CHARACTERS:
        question = "QUESTION -word"
    return (
        "Is the minus a part of the question, to leave a word out? Write the question in quotes "
        f"behind two hyphens: -- {shlex.quote(question)}"
    )
