"""Form fields of a page: value, label and position."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.loaders.pdf.annotations.dictionaries import (
    Dictionary,
    Frame,
    box_of,
    each,
    entry,
    family,
    inherited,
    is_hidden,
    items,
    name,
    string,
    whole,
)
from ingest.loaders.pdf.annotations.rich_text import plain
from ingest.loaders.pdf.annotations.signers import signed_by
from ingest.loaders.pdf.page import Box, Inset

_PASSWORD = 1 << 13
_RADIO = 1 << 15
_PUSH_BUTTON = 1 << 16
_CHOICES = 5_000
_CHOSEN = 200
_LONGEST_OPTION = 1_000  # characters

# Names that programs generate, in their languages.
_TELLS_NOTHING = re.compile(
    r"(?:form|page|subform|topmostsubform|root|table|row|cell|body(?:page)?|text|input|edit|box|"
    r"check(?: ?box)?|field|text ?(?:field|box)|fill|undefined|untitled|button|radio(?: ?button)?|"
    r"group|drop ?down|combo(?: ?box)?|list(?: ?box)?|choice|option|signature|date ?field|"
    r"kontrollk.stchen|textfeld|feld|formularfeld|auswahl|unterschrift|champ|texte|campo|"
    r"文本|文本框|文本域|复选框|单选|域|字段|签名|[a-z]{1,2})?[\s._#\d-]*(?:af image)?",
    re.IGNORECASE,
)
_PLAIN_STATE = re.compile(
    r"(?:yes|on|true|checked|selected|x|ja|oui|choice|option|value|opt)?[\s._\d]*", re.IGNORECASE
)
_PLACE = re.compile(r"\[\d+\]")


def fields_of(
    annotations: Sequence[Dictionary], frame: Frame, drawn: Mapping[int, str]
) -> Iterator[Inset]:
    """Yield a page's form fields with values, and all check boxes.

    ``drawn`` maps identities of dictionaries to the drawn text of annotations without other text.
    """
    for _, field in each(annotations, lambda annotation: _field(annotation, frame, drawn)):
        yield field


def _field(widget: Dictionary, frame: Frame, drawn: Mapping[int, str]) -> Inset | None:
    if name(entry(widget, "/Subtype")) != "Widget":
        return None
    kind = name(inherited(widget, "/FT"))
    box = box_of(widget, frame)
    signed = kind == "Sig"
    if box is None or is_hidden(widget) or (_has_no_room(box) and not signed):
        return None
    if kind == "Btn":
        return _button(widget, box)
    text = ""
    if kind == "Tx":
        text = _typed(widget)
    elif kind == "Ch":
        text = ", ".join(_chosen(widget))
    elif signed:
        text = signed_by(inherited(widget, "/V") or {}) or drawn.get(id(widget), "")
    return Inset("field", text, box, _label(widget)) if text.strip() else None


def _has_no_room(box: Box) -> bool:
    return box[2] - box[0] < 1 or box[3] - box[1] < 1


def _typed(widget: Dictionary) -> str:
    if whole(inherited(widget, "/Ff")) & _PASSWORD:
        return ""
    text = string(inherited(widget, "/V"))
    return text if text.strip() else plain(string(inherited(widget, "/RV")))


def _chosen(widget: Dictionary) -> Iterator[str]:
    """Yield the visible text of each chosen entry of a list."""
    options = [_option(option) for option in items(inherited(widget, "/Opt"), _CHOICES)]
    value = inherited(widget, "/V")
    chosen = [string(value)] if isinstance(value, (str, bytes)) else []
    chosen = chosen or [string(one) for one in items(value, _CHOSEN)]
    shown = dict(reversed(options))
    if chosen:
        yield from (shown.get(one, one).strip() for one in chosen if one.strip())
        return
    for at in items(inherited(widget, "/I"), _CHOSEN):
        if isinstance(at, int) and 0 <= at < len(options):
            yield options[at][1].strip()


def _option(option: Any) -> tuple[str, str]:  # noqa: ANN401 - a file may hold anything anywhere
    """Return the stored and the visible form of an entry of a list."""
    if isinstance(option, (str, bytes)):
        return string(option, _LONGEST_OPTION), string(option, _LONGEST_OPTION)
    pair = [string(one, _LONGEST_OPTION) for one in items(option, 2)]
    return (pair[0], pair[-1]) if pair else ("", "")


def _button(widget: Dictionary, box: Box) -> Inset | None:
    flags = whole(inherited(widget, "/Ff"))
    if flags & _PUSH_BUTTON:
        return None  # its caption is printed, and it has no value
    stands_for = _stands_for(widget)
    ticked = _is_ticked(widget, stands_for)
    if not flags & _RADIO:
        return Inset("field", "", box, _label(widget), ticked=ticked)
    choice = _choice(widget, stands_for)
    group = widget if string(entry(widget, "/T")) else entry(widget, "/Parent") or widget
    return Inset("field", choice, box, _label(group), ticked=ticked, one_of=True)


def _stands_for(widget: Dictionary) -> str:
    """Return the name of a button's state that is not "off"."""
    looks = entry(entry(widget, "/AP"), "/N")
    if isinstance(looks, dict) and not hasattr(looks, "get_data"):
        states = (name(key) for key in list(looks)[:_CHOSEN])
        return next((state for state in states if state and state != "Off"), "")
    return ""


def _is_ticked(widget: Dictionary, stands_for: str) -> bool:
    """Whether a button looks ticked; without a look, whether its field's value says so."""
    state = name(entry(widget, "/AS"))
    if state:
        return state != "Off"
    value = inherited(widget, "/V")
    value = name(value) if isinstance(value, str) else ""
    return value not in ("", "Off") and (not stands_for or value == stands_for)


def _choice(widget: Dictionary, stands_for: str) -> str:
    """Return the meaning of a radio button, "" if its file gives none of use."""
    state = stands_for or name(entry(widget, "/AS"))
    options = [_option(option)[1] for option in items(inherited(widget, "/Opt"), _CHOICES)]
    if state.isdecimal() and len(state) < 5 and int(state) < len(options):  # noqa: PLR2004
        return options[int(state)].strip()
    return "" if _PLAIN_STATE.fullmatch(state) or state == "Off" else state.replace("_", " ")


def _label(widget: Dictionary) -> str:
    """Return a field's label: the author's, else the names of its tree."""
    described = next((d for f in family(widget) if (d := string(entry(f, "/TU")).strip())), "")
    if described:
        return " ".join(described.split())
    path = [string(entry(field, "/T")) for field in family(widget)]
    parts = [part for whole_name in reversed(path) for part in whole_name.split(".")]
    told = [" ".join(_PLACE.sub("", part).replace("_", " ").split()) for part in parts]
    return " ".join(part for part in told if not _TELLS_NOTHING.fullmatch(part))
