"""The command line of ``python -m ingest``: one command, no subcommands."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from ingest.display import print_report, progress
from ingest.engines.choice import EngineChoice, EngineName, RayCluster
from ingest.options import IngestOptions
from ingest.pipeline.report import IngestReport
from ingest.run import ingest
from kb import ending, interrupts
from kb.errors import KnowledgeBaseError, MissingExtraError, SettingsError
from kb.first_start import greeting
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(  # noqa: PLR0917 - each parameter is an option of the command
    context: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(help="Folders, files and URLs (s3://bucket/folder) to bring up to date."),
    ],
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Collection to fill.")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(help="Only files that match this glob; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="No files that match this glob; repeatable.")
    ] = None,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Remove documents whose files no longer exist or are left out."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Let --prune remove more than half.")] = False,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Hash files even if size and time are unchanged.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Read failed files again.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")
    ] = False,
    ocr: Annotated[
        bool | None, typer.Option("--ocr/--no-ocr", help="Read scanned pages and pictures by OCR.")
    ] = None,
    password: Annotated[
        list[str] | None, typer.Option(help="Password for encrypted files; repeatable.")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File with one password per line.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Then follow changes until Ctrl-C.")
    ] = False,
    engine: Annotated[
        EngineName,
        typer.Option(help="Where to read and embed: on this machine, or on a Ray cluster."),
    ] = "local",
    address: Annotated[
        str, typer.Option(help="Head of the Ray cluster, host:port; by default this machine's.")
    ] = "",
    gpus_per_actor: Annotated[
        float,
        typer.Option(help="With --engine ray: GPUs of each process that embeds."),
    ] = 0.0,
    models_at: Annotated[
        str, typer.Option(help="With --engine ray: folder or URL from which nodes get the model.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Read PDF, DOCX, Markdown and TXT files into the knowledge base.

    Running twice changes nothing the second time. Exit status: 0 when every file is up to
    date, 1 when some file could not be read, 2 for wrong usage or settings or a package that is
    not installed, 130 if interrupted.
    """
    errors = Console(stderr=True)
    interruption = context.obj or interrupts.Interruption()
    try:
        options = IngestOptions(
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            prune=prune,
            force_prune=yes,
            checksum=checksum,
            retry=retry,
            dry_run=dry_run,
            ocr=ocr,
            passwords=_passwords(password or [], password_file),
        )
        settings = Settings.load(collection=collection)
        chosen = _engine(engine, address, gpus_per_actor, models_at)
        if told := greeting(settings):
            errors.print(told, markup=False, highlight=False, soft_wrap=True)
        if watch:
            if as_json or dry_run or chosen != "local":
                msg = "--watch cannot be combined with --json, --dry-run or --engine; leave one out"
                raise SettingsError(msg)
            _watch(settings, paths, options, errors, interruption)
        report = _ingest(settings, paths, options, errors, interruption.event, engine=chosen)
    except KnowledgeBaseError as error:
        if debug:
            raise
        errors.print(
            "error:", str(error), style="red", markup=False, highlight=False, soft_wrap=True
        )
        usage = isinstance(error, SettingsError | MissingExtraError)
        raise typer.Exit(EXIT_USAGE if usage else EXIT_FAILED) from None
    if as_json:
        sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        print_report(report, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(interruption.status if report.interrupted else _status(report))


def _ingest(
    settings: Settings,
    paths: list[str],
    options: IngestOptions,
    errors: Console,
    cancel: threading.Event,
    *,
    engine: EngineChoice,
) -> IngestReport:
    try:
        with (
            KnowledgeBase.open(settings, interrupted=cancel) as base,
            progress(errors) as shown,
        ):
            report = ingest(
                base,
                paths,
                options=options,
                on_event=shown.on_event,
                cancel=cancel,
                refining=shown.refining,
                engine=engine,
            )
            ending.begin()
            return report
    except KeyboardInterrupt:  # while the store opened
        return IngestReport(
            collection=settings.collection,
            files=(),
            seconds=0.0,
            interrupted=True,
            dry_run=options.dry_run,
        )


def _watch(
    settings: Settings,
    paths: list[str],
    options: IngestOptions,
    errors: Console,
    interruption: interrupts.Interruption,
) -> NoReturn:
    """Follow changes until Ctrl-C: report the first run, then print a line for each change."""
    from ingest.watch import ChangeLines, Watcher  # noqa: PLC0415 - only --watch needs it

    lines = ChangeLines()
    first = True

    def say(line: str) -> None:
        errors.print(
            f"{datetime.now().astimezone():%H:%M:%S} {line}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def tell(report: IngestReport) -> None:
        nonlocal first
        news = lines.of(report)
        if first:
            print_report(report, Console(highlight=False, soft_wrap=True))
            sys.stdout.flush()
            say("watching for changes; Ctrl-C ends")
        else:
            for line in news:
                say(line)
        first = False

    # Without this handler, or while the store waits for another process, Ctrl-C raises an
    # exception.
    with (
        contextlib.suppress(KeyboardInterrupt),
        KnowledgeBase.open(settings, interrupted=interruption.event) as base,
    ):
        Watcher(
            base,
            paths,
            options=options,
            on_report=tell,
            on_error=lambda error: say(f"error: {error}"),
            on_remark=say,
            stop=interruption.event,
        ).run()
    say("interrupted; what was read stays")
    raise typer.Exit(interruption.status)


def _status(report: IngestReport) -> int:
    return EXIT_OK if report.ok else EXIT_FAILED


def _engine(name: EngineName, address: str, gpus: float, models_at: str) -> EngineChoice:
    if name == "ray":
        return RayCluster(address=address, gpus_per_actor=gpus, models_at=models_at)
    if address or gpus or models_at:
        msg = "--address, --gpus-per-actor and --models-at are for --engine ray; add it"
        raise SettingsError(msg)
    return name


def _passwords(given: list[str], file: Path | None) -> tuple[str, ...]:
    if file is None:
        return tuple(given)
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the password file {file} cannot be read: {error}"
        raise SettingsError(msg) from error
    return (*given, *(line for line in lines if line))


def main() -> None:
    """Run the command; Ctrl-C ends it with a partial report and 130, SIGTERM with 143."""
    interruption = interrupts.Interruption()
    interruption.watch()
    ending.after_one_command()
    try:
        app(obj=interruption)
    finally:
        interrupts.ignore()
