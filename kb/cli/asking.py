"""``kb ask``: an answer with citations; without a chat model the best passages."""

from __future__ import annotations

import sys
from typing import Annotated, Self

import typer

from kb import wire
from kb.answering.answer import Answer, AnswerStream
from kb.answering.markdown import as_markdown
from kb.chat.base import FILTERED
from kb.chat.opening import HOW_TO_ADD
from kb.cli import presentation
from kb.cli.common import JsonOption, opened, print_json, stdout
from kb.records import SearchMode
from kb.search.filters import filter_from_text
from kb.text import one_line

_WITHOUT_MODEL = 3  # passages shown in place of an answer
_MOST_TIMES = 8  # continuations of an answer: a model may never end
_CUT = (
    "The answer was cut short: the model reached its limit of tokens. `kb ask --whole` "
    "continues the answer, KB_CHAT_ANSWER_TOKENS raises the limit."
)
_FILTERED = (
    "The answer was cut short by the chat server's filter and cannot be continued. Ask in other "
    "words, or take another model."
)
_TAKEN_BACK = "(That was the model thinking. The answer:)"


def ask(  # noqa: PLR0917 - typer reads options from parameters
    question: Annotated[str, typer.Argument(help="A question, in any language.")],
    top_k: Annotated[
        int | None,
        typer.Option("--top-k", "-k", min=1, max=100, help="Number of passages to use at most."),
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option("--collection", "-c", help="Collection to answer from; repeatable."),
    ] = None,
    mode: Annotated[
        SearchMode | None, typer.Option("--mode", "-m", help="How to find the passages.")
    ] = None,
    path: Annotated[str, typer.Option("--path", help="Only files that match this glob.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only with this tag.")] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a Markdown document with the passages.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Continue an answer that was cut short until it is complete."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from the documents, with the passages that support the answer."""
    with opened(top_k=top_k) as base:
        where = filter_from_text(path=path, tags=tag or ())
        if not base.settings.chat_model:
            hits = base.search(question, collection=collection or None, mode=mode, where=where)
            if as_json:
                print_json({"answer": None, "sources": [wire.hit_json(hit) for hit in hits]})
            else:
                best = hits if top_k else hits[:_WITHOUT_MODEL]
                presentation.print_hits(question, best, stdout())
                stdout().print(
                    f"These are the best passages. For an answer {HOW_TO_ADD}.", markup=False
                )
            return
        stream = base.ask(question, collection=collection or None, mode=mode, where=where)
        shown = AnswerOutput(live=sys.stdout.isatty(), muted=as_json or markdown)
        with shown:
            shown.take(stream)
            for _ in range(_MOST_TIMES if whole else 0):
                if not stream.so_far.can_go_on:
                    break
                stream = base.continue_answer(stream.so_far)
                shown.take(stream)
        if as_json:
            print_json(wire.answer_json(stream.so_far))
        elif markdown:
            several = len(collection or ()) > 1
            sys.stdout.write(as_markdown(stream.so_far, collections=several))
        else:
            _print_sources(stream.so_far)
            if remark := _on_its_end(stream.so_far):
                stdout().print(f"\n{remark}", style="yellow", markup=False)


class AnswerOutput:
    """Writes an answer to standard output, and always ends its line.

    Args:
        live: write the words as they come, as on a terminal. The model's thinking then stays
            visible, with a remark. Otherwise write the answer at its end, without the thinking.
        muted: write nothing.
    """

    def __init__(self, *, live: bool, muted: bool = False) -> None:
        self._live = live and not muted
        self._muted = muted
        self._text = ""
        self._written = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if not self._live and not self._muted:
            self._write(self._text)
        # An error begins on a line of its own.
        if not self._muted and not self._written.endswith("\n") and (self._written or not kind):
            self._write("\n")

    def take(self, stream: AnswerStream) -> None:
        """Write an answer, or its continuation."""
        taken_back = 0
        try:
            for piece in stream:
                if stream.taken_back == taken_back:
                    self._show(piece)
                    continue
                taken_back = stream.taken_back
                if self._written:
                    self._show(f"\n\n{_TAKEN_BACK}\n\n")
        finally:
            # A failed continuation may be shorter than the answer before: it begins at a whole
            # word.
            self._text = max(stream.so_far.text, self._text, key=len)

    def _show(self, text: str) -> None:
        if self._live and text:
            self._write(text)

    def _write(self, text: str) -> None:
        self._written = text[-1:] or self._written
        sys.stdout.write(printable(text))
        sys.stdout.flush()


def printable(text: str) -> str:
    """Return a model's words without terminal controls (escape sequences, bells)."""
    return "".join(
        character
        for character in text
        if character in "\n\t" or character.isprintable() or character.isspace()
    )


def _on_its_end(answer: Answer) -> str:
    """Return a remark on an answer that may be incomplete; empty for a complete one."""
    if answer.ended == FILTERED:
        return _FILTERED
    if answer.ended:
        return f'The answer may not be whole: the chat server ended it with "{answer.ended}".'
    return _CUT if answer.cut else ""


def _print_sources(answer: Answer) -> None:
    console = stdout()
    if answer.sources and not answer.cited:
        console.print(
            "\nThe answer names no passage: check it against these.", style="yellow", markup=False
        )
    for number in answer.shown:
        hit = answer.sources[number - 1]
        place = f", {hit.place}" if hit.place else ""
        source = f"{one_line(hit.source + place)}  {hit.short_id}"
        console.print(f"\n[{number}] {source}", style="cyan", markup=False)
        console.print(presentation.indented(presentation.snippet(hit)))
