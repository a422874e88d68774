"""Starts the browser UI: ``kb ui`` runs this file."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from kb.config_file import write_secret, write_settings
from kb.errors import KnowledgeBaseError
from kb.first_start import greeting
from kb.setting_sources import config_path
from ui.access import LEAST_CHARACTERS, hashed

_USAGE = 2


def launch(*, host: str = "localhost", port: int = 8501, headless: bool = False) -> None:
    """Serve the UI until interrupted.

    Raises:
        KnowledgeBaseError: the UI would be open to others without a login, or the port is in use.
    """
    from kb.settings import Settings  # noqa: PLC0415 - slow to import, and `--help` does without
    from ui.serving import serve  # noqa: PLC0415 - likewise

    if told := greeting(Settings.load()):
        sys.stderr.write(f"{told}\n")

    def announce(url: str) -> None:
        sys.stderr.write(f"Shelfmark is at {url} (Ctrl-C ends it)\n")

    serve(host=host, port=port, open_browser=not headless, announce=announce)


def set_password() -> None:
    """Ask for a password twice and save its hash: in ``kb.toml``, or the configured file."""
    first = getpass.getpass("New password for the browser UI: ")
    if len(first) < LEAST_CHARACTERS:
        _end(f"a password has at least {LEAST_CHARACTERS} characters; nothing was changed")
    if getpass.getpass("Once more: ") != first:
        _end("the two differ; nothing was changed")
    secret = os.environ.get("KB_UI_PASSWORD_HASH_FILE")
    path = Path(secret) if secret else config_path()
    if secret:
        write_secret(path, hashed(first))
    else:
        write_settings(path, {"ui_password_hash": hashed(first)})
    sys.stdout.write(f"The browser UI asks for this password from its next start ({path}).\n")


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="localhost", help="address to listen on")
    parser.add_argument("--port", type=int, default=8501, help="port to listen on")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    parser.add_argument("--set-password", action="store_true", help="set the password and end")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.set_password:
            set_password()
            return
        launch(host=chosen.host, port=chosen.port, headless=chosen.headless)
    except KnowledgeBaseError as error:
        _end(str(error))


def _end(why: str) -> None:
    sys.stderr.write(f"error: {why}\n")
    sys.exit(_USAGE)


if __name__ == "__main__":
    main()
