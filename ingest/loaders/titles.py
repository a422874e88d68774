"""Distinguishes people's titles from placeholders in the properties of a file."""

from __future__ import annotations

import re
from pathlib import PurePath

from kb.text import normalise

_NOTHING = re.compile(
    r"\(?(?:anonymous|unspecified|untitled|unknown|none|null|no title|title|文档|无标题|未命名|"
    r"新建 ?microsoft word ?文档|document|presentation)\)?\s*-?\d*",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"(?:microsoft (?:office )?(?:word|powerpoint|excel|publisher)|print(?:ing)?|"
    r"幻灯片|演示文稿|powerpoint presentation|slide|幻灯片 ?\d*)\s*(?:[-–:]|$)",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r"\S*[\\/]\S*\.\w{1,5}|.*\.(?:docx?|pptx?|xlsx?|odt|odp|rtf|txt|pdf|tex|dvi|ps|eps|indd|qxd|"
    r"html?|pmd|fm|wpd|wps|cdr|ai|tiff?|jpe?g|png)",
    re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Return whether a program wrote a property that a person left empty."""
    return _NOTHING.fullmatch(value) is not None


def real_title(title: str) -> str:
    """Return a person's title, "" for placeholders and file names.

    >>> real_title("Microsoft Word - budget.doc")
    ''
    >>> real_title("年度预算")
    '年度预算'
    """
    title = " ".join(normalise(title).split())
    if not title or len(title) > 300 or not any(c.isalnum() for c in title):  # noqa: PLR2004
        return ""
    if is_placeholder(title) or _FILE_NAME.fullmatch(title) or _PROGRAM.match(title):
        return ""
    return "" if "\ufffd" in title or PurePath(title).suffix == title else title
