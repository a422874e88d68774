"""An answer as a Markdown document, with its passages."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from kb.answering.answer import Answer
from kb.chat.base import FILTERED
from kb.records import SearchHit, with_header

# The start of markup inside a line, or of a heading, list or quotation at its start.
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~!])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The document's own texts; English, unless a caller has others."""

    cut: str = "The answer was cut short."
    filtered: str = "The answer was cut short by the chat server's filter."
    ended: str = 'The answer may not be whole: the chat server ended it with "{reason}".'
    sources: str = "Sources"
    uncited: str = "This answer names no passage: check it against these."
    gone: str = "This passage is gone: its document was removed or has changed."
    page: str = "p. {page}"
    collection: str = "collection {name}"
    aside: str = "({remark})"
    comma: str = ", "


ENGLISH = Wording()


def as_markdown(
    answer: Answer,
    *,
    scope: str = "",
    missing: Collection[int] = (),
    collections: bool = False,
    wording: Wording = ENGLISH,
) -> str:
    """Return a question, its answer, and the answer's passages with their sources, quoted.

    An answer that cites nothing is followed by a warning and its first passages. Document text and
    file names stay text: nothing in them becomes a link, a picture or markup.

    Args:
        answer: the answer.
        scope: a line on what the question was asked of, to stand below it.
        missing: numbers of passages whose documents are gone.
        collections: name each passage's collection.
        wording: the document's own texts.
    """
    lines = [f"## {_text(answer.question)}", ""]
    if scope:
        lines += [_text(scope), ""]
    lines.append(answer.text)
    if remark := _on_its_end(answer, wording):
        lines += ["", wording.aside.format(remark=remark)]
    if answer.shown:
        uncited = answer.text and not answer.cited
        lines += ["", f"**{wording.uncited}**" if uncited else f"### {wording.sources}", ""]
    for number in answer.shown:
        hit = answer.sources[number - 1]
        origin = _origin(hit, wording, collections=collections)
        text = wording.gone if number in missing else with_header(hit.header, hit.text.strip())
        quoted = "\n".join(f"> {_text(line)}" for line in text.splitlines())
        lines += [f"\\[{number}\\] {_text(origin)}", "", quoted, ""]
    return "\n".join(lines).rstrip() + "\n"


def _on_its_end(answer: Answer, wording: Wording) -> str:
    if answer.ended == FILTERED:
        return wording.filtered
    if answer.ended:
        return wording.ended.format(reason=_text(answer.ended))
    return wording.cut if answer.cut else ""


def _origin(hit: SearchHit, wording: Wording, *, collections: bool) -> str:
    """Return a passage's file, title, place and collection, as far as each says something new."""
    place = hit.place if hit.page_first is None else wording.page.format(page=hit.pages)
    where = wording.collection.format(name=hit.collection) if collections else ""
    told = (hit.source, hit.unseen_title, place, where if hit.collection else "")
    return wording.comma.join(filter(None, told))


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
