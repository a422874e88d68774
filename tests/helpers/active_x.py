"""ActiveX controls of Word forms as Office keeps them: a binary state in a compound file."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from word import Relation, relationships

TEXT, LIST, COMBO = "8BD21D10", "8BD21D20", "8BD21D30"
CHECK, RADIO, TOGGLE = "8BD21D40", "8BD21D50", "8BD21D60"
LABEL, BUTTON = "978C9E23", "D7053240"
HTML_TEXT, HTML_SELECT, HTML_CHECK = "5512D11A", "5512D122", "5512D116"
_REST = "-EC42-11CE-9E0D-00AA006002F3"
_STYLES = {TEXT: 1, LIST: 2, COMBO: 3, CHECK: 4, RADIO: 5, TOGGLE: 6}
_SECTOR, _MINI, _SMALL = 512, 64, 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def state(
    kind: str, value: str = "", caption: str = "", *, group: str = "", star: str = ""
) -> bytes:
    """Return the binary state of a text box, list, check box, radio or toggle button."""
    mask = 1 << 0 | 1 << 6 | 1 << 8 | 1 << 31
    values = struct.pack("<LB", 0x2C80481B, _STYLES[kind])
    if star:
        mask |= 1 << 9
        values = _aligned(values, 2) + struct.pack("<H", ord(star))
    strings = b""
    for bit, text in ((22, value), (23, caption)):
        if text:
            mask |= 1 << bit
            length, raw = _string(text)
            values = _aligned(values) + struct.pack("<L", length)
            strings += raw
    if group:
        mask |= 1 << 29 | 1 << 32  # a key for the keyboard stands before the group's name
        length, raw = _string(group)
        values = _aligned(values + struct.pack("<H", 0x41)) + struct.pack("<L", length)
        strings += raw
    body = struct.pack("<Q", mask) + _aligned(values) + struct.pack("<LL", 7000, 600) + strings
    return struct.pack("<BBH", 0, 2, len(body)) + body + _TEXT_PROPERTIES


def captioned(caption: str, *, picture_place: bool = False) -> bytes:
    """Return the binary state of a label or a push button."""
    length, raw = _string(caption)
    mask = 1 << 2 | 1 << 3 | 1 << 5 | (1 << 4 if picture_place else 0)
    values = struct.pack("<LL", 0x2C80481B, length)
    values += struct.pack("<L", 0x00070001) if picture_place else b""
    body = struct.pack("<L", mask) + values + raw + struct.pack("<LL", 7000, 600)
    return struct.pack("<BBH", 0, 2, len(body)) + body + _TEXT_PROPERTIES


_TEXT_PROPERTIES = struct.pack("<BBHL", 0, 2, 8, 0) + struct.pack("<L", 0)


def _string(text: str) -> tuple[int, bytes]:
    """Return a string's length, flagged where it is kept in one byte a letter, and its bytes."""
    if text.isascii():
        return len(text) | 1 << 31, _aligned(text.encode("ascii"))
    raw = text.encode("utf-16-le")
    return len(raw), _aligned(raw)


def _aligned(data: bytes, to: int = 4) -> bytes:
    return data + b"\0" * (-len(data) % to)


def compound(stream: bytes, name: str = "contents") -> bytes:
    """Return a compound file of one stream, kept among the small ones where it is small."""
    small = len(stream) < _SMALL
    minis = -(-len(stream) // _MINI) if small else 0
    stored = stream + b"\0" * (-len(stream) % _SECTOR)
    sectors = len(stored) // _SECTOR
    # Sector 0 is the table of sectors, 1 the directory, 2 the table of small sectors, then data.
    first = 3
    fat = [_FAT, _END, _END]
    fat += [*range(first + 1, first + sectors), _END][:sectors]
    table = struct.pack(f"<{_SECTOR // 4}L", *fat, *[_FREE] * (_SECTOR // 4 - len(fat)))
    chain = [*range(1, minis), _END][:minis]
    mini = struct.pack(f"<{_SECTOR // 4}L", *chain, *[_FREE] * (_SECTOR // 4 - len(chain)))
    root = (first, minis * _MINI) if small else (_END, 0)
    directory = _entry("Root Entry", 5, child=1, start=root[0], size=root[1])
    directory += _entry(name, 2, child=_FREE, start=0 if small else first, size=len(stream))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<LLLLLLLLL", 0, 1, 1, 0, _SMALL, 2, 1, _END, 0)
    header += struct.pack("<109L", 0, *[_FREE] * 108)
    return header + table + _aligned(directory, _SECTOR) + mini + stored


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    head = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
    return head + struct.pack("<LLL36xLQ", _FREE, _FREE, child, start, size)


def parts(
    controls: Mapping[str, tuple[str, bytes | Mapping[str, str]]],
) -> tuple[dict[str, Relation], dict[str, bytes]]:
    """Return relationships and parts of controls: by name a class, and its binary or properties."""
    relations: dict[str, Relation] = {}
    written: dict[str, bytes] = {}
    for name, (kind, content) in controls.items():
        relations[f"r{name}"] = ("control", f"activeX/{name}.xml")
        way, inner, key = "persistPropertyBag", "", ""
        if isinstance(content, bytes):
            way = "persistStorage" if content.startswith(b"\xd0\xcf") else "persistStreamInit"
            written[f"word/activeX/{name}.bin"] = content
            key = ' r:id="rId1"'
            binary: dict[str, Relation] = {"rId1": ("activeXControlBinary", f"{name}.bin")}
            written[f"word/activeX/_rels/{name}.xml.rels"] = relationships(binary)
        else:
            inner = "".join(
                f'<ax:ocxPr ax:name="{each}" ax:value="{value}"/>'
                for each, value in content.items()
            )
        space = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        written[f"word/activeX/{name}.xml"] = (
            '<ax:ocx xmlns:ax="http://schemas.microsoft.com/office/2006/activeX" '
            f'xmlns:r="{space}" ax:classid="{{{kind}{_REST}}}" ax:persistence="{way}"'
            f"{key}>{inner}</ax:ocx>"
        ).encode()
    return relations, written


def shown(name: str, holder: str = "object") -> str:
    """Return a run that shows a control, with the picture that Word keeps of it."""
    picture = '<v:shape><v:imagedata r:id="rPreview"/></v:shape>'
    return (
        f'<w:r><w:{holder}>{picture}<w:control r:id="r{name}" w:name="{name}"/></w:{holder}></w:r>'
    )
