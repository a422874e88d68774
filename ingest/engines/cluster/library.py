"""Ray, the library; no other module imports it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError
from typing import Any

from kb.errors import MissingExtraError

try:
    import ray
    from ray import _raylet, exceptions
    from ray._private.authentication.authentication_token_setup import ensure_token_if_auth_enabled
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ModuleNotFoundError as error:
    if error.name != "ray":
        raise
    msg = "--engine ray needs Ray: pip install 'shelfmark[ray]'"
    raise MissingExtraError(msg) from error

__all__ = [
    "AUTH_MODE",
    "POLL_S",
    "Actor",
    "actor_on",
    "died",
    "exceptions",
    "is_full",
    "is_raised_there",
    "is_refusal",
    "ray",
    "reach",
    "result_of",
    "use_token",
]

AUTH_MODE = "RAY_AUTH_MODE"
"""The variable that tells Ray whether to use tokens: ``token`` or ``disabled``."""

POLL_S = 0.5
"""Seconds between two checks for a cancelled run while waiting for an actor."""

Actor = Any
"""A handle of an actor; Ray creates its methods at run time."""

_DEATHS = (
    exceptions.RayActorError,
    exceptions.NodeDiedError,
    exceptions.WorkerCrashedError,
    exceptions.OutOfMemoryError,
    exceptions.ObjectLostError,
    exceptions.LocalRayletDiedError,
)
_FULL = (exceptions.ObjectStoreFullError, exceptions.OutOfDiskError)


def died(error: BaseException) -> bool:
    """Return whether an error means that an actor, or its result, is lost."""
    return isinstance(error, _DEATHS)


def is_full(error: BaseException) -> bool:
    """Return whether an error means that an object store and its disk are full."""
    return isinstance(error, _FULL) or isinstance(getattr(error, "cause", None), _FULL)


def is_raised_there(error: BaseException) -> bool:
    """Say whether an error was raised by an actor."""
    return isinstance(error, exceptions.RayTaskError)


def is_refusal(error: BaseException | None) -> bool:
    """Return whether an error means that a cluster wants a token, and got none or another."""
    while error is not None:
        # Ray puts the original error into the text of another one.
        if isinstance(error, exceptions.AuthenticationError) or "InvalidAuthToken" in str(error):
            return True
        error = error.__cause__
    return False


def reach(address: str) -> None:
    """Ask the head of a cluster for the cluster's id; this may take minutes."""
    # Without it, Ray ends a process that is to send a token and has none.
    ensure_token_if_auth_enabled(create_token_if_missing=False)
    _raylet.GcsClient(address=address)


def use_token() -> None:
    """Send the user's token to clusters from now on; those without authentication ignore it."""
    os.environ[AUTH_MODE] = "token"
    _raylet.Config.initialize("")  # it was read when Ray was imported


def actor_on(node_id: str, kind: type, *, cpus: float, gpus: float, threads: int) -> Actor:
    """Return a factory of actors on a node; Ray does not restart one that dies."""
    return ray.remote(kind).options(
        num_cpus=cpus,
        num_gpus=gpus,
        max_restarts=0,
        max_task_retries=0,
        max_concurrency=threads,
        scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False),
    )


def result_of(reference: Any, cancelled: threading.Event) -> Any:  # noqa: ANN401 - any actor's
    """Wait for an actor's result, and return it.

    Raises:
        CancelledError: the run was cancelled.
    """
    while not cancelled.is_set():
        ready, _ = ray.wait([reference], timeout=POLL_S)
        if ready:
            return ray.get(reference)
    raise CancelledError
