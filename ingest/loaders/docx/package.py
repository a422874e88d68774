"""The parts of a DOCX file, read within limits and without external references.

Strict and transitional OOXML differ only in their namespaces. The module returns parts in the
transitional ones, so that callers need only one set.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import msoffcrypto  # type: ignore[import-untyped] # ships no types
from lxml import etree
from msoffcrypto.exceptions import (  # type: ignore[import-untyped] # ships no types
    DecryptionError,
    InvalidKeyError,
)

from ingest.errors import (
    DamagedFileError,
    EncryptedFileError,
    FileTooLargeError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from ingest.loaders.base import LoadOptions

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MIB = 2**20
# A few kilobytes may pack thousands to one without harm: ratios count from here on.
_RATIO_COUNTS_FROM = 8 * _MIB
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", "wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/", "officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", "drawingml/2006/"),
)
_TRANSITIONAL = b"http://schemas.openxmlformats.org/"
_WORD_SPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCUMENT, _BODY = f"{_WORD_SPACE}document", f"{_WORD_SPACE}body"
_ZIP = "a zip archive"
_LONGEST_TYPE = 100
_OTHER_KINDS = {
    "xl": "an Excel workbook",
    "ppt": "a PowerPoint presentation",
    "visio": "a Visio drawing",
}
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Targets of a part's references, by the ids in its elements.

    ``inside``: the last word of the relationship's type, and the part. ``outside``: addresses.
    """

    inside: dict[str, tuple[str, str]] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)


class DocxPackage:
    """An opened package.

    Raises:
        LoadError: the file is encrypted, damaged, not a Word document, or too large when unpacked.
    """

    def __init__(self, path: Path, options: LoadOptions) -> None:
        self._name = path.name
        self._options = options
        self._unpacked = 0
        self.damaged: set[str] = set()  # parts that could be read only to some point
        try:
            data = path.read_bytes()
        except OSError as error:
            msg = f"{path.name} cannot be opened ({error.strerror}); check that it may be read."
            raise UnreadableFileError(msg) from error
        if data.startswith(_OLE):
            data = self._decrypt(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
            msg = f"{path.name} is damaged or cut short: it is no complete DOCX file ({error})."
            raise DamagedFileError(msg) from error
        self.names = frozenset(self._zip.namelist())
        self._relations: dict[str, Relations] = {}

    def _decrypt(self, data: bytes) -> bytes:
        try:
            office = msoffcrypto.OfficeFile(io.BytesIO(data))
            encrypted = office.is_encrypted()
        except Exception as error:  # broken containers make its parser raise almost anything
            msg = f"{self._name} is damaged: an Office container that cannot be opened."
            raise DamagedFileError(msg) from error
        if not encrypted or office.format != "ooxml":
            msg = f"{self._name} is an old Office document; save it as .docx and ingest again."
            raise UnsupportedFormatError(msg)
        for password in self._options.passwords:
            plain = io.BytesIO()
            try:
                office.load_key(password=password, verify_password=True)
                office.decrypt(plain)
            except (InvalidKeyError, DecryptionError, ValueError):
                continue
            return plain.getvalue()
        raise EncryptedFileError.after(self._name, len(self._options.passwords))

    def read(self, name: str) -> bytes:
        """Return a part's bytes.

        Raises:
            DamagedFileError: the part is missing or broken.
            FileTooLargeError: the package unpacks to more than the limits allow.
        """
        try:
            info = self._zip.getinfo(name)
            if info.flag_bits & 1:
                msg = f"{self._name} is an encrypted zip archive; save it without a password."
                raise EncryptedFileError(msg)
            self._check_size(info)
            with self._zip.open(info) as part:
                # The size in the header may be false: never read more than was checked.
                data = part.read(info.file_size + 1)
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            msg = f"{self._name} is damaged: its part {name} cannot be read ({error})."
            raise DamagedFileError(msg) from error
        except NotImplementedError as error:
            msg = f"{self._name} is packed in a way that is not known ({error}); save it again."
            raise DamagedFileError(msg) from error
        self._unpacked += len(data)
        return data

    def _check_size(self, info: zipfile.ZipInfo) -> None:
        total = self._unpacked + info.file_size
        ratio = info.file_size / max(1, info.compress_size)
        if total > self._options.max_unpacked_bytes or (
            info.file_size > _RATIO_COUNTS_FROM and ratio > self._options.max_unpack_ratio
        ):
            msg = (
                f"{self._name} unpacks to {info.file_size / _MIB:.0f} MiB in one part "
                f"({ratio:.0f} to 1), more than is allowed; it may be a zip bomb."
            )
            raise FileTooLargeError(msg)

    def xml(self, name: str) -> etree._Element:
        """Return a part as a tree; entities and external references are never resolved.

        Raises:
            DamagedFileError: the part is missing or is not XML.
        """
        data = self.read(name)
        for strict, plain in _STRICT:
            data = data.replace(strict, _TRANSITIONAL + plain.encode())
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            # The limits on unpacking bound it; without it, 10 MB of text in one node fails.
            huge_tree=True,
            recover=True,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            tree = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            msg = f"{self._name} is damaged: its part {name} is no XML ({error.msg})."
            raise DamagedFileError(msg) from error
        if tree is None:
            msg = f"{self._name} is damaged: its part {name} is empty."
            raise DamagedFileError(msg)
        if any(entry.level_name == "FATAL" for entry in parser.error_log):
            self.damaged.add(name)
        return tree

    def relations(self, name: str) -> Relations:
        """Return the relationships of a part; "" is the package itself."""
        if name not in self._relations:
            self._relations[name] = self._relations_of(name)
        return self._relations[name]

    def _relations_of(self, name: str) -> Relations:
        folder, file = posixpath.split(name)
        part = posixpath.join(folder, "_rels", f"{file}.rels")
        found = Relations()
        if part not in self.names:
            return found
        for item in self.xml(part).iter(_RELATIONSHIP):
            key, target = item.get("Id") or "", item.get("Target") or ""
            if item.get("TargetMode") == "External":
                found.outside[key] = target
                continue
            path = target[1:] if target.startswith("/") else posixpath.join(folder, target)
            kind = (item.get("Type") or "").rsplit("/", 1)[-1]
            found.inside[key] = (kind, posixpath.normpath(path))
        return found

    def main_part(self) -> str:
        """Return the name of the document's part.

        Raises:
            DamagedFileError: the part is missing, or the file is not a Word document.
        """
        for kind, part in self.relations("").inside.values():
            if kind == "officeDocument" and part in self.names:
                return part
        for name in sorted(self.names):
            if re.fullmatch(r"word/document\d*\.xml", name):
                return name
        if any(name.startswith("word/") for name in self.names):
            msg = f"{self._name} is damaged: the part with the document's text is missing from it."
        else:
            msg = f"{self._name} is {self._kind()}, but no Word document is in it."
        raise DamagedFileError(msg)

    def body(self, part: str) -> etree._Element:
        """Return the tree of the document's part.

        Raises:
            DamagedFileError: it is broken, or contains another kind of document.
        """
        tree = self.xml(part)
        if tree.tag != _DOCUMENT:
            msg = f"{self._name} is {self._kind()}, and no Word document."
            raise DamagedFileError(msg)
        if tree.find(_BODY) is None:
            msg = f"{self._name} is damaged: its part {part} holds no body; save the file anew."
            raise DamagedFileError(msg)
        return tree

    def _kind(self) -> str:
        """Return the kind of the package, from parts that only one kind has."""
        folders = {name.partition("/")[0] for name in self.names}
        for folder, kind in _OTHER_KINDS.items():
            if folder in folders:
                return kind
        if "mimetype" in self.names:
            told = self.read("mimetype")[:_LONGEST_TYPE].decode("ascii", "replace").strip()
            return f"a file of another program ({told})"
        return _ZIP
