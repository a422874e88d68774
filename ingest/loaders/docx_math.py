"""Equations of a DOCX file in one line of text, as people type them."""

from __future__ import annotations

from lxml import etree

from ingest.loaders.docx_styles import W, own_text

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def equation(element: etree._Element) -> str:
    """Return an equation (``m:oMath`` or a part of one): ``(a+b)/2``, ``x^2``, ``a_n``.

    What has no form of its own is written in the order in which it stands.
    """
    tag = str(element.tag)
    if tag in (f"{M}t", f"{W}t"):
        return own_text(element)
    if tag in (f"{W}del", f"{W}moveFrom"):
        return ""
    write = _FORMS.get(tag.removeprefix(M))
    return "".join(map(equation, element)) if write is None else write(element)


def _fraction(element: etree._Element) -> str:
    return f"{_grouped(_part(element, 'num'))}/{_grouped(_part(element, 'den'))}"


def _scripted(element: etree._Element) -> str:
    return _part(element, "e") + _scripts(element)


def _scripted_before(element: etree._Element) -> str:
    return _scripts(element) + _part(element, "e")


def _root(element: etree._Element) -> str:
    return f"{_part(element, 'deg')}√({_part(element, 'e')})"


def _function(element: etree._Element) -> str:
    return f"{_part(element, 'fName')} {_part(element, 'e')}"


def _sum(element: etree._Element) -> str:
    return f"{_property(element, 'chr', '∫')}{_scripts(element)} {_part(element, 'e')}"


def _delimited(element: etree._Element) -> str:
    between = _property(element, "sepChr", "|").join(_all(element, "e"))
    return _property(element, "begChr", "(") + between + _property(element, "endChr", ")")


def _matrix(element: etree._Element) -> str:
    rows = (", ".join(_all(row, "e")) for row in element.findall(f"{M}mr"))
    return "[" + "; ".join(rows) + "]"


def _lines(element: etree._Element) -> str:
    return "; ".join(_all(element, "e"))


def _part(element: etree._Element, which: str) -> str:
    found = element.find(f"{M}{which}")
    return "" if found is None else "".join(map(equation, found))


def _all(element: etree._Element, which: str) -> list[str]:
    return ["".join(map(equation, each)) for each in element.findall(f"{M}{which}")]


def _scripts(element: etree._Element) -> str:
    below = _part(element, "sub") or (_part(element, "lim") if element.tag == f"{M}limLow" else "")
    above = _part(element, "sup") or (_part(element, "lim") if element.tag == f"{M}limUpp" else "")
    return (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")


def _grouped(text: str) -> str:
    return text if text.isalnum() or len(text) <= 1 else f"({text})"


def _property(element: etree._Element, which: str, default: str) -> str:
    """Return a sign that is drawn; an empty value means that none is."""
    found = element.find(f"{M}{str(element.tag).removeprefix(M)}Pr/{M}{which}")
    return default if found is None else found.get(f"{M}val") or ""


_FORMS = {
    "f": _fraction,
    "sSub": _scripted,
    "sSup": _scripted,
    "sSubSup": _scripted,
    "limLow": _scripted,
    "limUpp": _scripted,
    "sPre": _scripted_before,
    "rad": _root,
    "func": _function,
    "nary": _sum,
    "d": _delimited,
    "m": _matrix,
    "eqArr": _lines,
}
