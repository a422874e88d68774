"""The data folder: its default place, and the folders inside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import platformdirs

APP_NAME = "shelfmark"


def default_data_dir() -> Path:
    """Return ``data/`` of the checkout, or the user's data folder for an installed package."""
    return checkout_data() or Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def checkout_data() -> Path | None:
    """Return ``data/`` of the checkout that contains this code; None for an installed package."""
    root = Path(__file__).resolve().parent.parent
    is_checkout = (root / "pyproject.toml").is_file() and (root / "data").is_dir()
    return root / "data" if is_checkout else None


class _InDataFolder(Protocol):
    """An object that has a data folder."""

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        ...


class DataFolders:
    """The folders below a data folder."""

    @property
    def models_dir(self: _InDataFolder) -> Path:
        """Folder of model files."""
        return self.data_dir / "models"

    @property
    def store_dir(self: _InDataFolder) -> Path:
        """Folder of the catalog and of vectors kept in files."""
        return self.data_dir / "store"

    @property
    def fetched_dir(self: _InDataFolder) -> Path:
        """Folder of downloads from object stores, each kept only while it is read."""
        return self.data_dir / "fetched"

    @property
    def incoming_dir(self: _InDataFolder) -> Path:
        """Folder of files that a browser is sending, until they are queued."""
        return self.data_dir / "incoming"

    @property
    def spool_dir(self: _InDataFolder) -> Path:
        """Folder of files that wait for their job."""
        return self.data_dir / "spool"

    @property
    def uploads_dir(self: _InDataFolder) -> Path:
        """Folder of originals uploaded in the browser, named by content hash."""
        return self.data_dir / "uploads"


def closed_above(folder: Path) -> Path | None:
    """Return the outermost folder on the path to ``folder`` that this user may not enter."""
    for above in reversed(folder.absolute().parents):
        if above.exists() and not os.access(above, os.X_OK):
            return above
    return None


def closed(path: Path) -> str:
    """Return the error message for a file or folder that this user may not read."""
    return (
        f"{path} may not be read by this user: it belongs to another one; run as that user, "
        "have the folder's permissions changed, or set KB_DATA_DIR to another folder"
    )
