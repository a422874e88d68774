"""Serves the browser UI: Streamlit's app behind our gate, on uvicorn.

``streamlit run`` would serve it without the gate, and would take messages of 200 MB from anybody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
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
from kb.errors import KnowledgeBaseError, SettingsError
from kb.settings import Settings
from ui.access import refusal, turned_away
from ui.gate import Gate
from ui.session import session, stop_jobs
from ui.shared import draw_unexpected
from ui.trust import is_guarded
from ui.visits import Visits, install

APP = Path(__file__).with_name("app.py")

MOST_MESSAGE_BYTES = 1 << 20
"""Longest message of a browser; the marks of 100,000 rows chosen in a table take 0.7 MB."""

_IDLE_S = 75  # longer than proxies keep idle connections, so that none is closed under a request
_GRACE_S = 5
_PING_S = 30


def streamlit_options(*, host: str, port: int) -> dict[str, str | int | bool]:
    """Return the options of Streamlit that outrank its files."""
    return {
        "server.address": host,
        "server.port": port,
        # This program opens the browser itself, and prints where it listens.
        "server.headless": True,
        "server.showEmailPrompt": False,  # it would wait for an answer at the first start
        "server.fileWatcherType": "none",
        # Streamlit gets a receipt for each file; more would stay in memory.
        "server.maxUploadSize": 1,
        "server.enableAgentApi": False,
        "browser.gatherUsageStats": False,
    }


def serve(*, host: str, port: int, open_browser: bool, announce: Callable[[str], None]) -> None:
    """Serve the UI until a signal says to end.

    Args:
        host: address or name to listen on.
        port: port to listen on.
        open_browser: open it once requests are answered.
        announce: told the URL once requests are answered.

    Raises:
        SettingsError: the address cannot be had, or is open to others and there is no login.
    """
    # Before anything else: it finds the configuration beside the script.
    app = App(APP, on_script_error=draw_unexpected)
    for name, value in streamlit_options(host=host, port=port).items():
        config.set_option(name, value)
    settings = Settings.load()
    guarded = is_guarded(settings)
    why = refusal(host, guarded=guarded)
    if why is not None:
        raise SettingsError(why)
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
    url = f"{'https' if certificate else 'http'}://{_shown(host)}:{port}"

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
    # The signal is raised again after the end: Ctrl-C is no error.
    with contextlib.suppress(KeyboardInterrupt):
        _Announcing(server, started).run(taken)


def take_addresses(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to all addresses of a name, which do not listen yet.

    Raises:
        SettingsError: an address is in use or not this machine's.
    """
    taken: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                bound = socket.socket(family, kind, protocol)
            except OSError:
                continue  # a kernel without this kind of address
            taken.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(address)
    except OSError as error:
        for bound in taken:
            bound.close()
        reason = error.strerror or str(error)
        msg = f"cannot listen on {host} port {port}: {reason}; choose another --port or --host"
        raise SettingsError(msg) from error
    return taken


class _Announcing(uvicorn.Server):
    """Says once that requests are answered; at the end lets go of the job under way."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what is asked already, then stop working on jobs."""
        await super().shutdown(sockets)
        await asyncio.to_thread(stop_jobs, _GRACE_S)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()


def _go_on(settings: Settings) -> None:
    """Go on with what an earlier process left undone, without waiting for a visitor."""
    if not Spool(settings.spool_dir).is_empty():
        with contextlib.suppress(KnowledgeBaseError):  # the page says why not
            session()


def _open(url: str) -> None:
    """Open the person's browser, where there is a screen before them to open it on."""
    if any(name in os.environ for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return  # the screen is another one than that of the terminal
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return
    webbrowser.open(url)


def _shown(host: str) -> str:
    """Return the name under which a person at this machine reaches an address."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host
