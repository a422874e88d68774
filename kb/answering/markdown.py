"""An answer as a Markdown document, with its cited passages."""

from __future__ import annotations

import re

from kb.answering.answer import Answer
from kb.chat.base import FILTERED
from kb.records import with_header

# The start of markup inside a line, or of a heading, list or quotation at its start.
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~!])")


def as_markdown(answer: Answer) -> str:
    """Return a question, its answer, and the cited passages with their sources, quoted.

    Document text and file names stay text: nothing in them becomes a link, a picture or markup.
    """
    lines = [f"## {_text(answer.question)}", "", answer.text]
    if answer.ended == FILTERED:
        lines += ["", "(The answer was cut short by the chat server's filter.)"]
    elif answer.ended:
        why = f'the chat server ended it with "{_text(answer.ended)}"'
        lines += ["", f"(The answer may not be whole: {why}.)"]
    elif answer.cut:
        lines += ["", "(The answer was cut short.)"]
    if answer.cited:
        lines += ["", "### Sources", ""]
    for number in answer.cited:
        hit = answer.sources[number - 1]
        place = f", {hit.place}" if hit.place else ""
        lines_quoted = with_header(hit.header, hit.text.strip()).splitlines()
        quoted = "\n".join(f"> {_text(line)}" for line in lines_quoted)
        lines += [f"\\[{number}\\] {_text(hit.source + place)}", "", quoted, ""]
    return "\n".join(lines).rstrip() + "\n"


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
