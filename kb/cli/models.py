"""``kb models``: lists, downloads, chooses, measures and checks models."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from kb.choosing_models import kind_of
from kb.cli.common import EXIT_FAILED, JsonOption, expected_errors, print_json, stdout
from kb.cli.model_choice import KindOption, NameArgument, QuantOption, SourceOption, measure, use
from kb.cli.model_listings import (
    Shelf,
    gigabytes,
    known_json,
    plain,
    print_check,
    print_models,
    print_served,
    progress,
)
from kb.errors import ModelError
from kb.model_speeds import Speeds
from kb.models.bundled import pull_bundled_model
from kb.models.files import find_model, read_record, remove_model
from kb.models.known import SETTINGS
from kb.models.references import parse_reference
from kb.models.registry import KNOWN, ModelFile, find_known
from kb.redaction import redacted
from kb.remote.address import names_servers
from kb.settings import Settings

app = typer.Typer(no_args_is_help=True, help="List, download, choose, measure and check models.")


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List models by kind: known models, models on this machine, and models in use."""
    from kb.remote.neighbours import served_chat_models  # noqa: PLC0415 - an HTTP client

    with expected_errors():
        settings = Settings.load()
        shelf = Shelf.of(settings)
        served = served_chat_models()
        if as_json:
            print_json(
                {
                    "in_use": settings.shown("model"),
                    "reranker": settings.shown("reranker") or None,
                    "chat_model": settings.shown("chat_model") or None,
                    "known": [known_json(model) for model in KNOWN],
                    "installed": [shelf.file_json(file) for file in shelf.files],
                    "servers": [asdict(model) for model in served],
                }
            )
            return
        print_models(shelf, settings, stdout())
        print_served(served, stdout())


@app.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show the known facts about a model."""
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
            speed = Speeds(settings.data_dir).of(file.path)
            facts["speed"] = asdict(speed) if speed else None
        if as_json:
            print_json(facts)
            return
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for key, value in facts.items():
            table.add_row(key.replace("_", " "), plain(value))
        stdout().print(table)


@app.command()
def pull(name: NameArgument, quant: QuantOption = None, source: SourceOption = "hf") -> None:
    """Download a model; an interrupted download continues."""
    from kb.models import hub  # noqa: PLC0415 - an HTTP client is for this only

    with expected_errors():
        settings = Settings.load()
        known = find_known(name)
        if known is not None and known.built_in:
            with progress(f"pulling {known.name}") as tell:
                path = pull_bundled_model(settings.models_dir, on_progress=tell)
            stdout().print(f"{path} is here and verified", markup=False)
            return
        reference = parse_reference(name, hub=source, quant=quant)
        with progress(f"pulling {reference.file}") as tell:
            path = hub.pull(reference, settings.models_dir, on_progress=tell)
        verified = "" if read_record(path) is None else " and verified"  # else put there by hand
        stdout().print(
            f"{path} is here{verified} ({gigabytes(path.stat().st_size)}); "
            f"`kb models use {path.relative_to(settings.models_dir).as_posix()}` takes it into use",
            markup=False,
        )


app.command()(use)
app.command()(measure)


@app.command()
def remove(
    name: NameArgument,
    quant: QuantOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Delete it even if it is in use.")
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
    name: Annotated[
        str | None, typer.Argument(help="A model; by default the embedding model in use.")
    ] = None,
    quant: QuantOption = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a model and check its health: its bytes, and its results for a few texts."""
    from kb import model_health  # noqa: PLC0415 - llama.cpp takes a second to load

    with expected_errors():
        settings = Settings.load()
        wanted = name or settings.model
        if names_servers(wanted):
            msg = f"{wanted} is a server, which chooses its model itself; `kb doctor` asks it"
            raise ModelError(msg)
        file = find_model(f"{wanted}:{quant}" if quant else wanted, settings.models_dir, kind=kind)
        what = kind or ("embedding" if name is None else kind_of(file))
        done = model_health.check(file, what, settings)
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
        Path | None,
        typer.Option("--out", "-o", help="GGUF file to write; by default below models/."),
    ] = None,
    quantize: Annotated[
        Literal["Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "F16"] | None,
        typer.Option(
            "--quantize", "-q", help="Make it smaller; by default it keeps its precision."
        ),
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
    names = [getattr(settings, setting) for setting in SETTINGS.values()]
    return any(
        find_model(name, settings.models_dir).path == file.path
        for name in names
        if name and not names_servers(name) and _is_installed(name, settings)
    )
