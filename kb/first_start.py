"""The text of the very first start: the place of the data, and the samples to try."""

from __future__ import annotations

import importlib.metadata
import shlex
from pathlib import Path

from kb.data_folders import APP_NAME, checkout_data, default_data_dir
from kb.settings import Settings

_SAMPLES = f"share/{APP_NAME}/samples/"


def samples() -> Path | None:
    """Return the folder of sample documents, of the checkout or the installed package, if any."""
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
    """Return the greeting of the first start; empty once a store exists.

    It is also empty for people who named the data folder or work in a checkout: they know the
    place.
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
