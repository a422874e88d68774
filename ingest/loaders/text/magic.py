"""Recognises a file by its first bytes, for files that differ from their name."""

from __future__ import annotations

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF file"),
    *((mark, "a ZIP archive or Office file") for mark in ZIP),
    (OLE, "an old Office file (.doc, .xls, .ppt) or an encrypted one"),
    (b"{\\rtf", "an RTF file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x7fELF", "a Linux program (ELF)"),
    (b"\xca\xfe\xba\xbe", "a Java class or macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"OggS", "an Ogg sound or video file"),
    (b"ID3\x03", "an MP3 sound file"),
    (b"ID3\x04", "an MP3 sound file"),
    (b"fLaC", "a FLAC sound file"),
    (b"\x1aE\xdf\xa3", "a Matroska video"),
    (b"GGUF", "a GGUF model"),
)
_AT_OFFSET: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "an MP4 video or HEIC picture"),
    (257, b"ustar", "a tar archive"),
    (8, b"WEBP", "a WebP picture"),
    (8, b"WAVE", "a WAV sound file"),
)
_EXECUTABLE = (b"MZ", "a Windows program")
_PE_POINTER = slice(60, 64)


def looks_like(data: bytes) -> str | None:
    """Return the apparent kind of ``data`` (``"a PDF file"``), None if unknown."""
    for mark, name in _SIGNATURES:
        if data.startswith(mark):
            # "BZh", "GGUF" or "OggS" may begin a text: binary formats continue with other bytes
            if mark.isalnum() and data[:64].decode("ascii", "replace").isprintable():
                continue
            return name
    for offset, mark, name in _AT_OFFSET:
        if data[offset : offset + len(mark)] == mark:
            return name
    if data.startswith(_EXECUTABLE[0]):
        # two letters are not enough: their header points to a second one
        start = int.from_bytes(data[_PE_POINTER], "little")
        if data[start : start + 4] == b"PE\x00\x00":
            return _EXECUTABLE[1]
    return None
