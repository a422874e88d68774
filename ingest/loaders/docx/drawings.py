"""The drawings of a paragraph: pictures, charts, and their authors' descriptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from lxml import etree

from ingest.loaders.docx.alternative import NEAR, alternative, links
from ingest.loaders.docx.package import Relations
from ingest.loaders.docx.styles import W
from ingest.loaders.links import address_after

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PICTURES = "{http://schemas.openxmlformats.org/drawingml/2006/picture}"
_BLIP = f"{_DRAWING}blip"
_VML_PICTURE = "{urn:schemas-microsoft-com:vml}imagedata"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a paragraph.

    ``relation`` names its file, "" for none. ``crop`` is the hidden part at its left, top, right
    and bottom, as shares of its size. A ``preview`` shows an embedded object.
    """

    relation: str
    crop: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    preview: bool = False


@dataclass(slots=True)
class Drawings:
    """The drawings of one paragraph.

    The keys of ``after`` are the texts after the paragraph: descriptions and addresses.
    ``graphics`` are the relationship ids of charts and diagrams.
    """

    after: dict[str, None] = field(default_factory=dict)
    graphics: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)

    def description(self, element: etree._Element, relations: Relations) -> str:
        """Return a drawing's alternative text and addresses, each text once."""
        text = alternative(element)
        for relation in links(element):
            shown = address_after(text, relations.outside.get(relation, ""))
            text = (text + shown).strip() if shown not in text else text
        if text in self._told:
            return ""
        self._told.add(text)
        return text

    def see(self, element: etree._Element) -> None:
        """Keep a picture for reading."""
        if element.tag == _BLIP:
            self.pictures.append(Picture(element.get(f"{_RELATION}embed") or "", _crop(element)))
        elif element.tag == f"{_PICTURES}pic":
            if element.find(f"{_PICTURES}blipFill/{_BLIP}") is None:
                self.pictures.append(Picture(""))
        elif element.tag == _VML_PICTURE:
            around = islice(element.iterancestors(), NEAR)
            preview = any(each.tag == f"{W}object" for each in around)
            self.pictures.append(Picture(element.get(f"{_RELATION}id") or "", preview=preview))


def _crop(blip: etree._Element) -> tuple[float, float, float, float]:
    fill = blip.getparent()
    cut = None if fill is None else fill.find(f"{_DRAWING}srcRect")
    if cut is None:
        return (0.0, 0.0, 0.0, 0.0)
    return (_share(cut, "l"), _share(cut, "t"), _share(cut, "r"), _share(cut, "b"))


def _share(cut: etree._Element, side: str) -> float:
    """Return the hidden share of a picture's size; negative shares add empty space."""
    text = cut.get(side) or "0"
    try:
        found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 100_000)
    except ValueError:
        return 0.0
    return min(max(found, 0.0), 1.0)
