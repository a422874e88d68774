"""Ray, the library; no other module imports it."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import Any

from kb.errors import MissingExtraError

try:
    import ray
    from ray import exceptions
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ModuleNotFoundError as error:
    if error.name != "ray":
        raise
    msg = "--engine ray needs Ray: pip install 'shelfmark[ray]'"
    raise MissingExtraError(msg) from error

__all__ = [
    "POLL_S",
    "Actor",
    "actor_on",
    "died",
    "exceptions",
    "is_full",
    "is_raised_there",
    "ray",
    "result_of",
]

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
