"""A knowledge base served by a thread of the test: real HTTP, and no second process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from kb import KnowledgeBase
from kb.listening import AnnouncingServer, take_addresses
from kb.server.app import application
from kb.server.connections import MOST_HEADER_BYTES, connection_class
from kb.server.gate import Limits


@contextmanager
def serving_base(
    base: KnowledgeBase, *, key: str = "", limits: Limits | None = None
) -> Iterator[str]:
    """Serve an open knowledge base on a free port; lend the address."""
    limits = limits or Limits()
    started = threading.Event()
    (taken,) = take_addresses("127.0.0.1", 0)
    with taken, application(base, key=key, limits=limits) as app:
        config = uvicorn.Config(
            app,
            http=connection_class(limits),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        )
        server = AnnouncingServer(config, started=started.set, ending=app.end)
        thread = threading.Thread(target=server.run, args=([taken],))
        thread.start()
        try:
            assert started.wait(30)
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(60)
