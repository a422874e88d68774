"""Model files on disk: find the one of the settings, list and remove them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from kb.errors import ModelError
from kb.models import bundled
from kb.models.known import SETTINGS, WORDS, Kind, KnownModel
from kb.models.registry import ModelFile, find_known, known_by_file, offered_for
from kb.settings import Settings

SUFFIX = ".gguf"
HUBS = ("hf:", "ms:")
"""Prefixes of models named by repository: from Hugging Face, from ModelScope."""

_SAMPLE_BYTES = 1 << 16
_SAMPLES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRecord:
    """Origin of a file, kept beside it. ``sha256`` was verified at the download."""

    source: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModel:
    """A model file below the models folder; ``reference`` is its name in the settings."""

    reference: str
    path: Path
    size: int
    known: KnownModel | None
    quant: str
    record: DownloadRecord | None


def resolve_model(settings: Settings) -> ModelFile:
    """Find the embedding model of ``settings``: see :func:`find_model`."""
    return find_model(settings.model, settings.models_dir, kind="embedding")


def find_model(name: str, models_dir: Path, *, kind: Kind | None = None) -> ModelFile:
    """Find a model on this machine by its name; write the bundled one if it is missing.

    A name is one of the registry (``Qwen3-Embedding-4B``, or with a quantisation
    ``Qwen3-Embedding-4B:Q8_0``), the path of a GGUF file, absolute or below the models folder, or
    the name of its download (``hf:owner/repo/file.gguf``).

    Raises:
        ModelError: the model does not exist, or is of another kind than ``kind``. The message says
            what to do.
    """
    _require_kind(name, find_known(name.partition(":")[0]), kind)
    found = _found(name, models_dir, kind)
    _require_kind(name, found.known, kind)
    return found


def needs_download(name: str, models_dir: Path) -> bool:
    """Return whether a name is that of a downloadable model that is not on this machine."""
    known = find_known(name.partition(":")[0])
    if known is None and not name.startswith(HUBS):
        return False
    if known is not None and known.built_in:
        return not bundled.is_here(models_dir)
    try:
        find_model(name, models_dir)
    except ModelError:
        return True
    return False


def _require_kind(name: str, known: KnownModel | None, kind: Kind | None) -> None:
    if kind is None or known is None or known.kind == kind:
        return
    msg = (
        f"{name} is no {WORDS[kind]}: it is a model for the setting {SETTINGS[known.kind]} "
        f"({WORDS[known.kind]}), and `kb models use {name}` writes it there"
    )
    raise ModelError(msg)


def _found(name: str, models_dir: Path, kind: Kind | None) -> ModelFile:
    if name == bundled.MODEL_ID:
        path = bundled.ensure_bundled_model(models_dir)
        return ModelFile(model_id=name, path=path, known=find_known(name))
    base, _, quant = name.partition(":")
    known = find_known(base)
    if known is not None:
        return _installed_known(known, quant or None, models_dir)
    named = Path(name).expanduser()
    # The last attempt: collections record a model under its file's name without the suffix.
    places = (
        named,
        models_dir / named,
        models_dir / place_of(name),
        models_dir / f"{name}{SUFFIX}",
    )
    for path in places:
        if path.is_file():
            entry = known_by_file(path.name)
            return ModelFile(
                model_id=path.stem, path=path.resolve(), known=entry[0] if entry else None
            )
    raise ModelError(_missing(name, models_dir, kind))


def place_of(name: str) -> Path:
    """Return the path of a pulled file, relative to the models folder.

    Files of the registry have their own names there. Other files are below their owner and
    repository, because two repositories may use the same file name.
    """
    path = Path(name.partition(":")[2] if name.startswith(HUBS) else name)
    return Path(path.name) if known_by_file(path.name) else path


def installed(models_dir: Path) -> list[InstalledModel]:
    """Return all model files below the folder, sorted by path."""
    found = []
    for path in sorted(models_dir.rglob(f"*{SUFFIX}")):
        entry = known_by_file(path.name)
        found.append(
            InstalledModel(
                reference=path.relative_to(models_dir).as_posix(),
                path=path,
                size=path.stat().st_size,
                known=entry[0] if entry else None,
                quant=entry[1].quant if entry else "",
                record=read_record(path),
            )
        )
    return found


def remove_model(path: Path) -> None:
    """Delete a model file, its record and the remains of interrupted downloads.

    Raises:
        ModelError: the file system refuses.
    """
    try:
        for left in path.parent.iterdir():
            if left.name.startswith(f"{path.name}."):
                left.unlink()
        path.unlink(missing_ok=True)
    except OSError as error:
        msg = f"cannot remove {path}: {error}"
        raise ModelError(msg) from error


def write_record(path: Path, record: DownloadRecord) -> None:
    """Record the origin of a model file beside it."""
    _record_path(path).write_text(json.dumps(asdict(record), indent=2) + "\n", "utf-8")


def read_record(path: Path) -> DownloadRecord | None:
    """Return the origin of a model file; None if a person has put it there."""
    try:
        return DownloadRecord(**json.loads(_record_path(path).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def weights_fingerprint(path: Path) -> str:
    """Return a hash of a model file: its size, its head and 64 samples spread over it.

    Hashing a whole file of 2.5 GB would take seconds at each start. Quantised weights differ in
    nearly every block, so samples tell two models apart.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for sample in range(_SAMPLES):
            file.seek(max(0, size - _SAMPLE_BYTES) * sample // max(1, _SAMPLES - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _record_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _installed_known(known: KnownModel, quant: str | None, models_dir: Path) -> ModelFile:
    if known.built_in:
        return find_model(known.name, models_dir)
    files = known.files if quant is None else (known.file(quant),)
    for file in files:  # the default first
        path = models_dir / file.name
        if path.is_file():
            return ModelFile(model_id=path.stem, path=path.resolve(), known=known)
    flag = f" --quant {quant}" if quant else ""
    msg = (
        f"{known.name}{f' ({quant})' if quant else ''} is not on this machine yet: run "
        f"`kb models pull {known.name}{flag}` ({files[0].size_gb:.1f} GB), or put the file "
        f"{files[0].name} into {models_dir}"
    )
    raise ModelError(msg)


def _missing(name: str, models_dir: Path, kind: Kind | None) -> str:
    if name.startswith(HUBS):
        return (
            f"{name} is not on this machine yet: run `kb models pull {name}`, or put the file "
            f"at {models_dir / place_of(name)}"
        )
    offered = offered_for(name, kind)
    if kind is None:
        return (
            f"there is no model {name!r}: name one of {offered}, or give the path of a GGUF file, "
            f"or put the file into {models_dir}"
        )
    return (
        f"there is no {WORDS[kind]} {name!r}: set KB_{SETTINGS[kind].upper()} to one of {offered}, "
        f"to the path of a GGUF file, below {models_dir} or in full, or to the name of a download, "
        "such as hf:owner/repository/file.gguf (`kb models pull` it first)"
    )
