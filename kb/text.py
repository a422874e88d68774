"""Text normalisation: the one form for storing, cutting and searching text."""

import re
import unicodedata

from kb.characters import BREAKING, RADICALS

# C0 and C1 controls except tab and newline, the byte order mark, soft hyphens (they hide words from
# keyword search), lone surrogates (they cannot be encoded) and non-characters.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\u00ad\ud800-\udfff\ufffe\uffff]",
)
# Marks of possible line breaks are layout, as soft hyphens are. Between letters of Thai, Lao,
# Burmese and Khmer a zero width space marks the end of a word, and stays.
_LAYOUT = re.compile(f"(?P<kept>(?<=[{BREAKING}])\u200b+(?=[{BREAKING}]))|[\u200b\u2060]+")
_RADICAL = re.compile("[\u2e81-\u2fd5]")
_PLAIN = re.compile(r"[\w./:+@~-]+")
_LINE_ENDS = re.compile("\r\n|[\r\x0c\x85\u2028\u2029]")


def normalise(text: str) -> str:
    r"""Return ``text`` in NFC with ``\n`` line ends and without control characters.

    Idempotent. Compatibility forms (full-width letters, ligatures) stay as written, so that the
    stored text looks like the document. Radicals become the characters that they look exactly like.
    """
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    text = _LAYOUT.sub(lambda match: match["kept"][:1] if match["kept"] else "", text)
    text = _RADICAL.sub(lambda match: RADICALS.get(ord(match.group()), match.group()), text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Return ``text`` for one line of a terminal: control characters become U+FFFD.

    A terminal would obey the line ends and escape sequences that file names may contain.
    """
    return "".join(c if c.isprintable() or c == " " else "\ufffd" for c in text)


def in_quotes(text: str) -> str:
    """Return a name for a message: on one line, inside quotes that it cannot close."""
    return '"{}"'.format(one_line(" ".join(text.split())).replace('"', "'"))


def in_message(name: str) -> str:
    """Return a document's name for a message: in quotes, unless it is one plain word.

    Anybody can choose such a name. It could read like a part of the message, or start a new line.
    """
    return name if _PLAIN.fullmatch(name) else in_quotes(name)


def shortened(text: str, most: int = 200) -> str:
    """Return ``text`` for one line of a terminal: single spaces, at most ``most`` characters."""
    line = one_line(" ".join(text[: 8 * most].split()))
    return line if len(line) <= most and len(text) <= 8 * most else f"{line[: most - 2]} …"
