"""Shown addresses of Markdown and HTML: those that lead out of the site.

Pages of a site link to each other by paths that contain the other page's title. Shown in the text
they make each page match the others' subjects: nDCG@10 of keyword search on vuedocs-en fell from
.516 to .487. With only the outward addresses it was .521.
"""

from __future__ import annotations

import re

from ingest.loaders.links import address_after

MOST_PARTS = 200
"""Most pieces of a link's text to search for its address."""

_OUTWARD = re.compile(r"[a-z][a-z0-9+.-]*:|//|www\.", re.IGNORECASE)
_HELD_INSIDE = ("data:", "blob:", "cid:")


def link_address(text: str, address: str) -> str:
    """Return the suffix for a link's text, empty for none.

    >>> link_address("form", "https://example.org/queue")
    ' (https://example.org/queue)'
    >>> link_address("Forms", "../guide/forms.html#basics")
    ''
    """
    return address_after(text, address) if is_outward(address) else ""


def is_outward(address: str) -> bool:
    """Whether an address leads out of its site or document."""
    return _OUTWARD.match(address) is not None


def picture_name(text: str, address: str) -> str:
    """Return the suffix for a picture's text: the name of its file, if that is new.

    >>> picture_name("chart", "img/sales_2024_q3.png")
    ' (sales_2024_q3.png)'
    """
    name = _path(address).rpartition("/")[2]
    if address.lower().startswith(_HELD_INSIDE) or "." not in name:
        return ""
    return address_after(text, name)


def _path(address: str) -> str:
    return re.split(r"[?#]", address, maxsplit=1)[0]
