"""Finds the document that an address means.

An address is the short id of a document or passage (:mod:`kb.records.short_ids`), a document's
number, its path (whole, or below the ingested folder), the end of its path, or its name with or
without extension. ``:FROM`` or ``:FROM:COUNT`` behind any of these selects lines. The most exact
match wins, so that no file hides another one whose full path is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kb.catalog.addresses import Named
from kb.catalog.state import State
from kb.errors import DocumentNotFoundError
from kb.metadata import folded
from kb.reading.nearest import nearest
from kb.records import CollectionInfo, Source
from kb.records.short_ids import ShortId, document_id, lacking, short_id
from kb.text import in_message, in_quotes
from kb.words.file_names import holding_all
from kb.words.terms import terms

_LINES = re.compile(r"(.+?):(\d{1,18})(?::(\d{1,18}))?", re.ASCII | re.DOTALL)
_TOLD_OTHERWISE = re.compile(r"[^\S ]|[\"<＜﹤]|\s\s|[\x00-\x1f\x7f-\x9f]")
_ANGLE = re.compile("[<＜﹤‹]")
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_MOST_CANDIDATES = 8
_MOST_COMPARED = 20_000  # documents; takes 0.4 s of a processor
# One or two of eleven letters differ; any two ids share half of their letters.
_ID_LEAST_LIKE = 0.8
_Which: TypeAlias = Literal["ids", "names", "both"]
_MOST_SHOWN = 200  # characters of a name in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A document, and the place in it that an address names.

    Attributes:
        document_id: the document's number.
        short_id: the address, if it is a short id; it names a passage or a stretch of text.
        line: the first line, if the address gives one.
        count: the number of lines, if the address gives it.
    """

    document_id: int
    short_id: ShortId | None = None
    line: int | None = None
    count: int | None = None


Tiers = Sequence[Sequence[CollectionInfo]]
"""Lists of collections to search in turn; a later list counts only if the earlier had no match."""


def find(state: State, tiers: Tiers, address: str) -> Found:
    """Find the document that an address means.

    Args:
        state: a state of the catalog.
        tiers: the collections to look in.
        address: an address as in the module's description.

    Raises:
        DocumentNotFoundError: the address matches no document, or several.
    """
    # No path contains a lone surrogate, and SQLite accepts none.
    wanted = address.strip().encode("utf-8", "replace").decode("utf-8")
    looking = _Looking(state, tiers)
    if wanted and (whole := looking.by(wanted, state.named_by_path)):
        return Found(document_id=whole)
    name, *numbers = wanted.rsplit(":", 1)
    # A path may end like a range of lines.
    if not (numbers and _NUMBER.fullmatch(numbers[0]) and looking.by(name, state.named_by_path)):
        lines = _LINES.fullmatch(wanted)
        name, *numbers = lines.groups("") if lines else [wanted]
    found = looking.document(name) if name else None
    if found is None:
        raise looking.nothing(name)
    line, count = (int(each) if each else None for each in (*numbers, "", "")[:2])
    return Found(document_id=found, short_id=looking.used, line=line, count=count)


class _Looking:
    """One search for an address in some collections; ``used`` is the short id it matched."""

    def __init__(self, state: State, tiers: Tiers) -> None:
        self._state = state
        self._names = {each.id: each.name for tier in tiers for each in tier}
        self._tiers = [[each.id for each in tier] for tier in tiers if tier]
        self._listed: list[list[Named]] | None = None
        self.used: ShortId | None = None

    def document(self, name: str) -> int | None:
        """Return the number of the document that a name means; None without a match."""
        if found := self.by(name, self._state.named_by_path):
            return found
        if _NUMBER.fullmatch(name) and (found := self.by(int(name), self._state.named_by_number)):
            return found
        given = short_id(name)
        if given is not None and (found := self._by_short_id(name, given)):
            self.used = given
            return found
        return self.by(name, self._state.named_by_path_end) or self._loosely(name)

    def by(self, name: object, look: Callable[..., list[Named]]) -> int | None:
        """Return the one document that a look-up finds; None if it finds none.

        Raises:
            DocumentNotFoundError: it finds several.
        """
        return self._one(str(name), (look(tier, name) for tier in self._tiers))

    def _by_short_id(self, name: str, given: ShortId) -> int | None:
        found = [
            self._state.named_by_content(tier, given.media_type, given.digits)
            for tier in self._tiers
        ]
        contents = {each.content_hash for tier in found for each in tier}
        if len(contents) > 1:
            raise self._several(name, [each for tier in found for each in tier], digits=True)
        return next((tier[0].document_id for tier in found if tier), None)

    def _loosely(self, name: str) -> int | None:
        """Look for a name without its extension, for a title, or for either in another case."""
        wanted = folded(name)
        # The index of names comes first: scanning all of 100,000 takes half a second.
        words = holding_all(list(terms(_name(wanted))))
        likely = [self._state.named_with_words(tier, words) for tier in self._tiers if words]
        for matches in (_ends, _stem_is):
            if found := self._matching(name, matches, wanted, likely):
                return found
        for matches in (_ends, _stem_is, _title_is, _is_told_as):
            if found := self._matching(name, matches, wanted, self._all()):
                return found
        return None

    def _matching(
        self,
        name: str,
        matches: Callable[[Named, str], bool],
        wanted: str,
        tiers: Sequence[Sequence[Named]],
    ) -> int | None:
        return self._one(name, ([each for each in tier if matches(each, wanted)] for tier in tiers))

    def _all(self) -> list[list[Named]]:
        """Return all documents under each of their paths, by tier."""
        if self._listed is None:
            self._listed = [self._state.all_named(tier) for tier in self._tiers]
        return self._listed

    def _one(self, name: str, tiers: Iterator[list[Named]]) -> int | None:
        for tier in tiers:
            # Several places with the same content are one answer: their text is the same.
            if len({(each.media_type, each.content_hash) for each in tier}) > 1:
                raise self._several(name, tier)
            if tier:
                return tier[0].document_id
        return None

    def nothing(self, name: str) -> DocumentNotFoundError:
        """Return the error for a name without a match, with the most similar names."""
        every = [each for tier in self._all() for each in tier]
        called = f"no document is called {name[:_MOST_SHOWN]!r}"
        given, lacks = short_id(name), lacking(name)
        if given is not None:
            called = f"no document has the id {name[:_MOST_SHOWN]!r} — other content has another id"
        compared = every[:_MOST_COMPARED]
        if given is not None:
            document = name.partition(".")[0]
            near = nearest(document, _candidates(compared, "ids"), least=_ID_LEAST_LIKE)
        else:
            which: _Which = "both" if lacks else "names"
            near = nearest(name[:_MOST_SHOWN], _candidates(compared, which))
        if why := self._unreadable(name):
            msg = f"{called}: {why}"
        elif _holds(every, name):
            pattern = f"{name.rstrip('/')}/*"[:_MOST_SHOWN]
            msg = f"{called}: it is a folder; give a path in it, or list it: kb get '{pattern}'"
        elif near:
            also = f" ({lacks})" if lacks else ""
            msg = f"{called}; did you mean {' or '.join(near)}?{also}"
        elif lacks:
            msg = f"{called}; {lacks}"
        elif every:
            msg = f"{called}; search for it, or list the documents"
        else:
            msg = f"{called}; there are no documents here yet"
        return DocumentNotFoundError(msg, nearest=near)

    def _unreadable(self, name: str) -> str:
        """Return why a matching file could not be read, if there is such a file."""
        wanted = folded(name)
        for tier in self._tiers:
            for collection_id in tier:
                for file in self._state.failed_files(collection_id):
                    if folded(file.source.whole).endswith(f"/{wanted.lstrip('/')}"):
                        return f"{in_message(str(file.source))} could not be read: {file.reason}"
        return ""

    def _several(
        self, name: str, found: Sequence[Named], *, digits: bool = False
    ) -> DocumentNotFoundError:
        """Return the error for a name that matches several documents."""
        first = {each.document_id: each for each in reversed(found)}
        length = _telling_apart([each.content_hash for each in first.values()])
        listed = []
        for each in list(reversed(first.values()))[:_MOST_CANDIDATES]:
            own = document_id(each.media_type, each.content_hash)
            own = own[:1] + each.content_hash[: max(len(own) - 1, length)]
            listed.append(f"{own} {_shown(each)} ({self._names[each.collection_id]})")
        left = len(first) - len(listed)
        more = f", and {left:,} more" if left > 0 else ""
        what = "have ids that begin with" if digits else "are called"
        msg = (
            f"{len(first)} documents {what} {name[:_MOST_SHOWN]!r}; give the id of one: "
            f"{', '.join(listed)}{more}"
        )
        return DocumentNotFoundError(msg, nearest=[each.split(" ", 1)[0] for each in listed])


def _candidates(every: Sequence[Named], which: _Which) -> Iterator[tuple[str, str]]:
    for each in every:
        own = document_id(each.media_type, each.content_hash)
        called = f"{own} ({_shown(each)})"
        if which != "names":
            yield own, called
        if which == "ids":
            continue
        for like in dict.fromkeys((each.path, _name(each.path), _stem(each.path), each.title)):
            if like:
                yield like, called


def _holds(every: Sequence[Named], name: str) -> bool:
    """Return whether a name is that of a folder with documents."""
    part = f"/{folded(name).strip('/')}/"
    return part != "//" and any(part in folded(f"/{each.root}/{each.path}") for each in every)


def _source(each: Named) -> Source:
    return Source(root=each.root, path=each.path)


def _shown(each: Named) -> str:
    return in_message(str(_source(each)) if each.path else each.title)


def _ends(each: Named, wanted: str) -> bool:
    return folded(_source(each).whole).endswith(f"/{wanted.lstrip('/')}")


def _stem_is(each: Named, wanted: str) -> bool:
    return folded(_stem(each.path)) == wanted


def _is_told_as(each: Named, wanted: str) -> bool:
    """Return whether a name is a path's display form: without quotes, line ends, angle brackets."""
    if not _TOLD_OTHERWISE.search(each.path):
        return False
    return _told(folded(each.path)) == _told(wanted)


def _told(name: str) -> str:
    return _ANGLE.sub("<", in_quotes(name))


def _title_is(each: Named, wanted: str) -> bool:
    return bool(each.title) and folded(each.title) == wanted


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _stem(path: str) -> str:
    name = _name(path)
    return name.rsplit(".", 1)[0] or name


def _telling_apart(hashes: Sequence[str]) -> int:
    """Return the number of digits that tell different hashes apart."""
    different = set(hashes)
    length = 1
    while len({each[:length] for each in different}) < len(different):
        length += 1
    return length
