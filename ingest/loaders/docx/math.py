"""Equations of a DOCX file in one line of text, as people type them."""

from __future__ import annotations

from lxml import etree

from ingest.loaders.docx.styles import W, own_text

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

_GOES_ON = "([{√∫∑∏^_"  # signs that would take the denominator if a fraction ended before them


class _Equation:
    """One equation; ``texts`` has the texts of its elements, inner ones first."""

    def __init__(self) -> None:
        self.texts: dict[etree._Element, str] = {}

    def write(self, element: etree._Element) -> str:
        """Return an element's text, from the texts of those inside it."""
        tag = str(element.tag)
        if tag in (f"{M}t", f"{W}t"):
            return own_text(element)
        if tag in (f"{W}del", f"{W}moveFrom"):
            return ""
        form = _FORMS.get(tag.removeprefix(M))
        return self._inside(element) if form is None else form(self, element)

    def fraction(self, element: etree._Element) -> str:
        above, below = self._part(element, "num"), self._part(element, "den")
        if _property(element, "type", "bar") == "noBar":
            return f"{above}; {below}"  # one above the other, as in binomials
        return f"{_grouped(above)}/{_grouped(below)}"

    def scripted(self, element: etree._Element) -> str:
        base = self._part(element, "e")
        alone = element.find(f"{M}e/{M}f") is not None
        return (f"({base})" if alone else base) + self._scripts(element)

    def scripted_before(self, element: etree._Element) -> str:
        return self._scripts(element) + self._part(element, "e")

    def root(self, element: etree._Element) -> str:
        return f"{self._part(element, 'deg')}√({self._part(element, 'e')})"

    def function(self, element: etree._Element) -> str:
        return f"{self._part(element, 'fName')} {self._part(element, 'e')}"

    def sum(self, element: etree._Element) -> str:
        sign = _property(element, "chr", "∫")
        return f"{sign}{self._scripts(element)} {self._part(element, 'e')}"

    def delimited(self, element: etree._Element) -> str:
        between = _property(element, "sepChr", "|").join(self._all(element, "e"))
        return _property(element, "begChr", "(") + between + _property(element, "endChr", ")")

    def matrix(self, element: etree._Element) -> str:
        rows = (", ".join(self._all(row, "e")) for row in element.findall(f"{M}mr"))
        return "[" + "; ".join(rows) + "]"

    def lines(self, element: etree._Element) -> str:
        return "; ".join(self._all(element, "e"))

    def _inside(self, element: etree._Element) -> str:
        """Return the inner text; a fraction beside letters or numbers gets brackets."""
        children = [(str(child.tag), self.texts.get(child, "")) for child in element]
        shown = [(tag, text) for tag, text in children if text]
        parts: list[str] = []
        for at, (tag, text) in enumerate(shown):
            before = shown[at - 1][1][-1] if at else ""
            after = shown[at + 1][1][0] if at + 1 < len(shown) else ""
            taken = before.isalnum() and not text.startswith("(")  # 3 1/2 is no 31/2
            beside = taken or after.isalnum() or after in tuple(_GOES_ON)
            parts.append(f"({text})" if tag == f"{M}f" and beside else text)
        return "".join(parts)

    def _part(self, element: etree._Element, which: str) -> str:
        found = element.find(f"{M}{which}")
        return "" if found is None else self._inside(found)

    def _all(self, element: etree._Element, which: str) -> list[str]:
        return [self._inside(each) for each in element.findall(f"{M}{which}")]

    def _scripts(self, element: etree._Element) -> str:
        limit = {f"{M}limLow": "sub", f"{M}limUpp": "sup"}.get(str(element.tag))
        parts = {which: self._part(element, which) for which in ("sub", "sup")}
        if limit is not None:
            parts[limit] = parts[limit] or self._part(element, "lim")
        below, above = parts["sub"], parts["sup"]
        return (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")


def equation(element: etree._Element) -> str:
    """Return an equation (``m:oMath`` or a part of one): ``(a+b)/2``, ``x^2``, ``a_n``.

    Elements without a special form keep their order.
    """
    reader = _Equation()
    # An element precedes those inside it: in reverse order, inner texts are always ready.
    for each in reversed(list(element.iter("*"))):
        reader.texts[each] = reader.write(each)
    return reader.texts[element]


def _grouped(text: str) -> str:
    return text if text.isalnum() or len(text) <= 1 else f"({text})"


def _property(element: etree._Element, which: str, default: str) -> str:
    """Return a sign that is drawn; an empty value means that none is."""
    found = element.find(f"{M}{str(element.tag).removeprefix(M)}Pr/{M}{which}")
    return default if found is None else found.get(f"{M}val") or ""


_FORMS = {
    "f": _Equation.fraction,
    "sSub": _Equation.scripted,
    "sSup": _Equation.scripted,
    "sSubSup": _Equation.scripted,
    "limLow": _Equation.scripted,
    "limUpp": _Equation.scripted,
    "sPre": _Equation.scripted_before,
    "rad": _Equation.root,
    "func": _Equation.function,
    "nary": _Equation.sum,
    "d": _Equation.delimited,
    "m": _Equation.matrix,
    "eqArr": _Equation.lines,
}
