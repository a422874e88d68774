"""Addresses of object stores, as people give them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from kb.errors import SettingsError
from kb.redaction import redacted

# Maps each scheme that a person may write to the scheme of sources.
_SCHEMES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "memory": "memory"}
_FILES = frozenset({"file", "local"})
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
# A URL that became a Path and lost one of its slashes.
_CRUSHED = re.compile(rf"({'|'.join(_SCHEMES)}):/[^/]")


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """A folder or an object in an object store.

    ``url`` is its URL without a slash at the end: ``s3://bucket/minutes``.
    """

    scheme: str
    url: str

    @property
    def parent(self) -> str:
        """The URL of its folder; for a whole bucket, its own."""
        folder, _, _ = self.url.rpartition("/")
        return self.url if folder.endswith(":/") else folder.rstrip("/")

    def below(self, root: str) -> str | None:
        """Return its path below another URL, empty for that URL itself; None if it is elsewhere."""
        if self.url == root:
            return ""
        inside = f"{root.rstrip('/')}/"
        return self.url.removeprefix(inside) if self.url.startswith(inside) else None


def is_url(text: str) -> bool:
    """Return whether a root or a path is a URL."""
    return _URL.match(text) is not None


def object_address(given: Path | str) -> ObjectAddress | None:
    """Return the address in an object store that a person wrote; None for a path.

    Raises:
        SettingsError: it is not a valid address.
    """
    text = os.fspath(given)
    if isinstance(given, Path) and _CRUSHED.match(text):
        msg = f"{redacted(text)} is a URL that was made a Path; give it as text: {_mended(text)}"
        raise SettingsError(msg)
    found = None if isinstance(given, Path) else _URL.match(text)
    if found is None or found["scheme"].lower() in _FILES:
        return None
    shown = redacted(text)
    scheme = _SCHEMES.get(found["scheme"].lower())
    if scheme is None:
        msg = (
            f"{shown} cannot be ingested: folders, files and URLs that begin with s3://, gs:// or "
            "file:// can; download what is there and ingest its folder"
        )
        raise SettingsError(msg)
    rest = found["rest"]
    bucket = rest.split("/", 1)[0]
    if "@" in bucket or ":" in bucket:
        msg = (
            f"a {scheme}:// URL with a key in it is not taken, because it would stand in reports "
            f"and in the history; write {scheme}://BUCKET/FOLDER and leave credentials to the "
            "environment (AWS_PROFILE, GOOGLE_APPLICATION_CREDENTIALS)"
        )
        raise SettingsError(msg)
    if "::" in rest or "\0" in rest:
        msg = f"{shown} cannot be ingested: a chain of URLs is none; give the URL of a folder"
        raise SettingsError(msg)
    if not bucket:
        msg = f"{shown} names no bucket; write {scheme}://BUCKET or {scheme}://BUCKET/FOLDER"
        raise SettingsError(msg)
    key = rest.removeprefix(bucket).strip("/")
    url = f"{scheme}://{bucket}/{key}".rstrip("/")
    if key and rest.startswith(f"{bucket}//"):
        msg = (
            f"{shown} has more than one slash after the bucket; write {redacted(url)}, or "
            f"{scheme}://{bucket} for keys that begin with a slash"
        )
        raise SettingsError(msg)
    return ObjectAddress(scheme, url)


def local_path(given: Path | str) -> Path | str:
    """Return the path on this machine, also of a URL such as ``file:///home/me/minutes``.

    Of a URL, ``%`` and two hexadecimal digits are decoded; all else stands for itself, also ``#``
    and ``?``.

    Raises:
        SettingsError: the URL is of another machine, or names no folder.
    """
    found = None if isinstance(given, Path) else _URL.match(given)
    if found is None:
        return given
    host, slash, path = found["rest"].partition("/")
    if host.lower() not in {"", "localhost"}:
        msg = f"{given} is on another machine; write file:///FOLDER with three slashes"
        raise SettingsError(msg)
    if not slash:
        msg = f"{given} names no folder; write file:///FOLDER"
        raise SettingsError(msg)
    # Names that are no text are bytes in paths, too.
    return unquote(f"/{path}", errors="surrogateescape")


def _mended(text: str) -> str:
    scheme, _, rest = redacted(text).partition(":/")
    return f"{scheme}://{rest}"
