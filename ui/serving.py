"""Serves the browser UI: Streamlit's app behind the gate, on uvicorn.

``streamlit run`` would serve it without the gate, and would accept messages of 200 MB from anybody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

import streamlit as st
import uvicorn
from streamlit import config
from streamlit.starlette import App

from ingest.jobs import Spool
from kb.errors import KnowledgeBaseError
from kb.listening import AnnouncingServer, require_guard, take_addresses, url_of
from kb.settings import Settings
from ui.access import open_to_all, turned_away
from ui.gate import Gate
from ui.session import has_watched_folders, session, stop_jobs
from ui.shared import draw_unexpected
from ui.trust import is_guarded
from ui.visits import Visits, install

APP = Path(__file__).with_name("app.py")

MOST_MESSAGE_BYTES = 1 << 20
"""Longest message of a browser; the selection of 100,000 rows of a table takes 0.7 MB."""

_IDLE_S = 75  # longer than proxies keep idle connections, so that none closes under a request
_GRACE_S = 5
_PING_S = 30


def streamlit_options(*, host: str, port: int) -> dict[str, str | int | bool]:
    """Return Streamlit's options that outrank its files."""
    return {
        "server.address": host,
        "server.port": port,
        # This program itself opens the browser and prints the address.
        "server.headless": True,
        "server.showEmailPrompt": False,  # it would ask a question at the first start
        "server.fileWatcherType": "none",
        # Streamlit gets a receipt for each file; the files would stay in memory.
        "server.maxUploadSize": 1,
        "server.enableAgentApi": False,
        "browser.gatherUsageStats": False,
    }


def serve(*, host: str, port: int, open_browser: bool, announce: Callable[[str], None]) -> None:
    """Serve the UI until a signal.

    Args:
        host: address or name to listen on.
        port: port to listen on.
        open_browser: open the browser once the server answers requests.
        announce: receives the URL once the server answers requests.

    Raises:
        SettingsError: the address is not available, or others can reach it and there is no login.
    """
    # First of all: it finds the configuration beside the script.
    app = App(APP, on_script_error=draw_unexpected)
    for name, value in streamlit_options(host=host, port=port).items():
        config.set_option(name, value)
    settings = Settings.load()
    guarded = is_guarded(settings)
    require_guard(host, guarded=guarded, otherwise=open_to_all(host))
    visits = Visits()
    install(visits)
    gate = Gate(
        app,
        visits=visits,
        turned_away=lambda headers: turned_away(
            headers, address=host, guarded=guarded, trust=settings.ui_trust
        ),
        address=host,
        origins=st.get_option("server.corsAllowedOrigins"),
    )
    certificate, key = st.get_option("server.sslCertFile"), st.get_option("server.sslKeyFile")
    url = url_of(host, port, scheme="https" if certificate else "http")

    def started() -> None:
        announce(url)
        threading.Thread(target=_go_on, args=(settings,), name="going on", daemon=True).start()
        if open_browser:
            threading.Thread(target=_open, args=(url,), name="browser", daemon=True).start()

    server = uvicorn.Config(
        gate,
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    taken = take_addresses(host, port)
    # The signal is raised again after the end: Ctrl-C is not an error.
    with contextlib.suppress(KeyboardInterrupt):
        AnnouncingServer(server, started=started, ended=_let_go).run(taken)


async def _let_go() -> None:
    """Stop working on jobs."""
    await asyncio.to_thread(stop_jobs, _GRACE_S)


def _go_on(settings: Settings) -> None:
    """Continue an earlier process's work without waiting for a visitor."""
    # If the knowledge base cannot be opened, the page gives the reason.
    with contextlib.suppress(KnowledgeBaseError, PermissionError):
        if not Spool(settings.spool_dir).is_empty() or has_watched_folders(settings):
            session()


def _open(url: str) -> None:
    """Open the browser, if this machine has a screen."""
    if any(name in os.environ for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return  # the terminal is on another machine
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return
    webbrowser.open(url)
