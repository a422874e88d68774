"""Start the browser UI: ``kb ui`` runs this file."""

from __future__ import annotations

import argparse
from pathlib import Path

APP = Path(__file__).with_name("app.py")


def streamlit_arguments(*, port: int = 8501, headless: bool = False) -> list[str]:
    """Return the arguments of ``streamlit`` that serve the UI on this machine only."""
    return [
        "run",
        str(APP),
        f"--server.port={port}",
        # Also in config.toml; said again because arguments outrank a configuration of the user's.
        "--server.address=localhost",
        "--browser.gatherUsageStats=false",
        "--server.showEmailPrompt=false",  # it would wait for an answer at the first start
        "--server.fileWatcherType=none",
        f"--server.headless={str(headless).lower()}",
    ]


def launch(*, port: int = 8501, headless: bool = False) -> None:
    """Serve the UI until interrupted."""
    from streamlit.web import cli  # noqa: PLC0415 - slow to import, and `--help` does without

    cli.main(streamlit_arguments(port=port, headless=headless), standalone_mode=False)


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8501, help="port to listen on")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    chosen = parser.parse_args(arguments)
    launch(port=chosen.port, headless=chosen.headless)


if __name__ == "__main__":
    main()
