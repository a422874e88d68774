"""The connection to a Ray cluster, and its nodes."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

from ingest.engines.choice import check_address
from ingest.engines.cluster.asking import ask
from ingest.engines.cluster.library import AUTH_MODE, is_refusal, ray, use_token
from ingest.engines.cluster.nodes import Node
from ingest.errors import ClusterError
from kb import interrupts

_NAMESPACE = "shelfmark"
_VARIABLE = "RAY_ADDRESS"
_KNOCK_S = 10.0
# A head that is silent for so long counts as lost. After a minute Ray would end this process, with
# a message that no user understands.
_GONE_S = 20.0
_LOOK_S = 2.0
# Seconds for leaving a cluster that no longer answers.
_LEAVE_S = 3.0


class Connection:
    """This process as a driver of a cluster.

    A program that is already connected keeps its connection.

    Args:
        address: of the cluster's head; empty as :class:`~ingest.engines.choice.RayCluster` says.
        given_up: ends the wait for an answer.

    Raises:
        ClusterError: no cluster answers, or it refuses this machine.
        KeyboardInterrupt: ``given_up`` was set before the cluster answered.
        SettingsError: the variable ``RAY_ADDRESS`` has no address.

    Attributes:
        lost: the cluster no longer answers. Do not call Ray then: a call may wait for ever.
    """

    def __init__(self, address: str, given_up: threading.Event) -> None:
        self.lost = False
        self._seen: list[Node] = []
        self._silent_since: float | None = None
        self._mutex = threading.Lock()
        self._own = not ray.is_initialized()
        if self._own:
            # Ray reports usage statistics unless this disables them.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            with interrupts.kept():
                _connect(address, given_up)
        try:
            context = ray.get_runtime_context()
            self._head = str(context.gcs_address)
            self._beside = str(context.get_node_id())
        except Exception as error:
            self.lost = True
            self.close()
            msg = (
                f"the connection to the Ray cluster is of no use ({_first_line(error)}); a program "
                "that connects by itself must run on a node of the cluster, not through ray://"
            )
            raise ClusterError(msg) from error

    @property
    def nodes(self) -> list[Node]:
        """Return the present machines, in the order of their ids.

        If the head is silent for a moment, the list stays the same.

        Raises:
            ClusterError: the cluster no longer answers.
        """
        with self._mutex:
            try:
                if self._answers():
                    self._seen = self._listed()
            except ClusterError:
                self.lost = True
                raise
            return self._seen

    def _answers(self) -> bool:
        """Check that the head answers: Ray itself would wait for it for a minute.

        Raises:
            ClusterError: the head was silent for too long.
        """
        try:
            _knock(self._head, _LOOK_S)
        except OSError as error:
            now = time.monotonic()
            self._silent_since = self._silent_since or now
            if now - self._silent_since > _GONE_S:
                msg = (
                    f"the head of the Ray cluster, {self._head}, does not answer any more "
                    f"({_first_line(error)}); what was stored stays: ingest again when it is back"
                )
                raise ClusterError(msg) from error
            return False
        self._silent_since = None
        return True

    def _listed(self) -> list[Node]:
        try:
            found = ray.nodes()
        except Exception as error:
            msg = (
                f"the Ray cluster does not answer any more ({_first_line(error)}); what was stored "
                "stays: ingest again when it is back"
            )
            raise ClusterError(msg) from error
        if any(each["NodeID"] == self._beside and not each["Alive"] for each in found):
            msg = (
                "the Ray node of this machine has ended, and a command needs one beside it; what "
                "was stored stays: start the node with `ray start` and ingest again"
            )
            raise ClusterError(msg)
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
        """Leave the cluster; this ends its actors of this run."""
        if not self._own or not ray.is_initialized():
            return
        if self.lost:
            leaving = threading.Thread(target=_leave, daemon=True)
            leaving.start()
            leaving.join(_LEAVE_S)
            return
        with interrupts.kept():
            ray.shutdown()


def _leave() -> None:
    with contextlib.suppress(Exception):
        ray.shutdown()


def _connect(address: str, given_up: threading.Event) -> None:
    variable = "" if address else os.environ.get(_VARIABLE, "")
    check_address(variable, f"the variable {_VARIABLE}")
    named = address or variable
    where, instead = "on this machine", "give an --address"
    if address:
        where, instead = f"at {address}", "give another --address"
    elif variable:
        where = f"at {variable}, which the variable {_VARIABLE} names"
        instead = "unset the variable, or give an --address"
    nobody = (
        f"start one with `ray start --head --port 6379`, whose port the address has, or {instead}"
    )
    answered = _has_port(named)
    if answered:
        _reach(named, where, nobody, given_up)
    try:
        ray.init(
            address=address or None,
            namespace=_NAMESPACE,
            include_dashboard=None if named else False,
            log_to_driver=False,
            configure_logging=False,
        )
    except Exception as error:
        if is_refusal(error):
            raise ClusterError(_refusal(where)) from error
        if answered:
            msg = (
                f"the Ray cluster {where} answers, but a command on this machine cannot join it "
                f"({_first_line(error)}); it needs a node beside it, `ray start --address {named}`"
            )
        else:
            msg = f"no Ray cluster answers {where} ({_first_line(error)}); {nobody}"
        raise ClusterError(msg) from error


def _reach(address: str, where: str, nobody: str, given_up: threading.Event) -> None:
    """Check that a cluster answers; use the user's token if it wants one.

    A user who has set ``RAY_AUTH_MODE`` has decided about the token.

    Raises:
        ClusterError: none answers, or it refuses the token.
        KeyboardInterrupt: ``given_up`` was set.
    """
    try:
        _knock(address)
    except OSError as error:
        msg = f"no Ray cluster answers {where} ({_first_line(error)}); {nobody}"
        raise ClusterError(msg) from error
    answer, words = ask(address, given_up)
    if answer == "refuses" and AUTH_MODE not in os.environ:
        answer, words = ask(address, given_up, mode="token")
        if answer == "answers":
            use_token()
    if answer == "refuses":
        raise ClusterError(_refusal(where))
    if answer == "silent":
        msg = f"no Ray cluster answers {where} ({words}); {nobody}"
        raise ClusterError(msg)


def _refusal(where: str) -> str:
    chosen = os.environ.get(AUTH_MODE, "")
    why = "this machine has none, or another one"
    if chosen and chosen != "token":
        why = f"{AUTH_MODE}={chosen} lets this machine send none; unset it"
    return (
        f"the Ray cluster {where} wants a token, and {why}. Copy ~/.ray/auth_token from the head "
        f"to every machine and start nodes with {AUTH_MODE}=token, or start the head with "
        f"{AUTH_MODE}=disabled"
    )


def _knock(address: str, patience_s: float = _KNOCK_S) -> None:
    """Check that somebody listens: Ray itself would try for minutes.

    Raises:
        OSError: nobody listens.
    """
    if _has_port(address):
        host, _, port = address.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), timeout=patience_s).close()


def _has_port(address: str) -> bool:
    host, _, port = address.rpartition(":")
    return bool(host) and port.isdecimal() and "/" not in host


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
