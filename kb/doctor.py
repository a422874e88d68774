"""The findings of `kb doctor`: processor, GPU, model, store."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from kb import language_findings, nvidia
from kb.data_folders import checkout_data
from kb.embedding.base import Embedder
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo
from kb.store.checked import StoreCheck

AGREEMENT = "catalog, vectors and full-text index agree"
"""Name of the finding that says whether the store is consistent; its value is a bool."""

PROBLEM = "problem"
"""Name of the finding that says why a section's component does not work."""

COLLECTION = "collection "
"""Prefix of a finding about one collection; the collection's name follows."""


def examine(
    base: KnowledgeBase, *, repair: bool = False, check: bool = True, model: bool = True
) -> dict[str, dict[str, Any]]:
    """Return the findings by section; loads the model.

    A failure becomes its section's :data:`PROBLEM`, and the other sections are still examined.

    Args:
        base: the knowledge base.
        repair: mend the store where possible.
        check: check the whole store, which takes the longest.
        model: load the models and examine them.
    """
    sections: dict[str, Callable[[], dict[str, Any]]] = {"machine": _machine}
    if model:
        sections["model"] = lambda: _model(base.embedder)
        if base.settings.reranker:
            sections["reranker"] = lambda: _reranker(base)
    sections["store"] = lambda: _store(base)
    if model:
        sections["languages"] = lambda: language_findings.findings(base)
    if check or repair:
        sections["check"] = lambda: _check(base.check(repair=repair))
    return {name: _looked_at(look) for name, look in sections.items()}


def sound(findings: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether every component works and the store, if it was checked, is consistent."""
    return all(
        PROBLEM not in values and values.get(AGREEMENT, True) for values in findings.values()
    )


def _looked_at(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return look()
    except KnowledgeBaseError as error:
        return {PROBLEM: str(error)}


def _check(found: StoreCheck) -> dict[str, Any]:
    values: dict[str, Any] = {
        AGREEMENT: found.ok,
        "catalog integrity": found.integrity,
    }
    for check in found.collections:
        if not check.ok:
            values[f"{COLLECTION}{check.collection.name}"] = (
                f"{len(check.without_vector)} chunks without vector, "
                f"{len(check.stray_vectors)} stray vectors, "
                f"{len(check.not_indexed)} chunks not indexed, "
                f"{len(check.stray_terms)} stray index entries, "
                f"{len(check.without_source)} documents without source, "
                f"sentences of {len(check.unsound_sentences)} chunks damaged, "
                f"{check.stray_sentences} stray"
            )
            if check.unreadable:
                values[f"vectors of {check.collection.name}"] = check.unreadable
    if found.wrong_names:
        values["index of file names"] = f"{found.wrong_names} names are wrong"
    if found.left:
        values["not mended"] = list(found.left)
    if found.not_checked:
        values["not checked"] = list(found.not_checked)
    if found.mended:
        values["mended"] = list(found.mended)
    if not found.ok:
        values["advice"] = _advice(found)
    return values


def _advice(found: StoreCheck) -> str:
    if found.not_checked:
        return "mount the folder writable, or copy it, then run `kb doctor --repair` there"
    if found.integrity != "ok":
        return (
            "the catalog itself is damaged and cannot be mended: move the store's folder away, "
            "then ingest your files again or `kb import` an archive"
        )
    if found.left:
        return 'follow the advice under "not mended", then run `kb doctor --repair` again'
    return "run `kb doctor --repair`"


def _machine() -> dict[str, Any]:
    from kb.cores import available_cores  # noqa: PLC0415

    gpus = _gpus()
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": available_cores(),
        **_memory(),
        "memory of this process": f"{_own_memory() / 2**20:,.0f} MiB",
        "gpu": gpus or ["none found"],
        **_looked_at(lambda: _llama_cpp(gpus)),
    }


def _llama_cpp(gpus: list[str]) -> dict[str, Any]:
    """Return the processor features that llama.cpp finds, and whether it can use a GPU.

    Raises:
        EngineError: its library cannot be loaded.
    """
    from kb.llama import library  # noqa: PLC0415 - llama.cpp loads only here

    features = [part.split("=")[0].strip() for part in library.system_info().split("|")]
    offload = library.supports_gpu()
    return {
        "cpu features": [name.removeprefix("CPU : ") for name in features if name],
        "gpu usable by llama.cpp": offload,
        **({"advice": _gpu_advice(os.environ)} if gpus and not offload else {}),
    }


def _gpu_advice(environ: Mapping[str, str]) -> str:
    """Say why llama.cpp was compiled for the processor, as the set-up does, and what to do."""
    why, command = nvidia.why_not(environ)
    if checkout_data() is not None:
        again = "make setup"
    else:
        flags = f"-DGGML_CUDA=on -DCMAKE_CUDA_ARCHITECTURES={nvidia.architectures(environ)}"
        version = importlib.metadata.version("llama-cpp-python")
        again = (
            f"CMAKE_ARGS='{flags}' {_installer()} --no-deps "
            f"--no-binary llama-cpp-python llama-cpp-python=={version}"
        )
    if not why:
        return f"a GPU is present but llama.cpp was built for the CPU; build it again: `{again}`"
    return (
        f"a GPU is present but llama.cpp was built for the CPU: {why}; install what is missing, "
        f"`{command}`, then build it again: `{again}`"
    )


def _installer() -> str:
    """Return the command that installs packages anew; environments of ``uv`` have no pip."""
    if PathFinder.find_spec("pip") is None:
        return f"uv pip install --python {sys.executable} --reinstall --no-cache"
    return f"{sys.executable} -m pip install --force-reinstall --no-cache-dir"


def _memory() -> dict[str, str]:
    """Return the machine's memory, and the free part of it where the system reports it (Linux)."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    found = {"memory": f"{total / 2**30:.1f} GiB"}
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return found
    free = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    if free is not None:
        found["free memory"] = f"{int(free) / 2**20:.1f} GiB"
    return found


def _own_memory() -> int:
    """Return the bytes this process holds now, or its peak where the system reports only that."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _gpus() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = ("--query-gpu=name,memory.total", "--format=csv,noheader")
    found = nvidia.answer([program, *query]) or ""
    return [line.strip() for line in found.splitlines() if line.strip()]


def _model(embedder: Embedder) -> dict[str, Any]:
    identity = embedder.identity
    details = getattr(embedder, "description", {})
    return {
        "name": identity.model_id,
        "dimensions": identity.dim,
        "tokens read at most": embedder.max_tokens,
        **{key.replace("_", " "): value for key, value in details.items()},
        "fingerprint": identity.fingerprint[:16],
    }


def _reranker(base: KnowledgeBase) -> dict[str, Any]:
    """Describe the reranker after it has scored one passage; searches skip it if told to."""
    try:
        reranker = base.reranker
        reranker.score("question", ["passage"])
    except KnowledgeBaseError as error:
        return {"name": base.settings.shown("reranker"), PROBLEM: str(error)}
    return {
        "name": reranker.identity.model_id,
        **{key.replace("_", " "): value for key, value in reranker.description.items()},
    }


def _refined(info: CollectionInfo) -> str:
    """Say how many chunks have vectors of their sentences."""
    if not info.chunks:
        return ""
    return ", all refined" if info.refined == info.chunks else f", {info.refined} of them refined"


def _elsewhere(place: str) -> str:
    return "" if place == "chroma" else f", vectors in {place}"


def _store(base: KnowledgeBase) -> dict[str, Any]:
    folder = base.settings.store_dir
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    found = base.collections()
    return {
        "folder": str(folder),
        "size": f"{size / 2**20:.1f} MiB",
        **({"read-only": base.read_only} if base.read_only else {}),
        **{
            f"{COLLECTION}{info.name}": f"{info.documents} documents, {info.chunks} chunks"
            + _refined(info)
            + _elsewhere(base.vector_store(info))
            for info in found
        },
    }
