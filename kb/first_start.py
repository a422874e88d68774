"""What a person is told at the very first start: where data is kept, and what to try it with."""

from __future__ import annotations

import importlib.metadata
import shlex
from pathlib import Path

from kb.data_folders import APP_NAME, checkout_data, default_data_dir
from kb.settings import Settings

_SAMPLES = f"share/{APP_NAME}/samples/"


def samples() -> Path | None:
    """Return the folder of sample documents: of the checkout, or as installed; None without."""
    data = checkout_data()
    if data is not None:
        return data / "samples" if (data / "samples").is_dir() else None
    try:
        files = importlib.metadata.files(APP_NAME) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if _SAMPLES in file.as_posix():
            folder = Path(str(file.locate())).resolve().parent
            return folder if folder.is_dir() else None
    return None


def greeting(settings: Settings) -> str:
    """Return what to say before the store is made for the first time; empty at any other time.

    Who has named the data folder, or works in a checkout, knows where it is.
    """
    if checkout_data() is not None or settings.data_dir != default_data_dir():
        return ""
    if settings.store_dir.exists():
        return ""
    kept = f"This is the first start. Your knowledge base is kept in {settings.data_dir};"
    lines = [f"{kept} set KB_DATA_DIR to keep it elsewhere."]
    folder = samples()
    if folder is not None:
        lines.append(f"To try it with sample documents: kb ingest {shlex.quote(str(folder))}")
    return "\n".join(lines)
