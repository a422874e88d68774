"""The parts of a DOCX file, read within bounds and without resolving anything outside it.

Strict and transitional OOXML differ in their namespaces only; parts are given in the
transitional ones, so that whoever reads them knows one set.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
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
# A few kilobytes may pack thousands to one and do no harm: ratios count from here on.
_RATIO_COUNTS_FROM = 8 * _MIB
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", "wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/", "officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", "drawingml/2006/"),
)
_TRANSITIONAL = b"http://schemas.openxmlformats.org/"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class DocxPackage:
    """An opened package.

    Raises:
        LoadError: encrypted, damaged, no Word document, or larger than allowed when unpacked.
    """

    def __init__(self, path: Path, options: LoadOptions) -> None:
        self._name = path.name
        self._options = options
        self._unpacked = 0
        self.damaged: set[str] = set()  # parts that were read only as far as they go
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
                # The size in the header may be a lie: never read more than what was checked.
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
            DamagedFileError: the part is missing or no XML at all.
        """
        data = self.read(name)
        for strict, plain in _STRICT:
            data = data.replace(strict, _TRANSITIONAL + plain.encode())
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            # Bounded by the limits on unpacking; without it, 10 MB of text in one node fails.
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

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the internal relationships of a part: id -> (last word of the type, part)."""
        folder, file = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", f"{file}.rels")
        if relations not in self.names:
            return {}
        found = {}
        for item in self.xml(relations).iter(_RELATIONSHIP):
            if item.get("TargetMode") == "External":
                continue
            target = item.get("Target") or ""
            path = target[1:] if target.startswith("/") else posixpath.join(folder, target)
            kind = (item.get("Type") or "").rsplit("/", 1)[-1]
            found[item.get("Id") or ""] = (kind, posixpath.normpath(path))
        return found

    def main_part(self) -> str:
        """Return the name of the document's part.

        Raises:
            DamagedFileError: there is none: a zip archive, but no Word document.
        """
        for kind, part in self.related("").values():
            if kind == "officeDocument" and part in self.names:
                return part
        for name in sorted(self.names):
            if re.fullmatch(r"word/document\d*\.xml", name):
                return name
        msg = f"{self._name} is a zip archive, but no Word document is in it."
        raise DamagedFileError(msg)
