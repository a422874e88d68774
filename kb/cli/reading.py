"""``kb get``: prints the text of an id, a path, or all files that match a pattern."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from kb import wire
from kb.catalog.filters import SearchFilter
from kb.cli.common import EXIT_FAILED, JsonOption, opened, print_json
from kb.errors import DocumentNotFoundError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.reading.nearest import nearest
from kb.reading.reading import MOST_CONTEXT
from kb.records import DocumentInfo, Reading
from kb.text import one_line

_LIMIT = 20_000
_LEAST_SHOWN = 200  # characters of room that a further document needs
_MOST_NAMED = 10
_PATTERN = re.compile(r"[*?\[]")
_LINES = re.compile(r"(.+?)((?::\d{1,18}){1,2})", re.ASCII | re.DOTALL)


def get(  # noqa: PLR0917 - typer reads options from parameters
    which: Annotated[
        list[str],
        typer.Argument(
            metavar="ID|PATH[:FROM[:COUNT]]",
            help="The short id of a hit or document (its beginning is enough), a path, the "
            "end of a path, a name, or a pattern of paths (*, ?, \\[a]); lines after "
            "a colon.",
        ),
    ],
    pages: Annotated[
        str, typer.Option("--pages", help="These pages: 3, 3-7, 3- or -7, or one by its label.")
    ] = "",
    lines: Annotated[str, typer.Option("--lines", help="These lines, counted from 1.")] = "",
    characters: Annotated[
        str, typer.Option("--chars", help="These characters, from 0: 0-500 are the first 500.")
    ] = "",
    context: Annotated[
        int,
        typer.Option(min=0, max=MOST_CONTEXT, help="Passages shown before and after the passage."),
    ] = 0,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help=f"Most characters to print; {_LIMIT:,} by default."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print all of it.")] = False,
    collection: Annotated[
        list[str] | None,
        typer.Option(
            "--collection",
            "-c",
            help="Collection to look in; repeatable. All by default.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a passage, a document or a part of one, as it was read.

    The text goes to standard output. Its place, and how to read on, go to standard error.

    Several documents each begin with a line that names them.
    """
    with opened() as base:
        if everything and limit is not None:
            msg = "--all prints everything and --limit so much; leave one of them out"
            raise SettingsError(msg)
        most = None if everything else limit or _LIMIT
        taking = _Taking(base, collection, pages, lines, characters, context)
        addresses = [each for address in which for each in taking.addresses(address)]
        if [each.text for each in addresses] == which and len(which) == 1:
            _show_one(taking.reading(addresses[0], most), as_json=as_json)
            return
        shown = taking.readings(addresses, most)
        if as_json:
            print_json(_json(shown))
        else:
            _print_each(shown)
        if shown.failed:
            raise typer.Exit(EXIT_FAILED)


@dataclass(frozen=True, slots=True)
class _Address:
    """An address to read, and its collections; None for all."""

    text: str
    collections: Sequence[str] | None


@dataclass(slots=True, kw_only=True)
class _Shown:
    """The readings, the ids of those without room, and the failures."""

    readings: list[Reading] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Taking:
    """Reads as the options say."""

    base: KnowledgeBase
    collections: Sequence[str] | None
    pages: str
    lines: str
    characters: str
    context: int

    def addresses(self, typed: str) -> list[_Address]:
        """Return the addresses of an argument: itself, or the ids of the documents that match it.

        Raises:
            DocumentNotFoundError: nothing matches it.
        """
        if not _PATTERN.search(typed) or self._is_document(typed):
            return [_Address(typed, self.collections)]
        own = self.base.settings.collection
        every = [each.name for each in self.base.collections()]
        names = self.collections or sorted(every, key=lambda name: name != own)
        lines = _LINES.fullmatch(typed)
        patterns = [(typed, ""), (lines[1], lines[2])] if lines else [(typed, "")]
        for pattern, behind in patterns:
            if found := self._matching(pattern, names):
                return [_Address(info.short_id + behind, [info.collection]) for info in found]
        raise self._unmatched(typed, names)

    def reading(self, address: _Address, limit: int | None) -> Reading:
        """Return the reading of an address."""
        return self.base.read(
            address.text,
            pages=self.pages,
            lines=self.lines,
            characters=self.characters,
            context=self.context,
            limit=limit,
            collection=address.collections,
        )

    def readings(self, addresses: Sequence[_Address], limit: int | None) -> _Shown:
        """Return the readings of some addresses, as far as there is room."""
        shown = _Shown()
        left = limit
        for address in addresses:
            if shown.readings and left is not None and left < _LEAST_SHOWN:
                shown.left.append(address.text)
                continue
            try:
                reading = self.reading(address, left)
            except (DocumentNotFoundError, SettingsError) as error:
                shown.failed[address.text] = str(error)
                continue
            shown.readings.append(reading)
            if left is not None:
                left -= len(_whole(reading))
        return shown

    def _matching(self, pattern: str, names: Sequence[str]) -> list[DocumentInfo]:
        """Return the documents that match a pattern, by path.

        If no collection is named and the settings' collection has none, search the others.
        """
        found: list[DocumentInfo] = []
        for name in names:
            found += self.base.documents(collection=name, where=SearchFilter(path=pattern))
            if found and not self.collections:
                break
        return sorted(found, key=_path)

    def _is_document(self, typed: str) -> bool:
        """Return whether a document has a pattern as its name: ``a[1].md``."""
        try:
            self.base.read(typed, limit=1, collection=self.collections)
        except (DocumentNotFoundError, SettingsError):
            return False
        return True

    def _unmatched(self, typed: str, names: Sequence[str]) -> DocumentNotFoundError:
        paths = {
            _path(info): None for name in names for info in self.base.documents(collection=name)
        }
        near = nearest(_PATTERN.sub("", typed), ((path, path) for path in paths))
        advice = f"did you mean {' or '.join(near)}?" if near else "`kb documents` lists them all"
        return DocumentNotFoundError(f"no document matches {typed!r}; {advice}", nearest=near)


def _path(info: DocumentInfo) -> str:
    return str(info.sources[0]) if info.sources else info.title


def _whole(reading: Reading) -> str:
    """Return a reading with its surrounding passages, and the header row of its table."""
    header = f"{reading.header}\n" if reading.header and not reading.before else ""
    return f"{header}{reading.before}{reading.text}{reading.after}"


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"


def _headline(reading: Reading) -> str:
    info = reading.document
    of = (
        f" of {reading.lines}"
        if reading.lines > reading.line_last or reading.line_first > 1
        else ""
    )
    return one_line(f"{reading.short_id}  {_path(info)}  {reading.place}{of}  ({info.collection})")


def _show_one(reading: Reading, *, as_json: bool) -> None:
    if as_json:
        print_json(wire.reading_json(reading))
        return
    sys.stdout.write(_ended(_whole(reading)))
    _hint(_headline(reading), "dim")
    _hint_more(reading)


def _print_each(shown: _Shown) -> None:
    for number, reading in enumerate(shown.readings):
        between = "\n" if number else ""
        sys.stdout.write(f"{between}==> {_headline(reading)} <==\n{_ended(_whole(reading))}")
        _hint_more(reading)
    if shown.left:
        named = " ".join(shown.left[:_MOST_NAMED])
        more = len(shown.left) - _MOST_NAMED
        rest = f" (and {more:,} more; --all prints everything)" if more > 0 else ""
        count = len(shown.left)
        documents = "1 document is" if count == 1 else f"{count:,} documents are"
        _hint(f"… {documents} not shown: kb get {named}{rest}", "yellow")
    for reason in shown.failed.values():
        _hint(f"error: {reason}", "red")


def _hint_more(reading: Reading) -> None:
    if reading.more:
        _hint(f"… more: kb get {reading.more}", "yellow")


def _json(shown: _Shown) -> dict[str, object]:
    """Return several readings as JSON values; ``left`` are ids of those without room."""
    failed = [{"address": each, "reason": why} for each, why in shown.failed.items()]
    return {
        "readings": [wire.reading_json(each) for each in shown.readings],
        "left": shown.left,
        "failed": failed,
    }


def _hint(text: str, style: str) -> None:
    sys.stdout.flush()
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(text, style=style))
