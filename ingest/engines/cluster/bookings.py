"""What a run books of a cluster's nodes, and how it waits for what other jobs hold."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class Want:
    """What some work needs: cores or GPUs."""

    unit: Literal["core", "GPU"]
    work: str


class Bookings:
    """The places of one run on the nodes of a cluster. Thread-safe.

    Args:
        staffing: says what a place books.
    """

    def __init__(self, staffing: Staffing) -> None:
        self._staffing = staffing
        self._mutex = threading.Lock()
        self._places: dict[str, tuple[Actor, Any]] = {}
        self._settled: set[Want] = set()

    def take_place(self, node: Node, work: str, given_up: threading.Event) -> None:
        """Wait until the run has its place on a node; it keeps it to its end.

        Args:
            node: where.
            work: what is to be done there.
            given_up: set when nobody needs it any more.

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
            self.wait(place[1], node, Want("core", work), cpus, given_up)
        except CancelledError:
            raise
        except Exception:
            with self._mutex:
                if self._places.get(node.id) is place:
                    del self._places[node.id]
            raise

    def wait(
        self,
        first: Any,  # noqa: ANN401 - a reference of Ray's
        node: Node,
        want: Want,
        count: float,
        given_up: threading.Event,
    ) -> None:
        """Wait for the first word of an actor, which comes once it has ``count`` of its want.

        A run that has this nowhere yet says so after a while, once.

        Raises:
            CancelledError: that was given up.
        """
        since: float | None = time.monotonic()
        while not given_up.is_set():
            ready, _ = ray.wait([first], timeout=POLL_S)
            if ready:
                ray.get(first)
                with self._mutex:
                    self._settled.add(want)
                return
            if since is not None and time.monotonic() - since > _SAID_AFTER_S:
                since = None
                self._say(want, count, node)
        raise CancelledError

    def close(self) -> None:
        """Let go of all places."""
        with self._mutex:
            places, self._places = self._places, {}
        for actor, _ in places.values():
            with contextlib.suppress(Exception):  # the cluster itself may be gone
                ray.kill(actor)

    def _say(self, want: Want, count: float, node: Node) -> None:
        with self._mutex:
            if want in self._settled:
                return
            self._settled.add(want)
        _log.warning(
            "%s has waited %g s for %g %s%s of node %s: other jobs of the Ray cluster may hold all "
            "that there are; it begins once they are free, and Ctrl-C ends the run",
            want.work,
            _SAID_AFTER_S,
            count,
            want.unit,
            "s" if count > 1 else "",
            node.name,
        )
