"""``kb serve`` and ``kb ui``: the knowledge base over HTTP, and in the browser."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from kb.cli.common import EXIT_FAILED, opened

if TYPE_CHECKING:
    from kb.server.journal import AccessLog


def serve(  # noqa: PLR0917 - typer reads options from parameters
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; others than this machine's need a key."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
    ] = 8600,
    model: Annotated[
        str | None, typer.Option("--model", help="Model to serve, if not that of the settings.")
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(
            min=1, help="Limit of requests a minute for a key without a limit of its own."
        ),
    ] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy", help="A reverse proxy passes requests on, so everybody needs a key."
        ),
    ] = False,
    long_inputs: Annotated[
        Literal["windows", "refuse"],
        typer.Option(
            help="How to treat a text that is too long for the model, unless a request "
            "says: embed it in windows, or refuse it."
        ),
    ] = "windows",
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Site whose pages may send requests and read answers: https://chat.example."
        ),
    ] = None,
    access_log: Annotated[
        str,
        typer.Option(help="File for a line of JSON about each request; `none` writes no lines."),
    ] = "-",
) -> None:
    """Serve embeddings (with OpenAI's interface) and search over HTTP.

    Once a key exists (`kb keys create`, or KB_SERVER_API_KEY of 16 characters or more), every
    client needs one. Standard error gets a line of JSON about each request. Ctrl-C first finishes
    running requests, then ends the server.
    """
    from kb.server.limits import Limits  # noqa: PLC0415 - only this command needs FastAPI
    from kb.server.running import serve as run  # noqa: PLC0415 - likewise

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with ExitStack() as held:
        base = held.enter_context(opened(model=model))
        log = None if access_log == "none" else _access_log(access_log)
        if log is not None:
            held.callback(log.close)
        run(
            base,
            host=host,
            port=port,
            limits=Limits(
                queue_texts=base.settings.queue_texts,
                queue_bytes=base.settings.queue_mb << 20,
                rate=rate,
                long_inputs=long_inputs,
            ),
            behind_proxy=behind_proxy,
            origins=origin or (),
            note=log.add if log is not None else None,
            announce=lambda url: console.print(
                f"serving {base.embedder.identity.model_id} on {url} (Ctrl-C ends)", markup=False
            ),
        )


def _access_log(place: str) -> AccessLog:
    from kb.server.journal import AccessLog  # noqa: PLC0415 - as above

    return AccessLog(sys.stderr) if place == "-" else AccessLog.to(Path(place))


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's need a login.")
    ] = "localhost",
    set_password: Annotated[
        bool, typer.Option("--set-password", help="Set the password of the UI, and exit.")
    ] = False,
) -> None:
    """Open the knowledge base in the browser."""
    # Located by its files instead of imported: the UI depends on kb, and nothing in kb imports it.
    spec = importlib.util.find_spec("ui")
    if spec is None or not spec.submodule_search_locations:
        Console(stderr=True).print("error: the package `ui` is not installed")
        raise typer.Exit(EXIT_FAILED)
    folder = Path(next(iter(spec.submodule_search_locations)))
    sys.argv = [str(folder / "launch.py"), "--port", str(port), "--host", host]
    if set_password:
        sys.argv.append("--set-password")
    runpy.run_path(str(folder / "launch.py"), run_name="__main__")
