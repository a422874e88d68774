"""Writes an answer in the background, so that no view waits for a chat model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from ingest.mishaps import Mishap, recorded
from kb.answering.answer import Answer, AnswerStream
from kb.errors import KnowledgeBaseError
from kb.remembering import Scope, Turn

State = Literal["working", "done", "stopped", "failed"]


class Asked(Protocol):
    """A question of a conversation, and its answer so far."""

    @property
    def asked(self) -> str:
        """The question as it was typed."""
        ...

    @property
    def scope(self) -> Scope:
        """The collections and the filter that it was asked of."""
        ...

    @property
    def state(self) -> State:
        """Whether the answer is being written."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the answer is complete or stopped, and saved."""
        ...

    @property
    def so_far(self) -> Answer:
        """The answer so far."""
        ...

    @property
    def error(self) -> str | Mishap:
        """The reason why it failed."""
        ...

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of its passages whose documents are gone."""
        ...

    def stop(self) -> None:
        """Stop writing; the text so far stays."""
        ...


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer of an earlier conversation."""

    asked: str
    so_far: Answer
    scope: Scope
    missing: tuple[int, ...] = ()

    @property
    def state(self) -> State:
        """Always complete."""
        return "done"

    @property
    def ended(self) -> bool:
        """Always saved."""
        return True

    @property
    def error(self) -> str | Mishap:
        """Always empty."""
        return ""

    def stop(self) -> None:
        """Do nothing: the answer is complete."""


def as_turn(asked: Asked) -> Turn:
    """Return a question and its answer so far as the store keeps them."""
    return Turn(asked=asked.asked, answer=asked.so_far, scope=asked.scope, missing=asked.missing)


class RunningAnswer:
    """Takes an answer from the model as it comes; other threads can read or stop it at any time.

    Args:
        asked: the question as it was typed.
        stream: the answer.
        scope: the collections and the filter that it was asked of.
        ended: called in the background at the end of the answer.
    """

    missing: tuple[int, ...] = ()

    def __init__(
        self,
        asked: str,
        stream: AnswerStream,
        *,
        scope: Scope = Scope(),  # noqa: B008 - frozen
        ended: Callable[[], None] | None = None,
    ) -> None:
        self.asked = asked
        self.scope = scope
        self.error: str | Mishap = ""
        self._stream = stream
        self._ended = ended
        self._state: State = "working"
        self._stop = threading.Event()
        # A daemon: a server that hangs must not keep this program from ending.
        self._thread = threading.Thread(target=self._work, name="answer", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """Whether the answer is being written; ``stopped`` right after a call of :meth:`stop`."""
        return "stopped" if self._state == "working" and self._stop.is_set() else self._state

    @property
    def ended(self) -> bool:
        """Whether no more text comes, and ``ended`` was called."""
        return not self._thread.is_alive()

    @property
    def so_far(self) -> Answer:
        """The answer so far."""
        return self._stream.so_far

    def stop(self) -> None:
        """Stop writing; the text so far stays."""
        self._stop.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of the answer; return False if the time was not enough."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            for _ in self._stream:
                if self._stop.is_set():
                    break
            self._state = "stopped" if self._stop.is_set() else "done"
        except KnowledgeBaseError as error:
            self.error, self._state = str(error), "failed"
        except Exception as error:  # noqa: BLE001 - a bug must show, not end the thread
            self.error, self._state = recorded("the answer", error), "failed"
        finally:
            self._stream.close()
            if self._ended is not None:
                self._ended()
