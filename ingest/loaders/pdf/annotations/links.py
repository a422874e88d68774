"""Links on a page to addresses outside the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote

from ingest.loaders.pdf.annotations.dictionaries import (
    Dictionary,
    Frame,
    each,
    entry,
    is_hidden,
    items,
    name,
    quads_of,
    string,
)
from ingest.loaders.pdf.page import Inset
from ingest.loaders.web_links import is_outward

_MOST_ACTIONS = 8
_MOST_QUADS = 200


def links_of(annotations: Sequence[Dictionary], frame: Frame) -> Iterator[Inset]:
    """Yield the links of a page that leave its document, an inset for each of their lines."""
    for annotation, address in each(annotations, _address):
        for _, boxes in each([annotation], lambda one: quads_of(one, frame)):
            for box in boxes[:_MOST_QUADS]:
                yield Inset("link", address, box)


def _address(annotation: Dictionary) -> str | None:
    """Return a link's target: an address, or another file; None inside its document."""
    if name(entry(annotation, "/Subtype")) != "Link" or is_hidden(annotation):
        return None
    action = entry(annotation, "/A")
    for _ in range(_MOST_ACTIONS):
        if not isinstance(action, dict):
            return None
        address = _leads_to(action)
        if address:
            return address
        following = entry(action, "/Next")
        action = next(items(following, 1), following)
    return None


def _leads_to(action: Dictionary) -> str:
    kind = name(entry(action, "/S"))
    if kind == "URI":
        address = "".join(string(entry(action, "/URI")).split())
        if address.lower().startswith("file:"):
            return unquote(_file(address[5:]))
        return address if is_outward(address) else ""
    if kind in ("GoToR", "Launch"):
        return _file(entry(action, "/F") or entry(entry(action, "/Win"), "/F"))
    return ""


def _file(specification: object) -> str:
    """Return the name of a file behind a link, without the folders of the author's machine."""
    for key in ("/UF", "/F", "/Unix", "/DOS"):
        path = string(entry(specification, key))
        if path:
            break
    else:
        path = string(specification)
    path = path.replace("\\", "/").rstrip("/").partition("#")[0]
    return PurePosixPath(path).name.strip()
