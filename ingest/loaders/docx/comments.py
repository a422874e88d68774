"""Comments of a Word document, each with its author's name and the replies to it."""

from __future__ import annotations

from lxml import etree

from ingest.loaders.docx.styles import W

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_W15 = "{http://schemas.microsoft.com/office/word/2012/wordml}"
_MOST_REPLIES = 1_000


def threads(
    comments: etree._Element | None, extended: etree._Element | None
) -> dict[str, etree._Element]:
    """Return all comments by id; those of one thread share one element, its first comment.

    The first paragraph of each begins with its author's name, the paragraphs of replies follow.
    """
    if comments is None:
        return {}
    found = {each.get(f"{W}id") or "": each for each in comments.iter(f"{W}comment")}
    answered = _answered(list(found.values()), extended)
    for comment in found.values():
        _name_author(comment)
    roots: dict[str, etree._Element] = {}
    for number, comment in found.items():
        root = _root(comment, answered)
        roots[number] = root
        if root is not comment:
            root.extend(list(comment))
    return roots


def _answered(
    comments: list[etree._Element], extended: etree._Element | None
) -> dict[etree._Element, etree._Element]:
    """Return the comment that each reply answers; the file links them by paragraph keys."""
    if extended is None:
        return {}
    owners = {
        key: comment
        for comment in comments
        for each in comment.iter(f"{W}p")
        if (key := each.get(f"{_W14}paraId"))
    }
    pairs = (
        (owners.get(each.get(f"{_W15}paraId") or ""), owners.get(parent))
        for each in extended.iter(f"{_W15}commentEx")
        if (parent := each.get(f"{_W15}paraIdParent"))
    )
    return {one: other for one, other in pairs if one is not None and other is not None}


def _root(
    comment: etree._Element, answered: dict[etree._Element, etree._Element]
) -> etree._Element:
    """Return the first comment of a thread; replies in a circle count as separate comments."""
    root = comment
    for _ in range(_MOST_REPLIES):
        above = answered.get(root)
        if above is None:
            return root
        if above is comment:
            return comment
        root = above
    return comment


def _name_author(comment: etree._Element) -> None:
    author = " ".join((comment.get(f"{W}author") or "").split())
    first = next(
        (
            each
            for each in comment.iter(f"{W}p")
            if any((t.text or "").strip() for t in _texts(each))
        ),
        None,
    )
    if not author or first is None:
        return
    run = etree.Element(f"{W}r")
    text = etree.SubElement(run, f"{W}t")
    text.text = f"{author}: "
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    properties = first.find(f"{W}pPr")
    first.insert(0 if properties is None else first.index(properties) + 1, run)


def _texts(paragraph: etree._Element) -> list[etree._Element]:
    return list(paragraph.iter(f"{W}t"))
