"""``kb models``: which embedding models there are, getting, choosing and checking them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from kb.cli.common import EXIT_FAILED, JsonOption, expected_errors, print_json, stdout
from kb.cli.model_listings import (
    gigabytes,
    known_json,
    plain,
    print_check,
    print_refused,
    progress,
    table_of,
)
from kb.config_file import write_settings
from kb.errors import ModelError
from kb.knowledge_base import KnowledgeBase
from kb.models import bundled
from kb.models.files import find_model, installed, read_record, remove_model
from kb.models.references import parse_reference
from kb.models.registry import KNOWN, ModelFile, find_known
from kb.redaction import redacted
from kb.remote.address import names_servers
from kb.setting_changes import outranked, variable
from kb.setting_sources import config_path
from kb.settings import Settings

app = typer.Typer(no_args_is_help=True, help="List, download, choose and check embedding models.")

NameArgument = Annotated[
    str, typer.Argument(help="A name from `kb models list`, hf:owner/repo/file or ms:…")
]
QuantOption = Annotated[
    str | None, typer.Option("--quant", "-q", help="Quantisation: Q4_K_M, Q8_0, F16 …")
]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the known models, those on this machine, and the one in use."""
    with expected_errors():
        settings = Settings.load()
        there = installed(settings.models_dir)
        if as_json:
            files = [
                {**asdict(file), "path": str(file.path), "known": file.known and file.known.name}
                for file in there
            ]
            known = [known_json(model) for model in KNOWN]
            print_json({"in_use": settings.shown("model"), "known": known, "installed": files})
            return
        table = table_of("name", "dimensions", "tokens", "quantisations (GB)", "on this machine")
        for model in KNOWN:
            mine = [file.quant for file in there if file.known is model]
            offered = ", ".join(f"{file.quant} {file.size_gb:g}" for file in model.files)
            built_in = model.built_in and bundled.is_here(settings.models_dir)
            here = "built in" if built_in else ", ".join(mine) or "-"
            table.add_row(
                model.name, str(model.dimensions), f"{model.context_tokens:,}", offered, here
            )
        console = stdout()
        console.print(table)
        for file in there:
            if file.known is None:
                console.print(f"also here: {file.reference} ({gigabytes(file.size)})", markup=False)
        console.print(f"in use: {settings.shown('model')}", markup=False)


@app.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show what is known about a model."""
    with expected_errors():
        settings = Settings.load()
        known, file = find_known(name.partition(":")[0]), None
        if known is None or _is_installed(name, settings):
            file = find_model(name, settings.models_dir)
            known = known or file.known
        facts: dict[str, Any] = known_json(known) if known else {"name": redacted(name)}
        if file is not None:
            record = read_record(file.path)
            facts["file"] = str(file.path)
            facts["size"] = file.path.stat().st_size
            facts["downloaded_from"] = record.source if record else None
            facts["sha256"] = record.sha256 if record else None
        if as_json:
            print_json(facts)
            return
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for key, value in facts.items():
            table.add_row(key.replace("_", " "), plain(value))
        stdout().print(table)


@app.command()
def pull(
    name: NameArgument,
    quant: QuantOption = None,
    source: Annotated[
        Literal["hf", "ms"],
        typer.Option("--from", help="Hugging Face (hf) or ModelScope (ms), for known models."),
    ] = "hf",
) -> None:
    """Download a model; one that broke off goes on from where it stopped."""
    from kb.models import hub  # noqa: PLC0415 - an HTTP client is for this only

    with expected_errors():
        settings = Settings.load()
        known = find_known(name)
        if known is not None and known.built_in:
            with progress(f"pulling {known.name}") as tell:
                path = bundled.pull_bundled_model(settings.models_dir, on_progress=tell)
            stdout().print(f"{path} is here and verified", markup=False)
            return
        reference = parse_reference(name, hub=source, quant=quant)
        with progress(f"pulling {reference.file}") as tell:
            path = hub.pull(reference, settings.models_dir, on_progress=tell)
        stdout().print(
            f"{path} is here and verified ({gigabytes(path.stat().st_size)}); "
            f"`kb models use {path.relative_to(settings.models_dir).as_posix()}` takes it into use",
            markup=False,
        )


@app.command()
def use(
    name: NameArgument,
    quant: QuantOption = None,
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", help="Also make this the collection that is used."),
    ] = None,
) -> None:
    """Write a model into kb.toml as the one to use."""
    with expected_errors():
        settings = Settings.load()
        file = find_model(f"{name}:{quant}" if quant else name, settings.models_dir)
        values = {"model": _as_setting(file, settings)}
        if collection is not None:
            values["collection"] = collection
        write_settings(config_path(), values)
        console = stdout()
        for key, value in values.items():
            console.print(f"{config_path()}: {key} = {value}", markup=False)
            if outranked(key):
                _warn(f"{variable(key)} is set in the environment and outranks {config_path()}")
        with KnowledgeBase.open(settings) as base:
            others = [info for info in base.collections() if info.embedder != file.model_id]
        print_refused(others, values["model"], console)


@app.command()
def remove(
    name: NameArgument,
    quant: QuantOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Even if it is the model in use.")
    ] = False,
) -> None:
    """Delete a downloaded model from the models folder."""
    with expected_errors():
        settings = Settings.load()
        known = find_known(name)
        if known is not None and known.built_in:
            msg = f"{known.name} is built in; it would be made again at the next start"
            raise ModelError(msg)
        file = find_model(f"{name}:{quant}" if quant else name, settings.models_dir)
        if not file.path.is_relative_to(settings.models_dir.resolve()):
            msg = f"{file.path} is not in {settings.models_dir}; remove it yourself"
            raise ModelError(msg)
        if not yes and _in_use(file, settings):
            msg = (
                f"{file.path.name} is the model in use; choose another with `kb models use`, or "
                "remove it all the same with --yes"
            )
            raise ModelError(msg)
        size = file.path.stat().st_size
        remove_model(file.path)
        stdout().print(f"removed {file.path} ({gigabytes(size)})", markup=False)


@app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="A model; the one in use if left out.")] = None,
    quant: QuantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a model and say whether it is healthy: bytes, tokenizer, and known similarities."""
    from kb.embedding.checking import check_model  # noqa: PLC0415 - llama.cpp takes a second to load

    with expected_errors():
        settings = Settings.load()
        wanted = name or settings.model
        if names_servers(wanted):
            msg = f"{wanted} is a server, which serves what it serves; `kb doctor` asks it"
            raise ModelError(msg)
        file = find_model(f"{wanted}:{quant}" if quant else wanted, settings.models_dir)
        done = check_model(file, n_gpu_layers=settings.n_gpu_layers, threads=settings.threads)
        if as_json:
            print_json({**asdict(done), "healthy": done.healthy})
        else:
            print_check(done, stdout())
        if not done.healthy:
            raise typer.Exit(EXIT_FAILED)


@app.command()
def convert(
    checkpoint: Annotated[
        Path, typer.Argument(help="Folder of a Hugging Face checkpoint (safetensors).")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="GGUF file to write; else below models/.")
    ] = None,
    quantize: Annotated[
        Literal["Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "F16"] | None,
        typer.Option("--quantize", "-q", help="Make it smaller; else its own precision is kept."),
    ] = None,
) -> None:
    """Turn a Hugging Face checkpoint into a GGUF file."""
    from kb.models.convert import convert_checkpoint  # noqa: PLC0415 - gguf is for this only

    with expected_errors():
        name = checkpoint.resolve().name + (f"-{quantize}" if quantize else "")
        target = out or Settings.load().models_dir / f"{name}.gguf"
        with progress(f"converting {checkpoint.name}") as tell:
            done = convert_checkpoint(checkpoint, target, quantize=quantize, on_progress=tell)
        stdout().print(
            f"{done.path}: {done.architecture}, {done.dtype}, {done.dim} dimensions, "
            f"{done.pooling} pooling, {gigabytes(done.size_bytes)}",
            markup=False,
        )


def _is_installed(name: str, settings: Settings) -> bool:

    try:
        find_model(name, settings.models_dir)
    except ModelError:
        return False
    return True


def _in_use(file: ModelFile, settings: Settings) -> bool:

    return (
        _is_installed(settings.model, settings)
        and find_model(settings.model, settings.models_dir).path == file.path
    )


def _as_setting(file: ModelFile, settings: Settings) -> str:
    """Return how the settings name a file: by name where it would be found by that."""
    if file.known is not None and file.known.built_in:
        return file.known.name
    folder = settings.models_dir.resolve()
    if file.path.is_relative_to(folder):
        return file.path.relative_to(folder).as_posix()
    return str(file.path)


def _warn(text: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False, style="yellow")
