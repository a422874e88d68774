"""The clients of object stores: fsspec's, set up by fsspec's own configuration.

fsspec is imported here alone. Credentials and endpoints are its own business: the environment, or
the files in ``~/.config/fsspec``.
"""

from __future__ import annotations

import configparser
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ingest.errors import UnreadableFileError
from kb.errors import MissingExtraError, SettingsError
from kb.text import one_line

# By scheme, the package that fsspec needs for it and the extra that brings it.
_PACKAGES = {"s3": ("s3fs", "s3"), "gs": ("gcsfs", "gs")}


def new_client(scheme: str) -> Any:  # noqa: ANN401 - whatever class fsspec has for the scheme
    """Return a client of its own for the object stores of a scheme; gcsfs connects at once.

    Raises:
        MissingExtraError: its package is not installed.
        UnreadableFileError: its package, or one that it needs, cannot be imported.
        SettingsError: fsspec's configuration cannot be read, or the client cannot use it.
    """
    package, extra = _PACKAGES.get(scheme, ("fsspec", ""))
    if extra and find_spec(package) is None:
        msg = (
            f"{scheme}:// needs the package {package}, which is not installed: "
            f"pip install 'shelfmark[{extra}]'"
        )
        raise MissingExtraError(msg)
    fsspec = _library(scheme)
    try:
        kind = fsspec.get_filesystem_class(scheme)
    except Exception as error:
        raise _unfit(scheme, package, error) from error
    try:
        # Neither shared with others nor answering from what it has listed before.
        return kind(skip_instance_cache=True, use_listings_cache=False)
    except ImportError as error:
        raise _unfit(scheme, package, error) from error
    except Exception as error:
        msg = (
            f"{scheme}:// cannot be read: {package} cannot be set up ({_told(error)}); check the "
            f"variables that begin with FSSPEC_{scheme.upper()}, what they name, and the files in "
            f"{_folder()}"
        )
        raise SettingsError(msg) from error


def _library(scheme: str) -> Any:  # noqa: ANN401 - fsspec has no types
    """Import fsspec, which reads its configuration then and raises whatever its parsers do."""
    try:
        import fsspec  # noqa: PLC0415 - few need it
    except ImportError as error:
        raise _unfit(scheme, "fsspec", error) from error
    except Exception as error:
        # Parsers of .ini files repeat the lines that they do not understand: keys may stand there.
        reason = _told(error) if isinstance(error, ValueError) else type(error).__name__
        msg = (
            f"{_at_fault(_folder())} configures fsspec, which cannot read it ({reason}); correct "
            "it, or move it away"
        )
        raise SettingsError(msg) from error
    return fsspec


def _unfit(scheme: str, package: str, error: Exception) -> UnreadableFileError:
    # fsspec says "Install s3fs" and chains what really happened.
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    return UnreadableFileError(
        f"{scheme}:// cannot be read: the package {package}, or one that it needs, cannot be "
        f"imported ({_told(cause)}); run `pip install --upgrade {package}`, then try again"
    )


def _told(error: Exception) -> str:
    said = one_line(" ".join(str(error).split())).rstrip(".")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _folder() -> Path:
    """Return the folder of fsspec's configuration; fsspec cannot say if its import failed."""
    return Path(os.environ.get("FSSPEC_CONFIG_DIR") or Path.home() / ".config" / "fsspec")


def _at_fault(folder: Path) -> Path:
    """Return the first file that fsspec cannot read, or the folder if all look right."""
    files = sorted(path for path in folder.glob("*") if path.suffix in {".ini", ".json"})
    return next((path for path in files if not _is_readable(path)), folder)


def _is_readable(path: Path) -> bool:
    try:
        if path.suffix == ".json":
            held = json.loads(path.read_text("utf-8"))
            return isinstance(held, dict) and all(isinstance(each, dict) for each in held.values())
        ini = configparser.ConfigParser()
        ini.read(path, "utf-8")
        for name in ini.sections():
            dict(ini[name])
    except (OSError, ValueError, configparser.Error):
        return False
    return True
