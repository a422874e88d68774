"""What a run books of a cluster's nodes, and how it waits for what other jobs hold."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import CancelledError
from typing import Any

from ingest.engines.cluster.library import POLL_S, Actor, actor_on, ray
from ingest.engines.cluster.nodes import Node
from ingest.engines.cluster.staffing import Staffing

_log = logging.getLogger(__name__)

_SAID_AFTER_S = 15.0


class Place:
    """An actor that does nothing: it books the cores that other actors of its run use."""

    def here(self) -> bool:
        """Say that the cores are had."""
        return True


class Bookings:
    """The places of one run on the nodes of a cluster. Thread-safe.

    Args:
        staffing: says what a place books.
    """

    def __init__(self, staffing: Staffing) -> None:
        self._staffing = staffing
        self._mutex = threading.Lock()
        self._places: dict[str, tuple[Actor, Any]] = {}
        self._had: set[str] = set()

    def take_place(self, node: Node, given_up: threading.Event) -> None:
        """Wait until the run has its place on a node; it keeps it to its end.

        Raises:
            CancelledError: that was given up.
        """
        cpus = self._staffing.place_cpus(node)
        with self._mutex:
            if node.id not in self._places:
                make = actor_on(node.id, Place, cpus=cpus, gpus=0, threads=1)
                actor = make.remote()
                self._places[node.id] = (actor, actor.here.remote())
            place = self._places[node.id]
        try:
            self.wait(place[1], f"{cpus:g} core" + ("s" if cpus > 1 else ""), node, given_up)
        except CancelledError:
            raise
        except Exception:
            with self._mutex:
                if self._places.get(node.id) is place:
                    del self._places[node.id]
            raise

    def wait(self, first: Any, what: str, node: Node, given_up: threading.Event) -> None:  # noqa: ANN401 - Ray's
        """Wait for the first word of an actor; say so once where no node has what it needs.

        Raises:
            CancelledError: that was given up.
        """
        since: float | None = time.monotonic()
        while not given_up.is_set():
            ready, _ = ray.wait([first], timeout=POLL_S)
            if ready:
                ray.get(first)
                with self._mutex:
                    self._had.add(what)
                return
            if since is not None and time.monotonic() - since > _SAID_AFTER_S:
                since = None
                self._say(what, node)
        raise CancelledError

    def close(self) -> None:
        """Let go of all places."""
        with self._mutex:
            places, self._places = self._places, {}
        for actor, _ in places.values():
            with contextlib.suppress(Exception):  # the cluster itself may be gone
                ray.kill(actor)

    def _say(self, what: str, node: Node) -> None:
        with self._mutex:
            if what in self._had:
                return
            self._had.add(what)
        _log.warning(
            "this run has waited %g s for %s of node %s: other jobs of the Ray cluster may hold "
            "all that its nodes have; it goes on once one is free, and Ctrl-C ends it",
            _SAID_AFTER_S,
            what,
            node.name,
        )
