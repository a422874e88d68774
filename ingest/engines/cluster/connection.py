"""The connection to a Ray cluster, and its nodes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

from ingest.engines.cluster.library import ray
from ingest.engines.cluster.nodes import Node
from ingest.errors import ClusterError

_NAMESPACE = "shelfmark"
_KNOCK_S = 10.0


class Connection:
    """This process as a driver of a cluster.

    A program that has connected to a cluster by itself keeps its connection.

    Args:
        address: of the cluster's head; empty as :class:`~ingest.engines.choice.RayCluster` says.

    Raises:
        ClusterError: no cluster answers.
    """

    def __init__(self, address: str) -> None:
        self._own = not ray.is_initialized()
        if self._own:
            # Ray tells its makers how it is used unless told not to.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            with _signals_kept():
                _connect(address or None)

    @property
    def nodes(self) -> list[Node]:
        """The machines that are there now, in the order of their ids.

        Raises:
            ClusterError: the cluster does not answer any more.
        """
        try:
            found = ray.nodes()
        except Exception as error:
            msg = (
                f"the Ray cluster does not answer any more ({_first_line(error)}); what was stored "
                "stays: ingest again when it is back"
            )
            raise ClusterError(msg) from error
        return sorted(
            (
                Node(
                    id=each["NodeID"],
                    name=each["NodeManagerAddress"],
                    cpus=each["Resources"].get("CPU", 0.0),
                    gpus=each["Resources"].get("GPU", 0.0),
                )
                for each in found
                if each["Alive"]
            ),
            key=lambda node: node.id,
        )

    def close(self) -> None:
        """Leave the cluster; its actors of this run end."""
        if self._own and ray.is_initialized():
            with _signals_kept():
                ray.shutdown()


def _connect(address: str | None) -> None:
    try:
        _knock(address or os.environ.get("RAY_ADDRESS", ""))
        ray.init(
            address=address,
            namespace=_NAMESPACE,
            include_dashboard=None if address or os.environ.get("RAY_ADDRESS") else False,
            log_to_driver=False,
            configure_logging=False,
        )
    except Exception as error:
        where = f"at {address}" if address else "here"
        msg = (
            f"no Ray cluster answers {where} ({_first_line(error)}); start one with "
            "`ray start --head --port 6379`, or give another --address"
        )
        raise ClusterError(msg) from error


def _knock(address: str) -> None:
    """See that somebody listens there: Ray tries for minutes before it says that nobody does.

    Raises:
        OSError: nobody does.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S).close()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep the handlers of signals, which Ray replaces by its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
