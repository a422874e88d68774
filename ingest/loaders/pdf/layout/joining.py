"""Makes text from blocks: joins lines that continue, and keeps all others separate."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ingest.loaders.base import BLOCK_BREAK
from ingest.loaders.pdf.layout.hyphens import between_hyphen
from ingest.loaders.pdf.page import Block, PrintedLine
from ingest.loaders.printed_lines import clean, is_cjk
from kb.records import SectionKind

_ANY_HYPHEN_END = re.compile(r"[^\W_][-\u2010\u00ad]$")
_WORD_START = re.compile(r"[^\W\d_]+")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_HANGUL = re.compile("[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one kind, and its separator from the piece before."""

    text: str
    kind: SectionKind
    separator: str
    header_rows: int = 0


def pieces_of(
    blocks: Sequence[Block],
    words: Collection[str],
    before: Block | None = None,
    after: Block | None = None,
) -> list[Piece]:
    """Return a page's blocks as pieces of text in order.

    Args:
        blocks: of one page, in reading order.
        words: lower-case words of the whole document, which show where a word was broken.
        before: the last block of the page before, whose paragraph may continue on this page.
        after: the first block of the next page.
    """
    pieces: list[Piece] = []
    above = before
    kept = _Kept([], [])
    for at, (block, below) in enumerate(zip(blocks, [*blocks[1:], after], strict=False)):
        between = _between_blocks(block, below, words)
        text = _text_of(block, words, kept, between, last_of_page=at + 1 == len(blocks))
        if text.strip():
            separator = _between_blocks(above, block, words) or ""
            near = pieces and above and above.kind == block.kind and not block.apart
            if separator == "\n" and not near:
                separator = BLOCK_BREAK
            pieces.append(Piece(text, block.kind, separator, block.header_rows))
            above = block
    return pieces


def _between_blocks(above: Block | None, below: Block | None, words: Collection[str]) -> str | None:
    """Return the separator of two blocks, a line's end unless a paragraph continues."""
    if above is None or below is None or above.kind != "text" or not above.lines[-1].runs_on:
        return "\n"
    one, other = above.lines[-1], below.lines[0]
    return between_lines(cleaned(one, "text"), cleaned(other, "text"), words)


def cleaned(line: PrintedLine, kind: SectionKind) -> str:
    """Return a line in normal form: code and tables keep their white space."""
    if kind == "code":
        indent = len(line.text) - len(line.text.lstrip(" "))
        return line.text[:indent] + line.text[indent:].rstrip()
    return "\t".join(clean(cell).replace("\n", "") for cell in line.text.split("\t"))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Texts for the end of a paragraph: the addresses of its links, and the notes on it."""

    addresses: list[str]
    notes: list[str]

    def see(self, line: PrintedLine) -> None:
        """Keep a line's addresses and notes until its paragraph ends."""
        self.addresses.append(line.after)
        self.notes.extend(line.notes)

    def take(self) -> tuple[list[str], list[str]]:
        """Return the addresses, each once, and the notes; forget both."""
        taken = list(dict.fromkeys(part for part in self.addresses if part)), list(self.notes)
        self.addresses.clear()
        self.notes.clear()
        return taken


def _text_of(
    block: Block,
    words: Collection[str],
    kept: _Kept,
    between_blocks: str | None,
    *,
    last_of_page: bool,
) -> str:
    """Return a block's text; ``kept`` comes from the block above, and goes to the one below.

    If a paragraph continues in the next block, its addresses and notes come there. If it continues
    on the next page, they come before its last line here, because nothing may separate its two
    halves.
    """
    lines = [cleaned(line, block.kind) for line in block.lines]
    if block.kind != "text":
        return "\n".join(text + line.after for text, line in zip(lines, block.lines, strict=True))
    parts: list[str] = []
    for at, (text, line) in enumerate(zip(lines, block.lines, strict=True)):
        kept.see(line)
        last = at + 1 == len(lines)
        if last and between_blocks != "\n":
            if last_of_page:
                addresses, notes = kept.take()
                parts = ["".join(f"{note}\n\n" for note in notes), *parts]
                parts += [f"{address.strip()} " for address in addresses]
            parts.append(text[:-1] if between_blocks is None else text)
            break
        parts.append(text)
        between = "\n" if last or not line.runs_on else between_lines(text, lines[at + 1], words)
        if between is None:
            parts[-1] = text[:-1]
            continue
        if between == "\n" and (last or not _in_sentence(text, lines[at + 1])):
            addresses, notes = kept.take()
            parts += addresses
            if notes:
                parts.append("\n\n" + "\n\n".join(notes))
                between = "\n\n"
        parts.append("" if last else between)
    return "".join(parts)


def _in_sentence(line: str, following: str) -> bool:
    """Whether a sentence continues after a line's end that is kept."""
    return line[-1:].isalnum() and following[:1].islower()


def between_lines(line: str, following: str, words: Collection[str]) -> str | None:
    """Return the separator of two lines of a paragraph, None to remove a hyphen as well."""
    if not line or not following:
        return ""
    if _ANY_HYPHEN_END.search(line):
        return between_hyphen(line, following, words)
    if _HANGUL.match(line[-1]) and _HANGUL.match(following[0]):
        return _between_korean(line, following, words)
    if is_cjk(line[-1]) or is_cjk(following[0]):
        return ""
    return " "


def _between_korean(line: str, following: str, words: Collection[str]) -> str:
    """Decide from the document's own words whether a line ended inside a Korean word.

    It did if the document has the whole word. It also did if the document has its stem with another
    ending, and neither of the two parts as a word.
    """
    one, other = _LAST_WORD.search(line), _WORD_START.match(following)
    if one is None or other is None:
        return " "
    whole = one[0] + other[0]
    if whole in words:
        return ""
    if one[0] in words or other[0] in words:
        return " "
    stems = (whole[:end] for end in range(len(one[0]) + 1, len(whole)))
    return "" if any(stem in words for stem in stems) else " "


def vocabulary_of(pages: Iterable[Sequence[Block]]) -> frozenset[str]:
    """Return the lower-case words of a document, without words that a line's end may have cut."""
    found: set[str] = set()
    pattern = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
    cut = False
    for blocks in pages:
        for block in blocks:
            for line in block.lines:
                words = pattern.findall(line.text.lower())
                inner = words[1 if cut else 0 : -1 if line.runs_on else None]
                found.update(inner)
                cut = line.runs_on
    return frozenset(found)
