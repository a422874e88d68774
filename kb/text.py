"""Text normalisation: the one form in which text is stored, cut and searched."""

import re
import unicodedata

from kb.characters import BREAKING, RADICALS

# C0 and C1 controls except tab and newline, the byte order mark, soft hyphens (they hide words
# from keyword search), lone surrogates (they cannot be encoded) and non-characters.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\u00ad\ud800-\udfff\ufffe\uffff]",
)
# Where a line may or may not break: layout, as soft hyphens are. Between letters of Thai, Lao,
# Burmese and Khmer a zero width space is where a word ends, and stays.
_LAYOUT = re.compile(f"(?P<kept>(?<=[{BREAKING}])\u200b+(?=[{BREAKING}]))|[\u200b\u2060]+")
_RADICAL = re.compile("[\u2e81-\u2fd5]")
_PLAIN = re.compile(r"[\w./:+@~-]+")
_LINE_ENDS = re.compile("\r\n|[\r\x0c\x85\u2028\u2029]")


def normalise(text: str) -> str:
    r"""Return ``text`` in NFC with ``\n`` line ends and without control characters.

    Idempotent. Compatibility forms (full-width letters, ligatures) are kept as written:
    the stored text is what a person saw in the document. Radicals, which nobody can tell from the
    characters that they stand for, become these.
    """
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    text = _LAYOUT.sub(lambda match: match["kept"][:1] if match["kept"] else "", text)
    text = _RADICAL.sub(lambda match: RADICALS.get(ord(match.group()), match.group()), text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Return ``text`` for one line of a terminal: control characters become U+FFFD.

    File names may hold line ends and escape sequences, which a terminal would obey.
    """
    return "".join(c if c.isprintable() or c == " " else "\ufffd" for c in text)


def in_quotes(text: str) -> str:
    """Return a name for a message: on one line, in quotes that it cannot close."""
    return '"{}"'.format(one_line(" ".join(text.split())).replace('"', "'"))


def in_message(name: str) -> str:
    """Return a name of a document for a message: in quotes, unless it is one plain word.

    Names are whoever's words: one could go on like the message, or begin a line of its own.
    """
    return name if _PLAIN.fullmatch(name) else in_quotes(name)


def shortened(text: str, most: int = 200) -> str:
    """Return ``text`` for one line of a terminal, cut to ``most`` characters, spaces joined."""
    line = one_line(" ".join(text[: 8 * most].split()))
    return line if len(line) <= most and len(text) <= 8 * most else f"{line[: most - 2]} …"
