"""An agent's desk without a transport, and calls of its tools as an agent makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ingest.jobs import Jobs
from kb import KnowledgeBase
from kb.catalog.key_records import KEY_SCOPES, KeyScope
from kb.server.agents.desk import Desk
from kb.server.agents.results import Told
from kb.server.agents.tools import CallError, answered, tool_named
from kb.server.caller import Caller


def desk_of(
    base: KnowledgeBase,
    *,
    scopes: Sequence[KeyScope] = KEY_SCOPES,
    collections: Sequence[str] | None = None,
    jobs: Jobs | None = None,
    local: bool = False,
) -> Desk:
    caller = Caller(key="tested", scopes=scopes, collections=collections)
    return Desk(base=base, caller=caller, jobs=lambda: jobs or Jobs(base), local=local)


def call(desk: Desk, name: str, /, **arguments: Any) -> Told:  # noqa: ANN401 - JSON
    """Answer a call, as a transport does."""
    return answered(desk, tool_named(desk, name), arguments)


def values(desk: Desk, name: str, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Answer a call with its values."""
    return call(desk, name, **arguments).result.values()


def refused(desk: Desk, name: str, /, **arguments: Any) -> str:  # noqa: ANN401 - JSON
    """Return what an agent is told of a call that cannot be answered."""
    with pytest.raises(CallError) as caught:
        call(desk, name, **arguments)
    return str(caught.value)
